"""How every state of a run, a source or a warehouse looks: its word, its colour and its glyph."""

from __future__ import annotations

from dataclasses import dataclass

from workspace.runs import Run


@dataclass(frozen=True)
class Look:
    """The word people read, the tone (`go`, `busy`, `warn`, `bad`, `quiet`) and the glyph beside it."""

    label: str
    tone: str
    icon: str


LOOKS: dict[str, Look] = {
    "setup": Look("Setup", "quiet", "circle-dashed"),
    "never": Look("Never run", "quiet", "circle-dashed"),
    "queued": Look("Queued", "busy", "hourglass"),
    "running": Look("Running", "busy", "loader-2"),
    "rate_limited": Look("Rate limited", "warn", "clock-pause"),
    "retrying": Look("Waiting to retry", "warn", "rotate-clockwise"),
    "success": Look("Success", "go", "circle-check-filled"),
    "partial": Look("Partial", "warn", "alert-triangle-filled"),
    "failed": Look("Failed", "bad", "circle-x-filled"),
    "cancelled": Look("Cancelled", "quiet", "ban"),
    "skipped": Look("Skipped", "quiet", "player-skip-forward"),
    "enabled": Look("Enabled", "go", "check"),
    "disabled": Look("Disabled", "quiet", "circle-minus"),
    "late": Look("Late", "warn", "clock"),
    "pending": Look("Pending", "quiet", "mail"),
}


def state_of_run(run: Run | None) -> str:
    """The key of LOOKS for a run; `never` when there is none."""
    if run is None:
        return "never"
    if run.status == Run.Status.RUNNING and run.waiting_until:
        return "rate_limited" if run.waiting_for == "rate_limited" else "retrying"
    return str(run.status)
