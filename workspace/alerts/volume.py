"""Whether a sync brought far more or far less than those before it."""

from __future__ import annotations

from typing import Any

from workspace.runs import Run

BEFORE = 30
"""Runs that one is compared with."""
FEWEST = 10
"""With fewer of them nothing is called usual."""
FACTOR, APART = 5, 100
"""Far: five times as many as the most, or a fifth of the fewest, and a hundred objects away from it."""


def odd_volume(run: Run, owner: Any) -> str:
    """What is unusual about the number of objects a sound run wrote; empty when nothing is.

    A first sync and a read of everything are none that could be compared.
    """
    sound = (Run.Status.SUCCESS, Run.Status.PARTIAL)
    if run.status not in sound or run.trigger == Run.Trigger.SETUP or getattr(run, "full", False):
        return ""
    earlier = owner.syncs.filter(status__in=sound, queued_at__lt=run.queued_at).order_by("-queued_at", "-pk")
    before = list(earlier.values_list("rows", flat=True)[:BEFORE])
    if len(before) < FEWEST:
        return ""
    fewest, most = min(before), max(before)
    much = run.rows > most * FACTOR and run.rows > most + APART
    little = run.rows * FACTOR < fewest and run.rows + APART < fewest
    if not (much or little):
        return ""
    usual = f"{fewest:,} to {most:,}" if fewest < most else f"{most:,}"
    return f"{run.rows:,} objects came or changed; the {len(before)} syncs before brought {usual} each."
