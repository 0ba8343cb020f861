"""What happens in a workspace that others may want to follow."""

from django.dispatch import Signal

terms_changed = Signal()
"""Sent inside the transaction that changed the plan or the time zone of `workspace`, or kept it.

A receiver answers with a list of sentences about what it changed."""

run_ended = Signal()
"""Sent after the transaction that ended a `run`; receivers are never in the way of it."""

measuring = Signal()
"""Sent when Prometheus asks; a receiver answers with families of metrics that cost no more with history."""

freshness_asked = Signal()
"""Sent every minute; a receiver answers with `workspace.monitoring.freshness.Freshness` of all that is switched on."""

database_restored = Signal()
"""Sent in a transaction when our database is an older state of itself: what was read and flushed since is forgotten."""
