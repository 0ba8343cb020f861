"""How the right side hears of the left without either knowing the other."""

from django.dispatch import Signal

source_synced = Signal()
"""Sent when a source sync ends and something in its schema changed, in the transaction that ends it.

`schema_id` names the schema; `first` is true when this was the source's first sync that came to a good end.
"""

schema_renaming = Signal()
"""Sent before a schema gets another name, in the transaction that gives it: `schema` and the new `name`.

Whoever cannot follow raises ConfigError or TransientError, and the name stays.
"""

objects_erased = Signal()
"""Sent when the Hub has forgotten all that an `erasure` is about, in the transaction that says so.

`ids` are those of the objects, per collection; whoever has them elsewhere forgets them too.
"""
