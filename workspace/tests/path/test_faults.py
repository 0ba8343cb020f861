"""Every way Desk can misbehave: what the run says, what is kept, and that the next run makes it whole.

Waits are recorded instead of waited for.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sources.models import SourceSync
from workspace import runs
from workspace.runs import Run
from workspace.tests.path.stretch import COLLECTIONS, Stretch

pytestmark = pytest.mark.django_db(transaction=True)
Waits = list[tuple[float, str]]


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> Waits:
    """The waits of all runs, not waited for."""
    waited: Waits = []
    monkeypatch.setattr(runs.Lease, "wait", lambda lease, seconds, reason: waited.append((seconds, reason)))
    return waited


def codes(run: SourceSync) -> set[str]:
    return {notice["code"] for notice in run.notices if notice["level"] != "info"}


def make_whole(path: Stretch) -> None:
    """Without faults one more sync and flush bring agreement."""
    path.control("faults", method="DELETE")
    assert path.sync().status == Run.Status.SUCCESS
    path.flush()
    path.assert_hub_equals_desk()
    path.assert_warehouse_equals_hub()


@pytest.mark.parametrize(
    "fault",
    [
        "500:times=3",
        "504:times=2",
        "500:p=0.2",
        "429:times=4,reset=2",
        "html:times=2",
        "malformed:times=2",
        "cut:times=2",
        "no_ids",
        "no_etags",
        "since_id_gt",
    ],
)
def test_what_passes_or_can_be_lived_with_leaves_no_trace(
    make_path: Callable[..., Stretch], fault: str
) -> None:
    path = make_path(250)
    path.control("faults", fault)
    run = path.sync()
    assert (run.status, codes(run)) == (Run.Status.SUCCESS, set())
    for name in COLLECTIONS:
        assert path.hub(name).keys() == path.truth(name).keys()


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("500", "server_error"),
        ("html", "malformed_answer"),
        ("malformed", "malformed_answer"),
        ("cut", "unreachable"),
        ("next_elsewhere", "bad_next_link"),
        ("next_self", "bad_next_link"),
        ("403", "forbidden"),
        ("404", "not_found"),
    ],
)
def test_what_does_not_pass_fails_its_collection_and_the_others_go_on(
    make_path: Callable[..., Stretch], fault: str, code: str
) -> None:
    path = make_path(250)
    path.control("faults", f"{fault}:path=/cases")
    run = path.sync()
    assert (run.status, codes(run)) == (Run.Status.PARTIAL, {code})
    assert path.hub("customers").keys() == path.truth("customers").keys()
    make_whole(path)


def test_a_list_that_repeats_its_pages_deletes_nothing(make_path: Callable[..., Stretch]) -> None:
    path = make_path(30)
    path.sync()
    before = path.hub("cases").keys()
    path.control("faults", "repeat_page")
    path.sync(full=True)
    assert path.hub("cases").keys() == before
    make_whole(path)


def test_a_wrong_password_from_now_on_stops_the_run_at_once(make_path: Callable[..., Stretch]) -> None:
    path = make_path(250)
    path.control("faults", "401:after=4")
    run = path.sync()
    assert (run.status, codes(run), run.requests) == (Run.Status.FAILED, {"credentials_rejected"}, 5)
    assert run.notices[0]["action"]
    make_whole(path)


def test_when_everything_is_refused_the_run_has_failed(path: Stretch) -> None:
    path.control("faults", "403")
    run = path.sync()
    assert (run.status, codes(run)) == (Run.Status.FAILED, {"forbidden"})


def test_a_storm_of_429_is_waited_out_by_the_header(make_path: Callable[..., Stretch], waits: Waits) -> None:
    path = make_path(30)
    path.control("faults", "429:times=6,reset=7")
    assert path.sync().status == Run.Status.SUCCESS
    assert [wait for wait in waits if wait == (7, "rate_limited")] == [(7, "rate_limited")] * 6


def test_a_minute_that_is_nearly_used_up_is_waited_out_before_the_next_request(
    make_path: Callable[..., Stretch], waits: Waits
) -> None:
    path = make_path(30, rate_limit=12)
    path.sync()
    first = path.control("requests")[:12]
    assert {request["status"] for request in first} == {200}
    assert waits
    assert {reason for _, reason in waits} == {"rate_limited"}
    assert all(0 < seconds <= 61 for seconds, _ in waits)


def test_a_late_record_is_found(path: Stretch) -> None:
    path.sync()
    newest = max(item["updated_at"] for item in path.truth("cases").values())
    path.control("mutate", {"action": "create", "collection": "cases", "count": 1, "at": newest})
    path.control("mutate", {"action": "create", "collection": "cases", "count": 1, "at": newest})
    path.sync()
    path.assert_hub_equals_desk()


def test_a_change_within_the_second_of_the_cursor_is_found(path: Stretch) -> None:
    path.sync()
    body = {"action": "update", "collection": "cases", "count": 1, "seed": 4, "at": "2021-01-01T00:00:00Z"}
    path.control("mutate", {**body, "set": {"status": "open"}})
    path.sync()
    path.control("mutate", {**body, "set": {"status": "resolved"}})
    path.sync()
    path.assert_hub_equals_desk()


def test_hundreds_of_changes_in_one_second_are_all_found(make_path: Callable[..., Stretch]) -> None:
    path = make_path(450)
    path.sync()
    path.control("mutate", {"action": "update", "collection": "cases", "count": 350, "seed": 4})
    assert path.sync().counts["cases"]["changed"] == 350
    path.assert_hub_equals_desk()


def test_a_stamp_from_the_future_blocks_nothing(path: Stretch) -> None:
    path.sync()
    case = sorted(path.truth("cases"), key=int)[5]
    path.control("mutate", {"action": "update", "collection": "cases", "ids": [int(case)], "at": 86_400})
    path.sync()
    path.control(
        "mutate", {"action": "update", "collection": "cases", "ids": [int(case)], "set": {"priority": 9}}
    )
    path.control("mutate", {"action": "update", "collection": "cases", "count": 3, "seed": 8})
    path.sync()
    assert path.hub("cases")[case]["priority"] == 9
    path.assert_hub_equals_desk()
