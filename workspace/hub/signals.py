"""How the right side hears of the left without either knowing the other."""

from django.dispatch import Signal

source_synced = Signal()
"""Sent after a source sync has ended and something in its schema changed; `schema_id` names it."""
