"""One word for how things stand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from sources.models import SourceSync
from workspace.runs import Run
from workspace.standing import LATE_AFTER, is_late, standing

LONG_AGO = timezone.now() - LATE_AFTER - timedelta(hours=1)
SOON = timezone.now() + timedelta(hours=1)


@pytest.mark.parametrize(
    ("due", "last", "late"),
    [
        (SOON, None, False),
        (LONG_AGO, None, True),
        (LONG_AGO, SourceSync(status=Run.Status.RUNNING), False),
        (SOON, SourceSync(status=Run.Status.QUEUED, queued_at=LONG_AGO), True),
        (LONG_AGO, SourceSync(status=Run.Status.QUEUED, queued_at=SOON), False),
        (LONG_AGO, SourceSync(status=Run.Status.FAILED), True),
        (None, SourceSync(status=Run.Status.SUCCESS), False),
    ],
)
def test_what_waits_too_long_is_late(due: object, last: SourceSync | None, late: bool) -> None:
    assert is_late(due, last) is late  # type: ignore[arg-type]


def test_a_switched_off_source_is_never_late() -> None:
    assert standing("disabled", LONG_AGO, None) == "disabled"


def test_without_a_run_it_has_never_run() -> None:
    assert standing("enabled", SOON, None) == "never"


def test_a_wait_for_the_rate_limit_shows() -> None:
    run = SourceSync(status=Run.Status.RUNNING, waiting_until=SOON, waiting_for="rate_limited")
    assert standing("enabled", SOON, run) == "rate_limited"
