"""What happens to a workspace that its two sides may want to follow."""

from django.dispatch import Signal

terms_changed = Signal()
"""Sent inside the transaction that changed the plan or the time zone of `workspace`; a receiver answers with a list of
sentences about what it changed."""
