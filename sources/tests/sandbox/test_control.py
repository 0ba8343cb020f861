"""The control endpoint: what is true, and changes behind the API's back."""

import http.client
import time
from typing import Any

import orjson
import pytest

from sources.sandbox.mutations import MutationError
from sources.sandbox.server import Sandbox
from sources.sandbox.stamps import seconds_of
from sources.tests.sandbox.conftest import FIRST_STAMP, Ask, asker


@pytest.fixture
def tell(site: Sandbox) -> Ask:
    """Asks a site that may be changed."""
    return asker(site)


def mutate(tell: Ask, action: str, **more: Any) -> list[int]:
    reply = tell("/_sandbox/mutate", "POST", {"action": action, **more})
    assert reply.status == 200, reply.raw
    ids: list[int] = reply.json["ids"]
    return ids


def updated_since(tell: Ask, moment: float) -> list[int]:
    return tell(f"/cases/search?since_updated_at={int(moment)}&sort_field=updated_at&per_page=100").ids


def test_the_state_tells_counts_faults_and_answers_and_needs_no_sign_in(site: Sandbox, tell: Ask) -> None:
    tell("/nothing")
    connection = http.client.HTTPConnection(site.url.removeprefix("http://"), timeout=5)
    connection.request("GET", "/_sandbox/")
    state = orjson.loads(connection.getresponse().read())
    connection.close()
    assert state["counts"]["cases"] == 30
    assert (state["answers"], state["faults"], state["live"]) == ({"404": 1}, [], False)


def test_the_truth_counts_and_names_what_lives(tell: Ask) -> None:
    mutate(tell, "delete", ids=[104])
    truth = tell("/_sandbox/truth?ids=1").json
    assert truth["cases"] == {"count": 29, "last_id": 130, "ids": [*range(101, 104), *range(105, 131)]}
    assert "ids" not in tell("/_sandbox/truth").json["cases"]


def test_the_truth_can_be_dumped_as_lines(tell: Ask, site: Sandbox) -> None:
    lines = tell("/_sandbox/truth/cases").raw.splitlines()
    assert [orjson.loads(line) for line in lines] == list(site.truth("cases"))
    brief = orjson.loads(tell("/_sandbox/truth/users?brief=1").raw.splitlines()[0])
    assert brief.keys() == {"id", "updated_at", "sha256"}


def test_a_dump_is_of_one_moment_even_while_objects_change(site: Sandbox) -> None:
    dump = site.truth("cases")
    first = next(dump)
    site.mutate("update", ids=(130,), set={"subject": "later"})
    site.mutate("delete", ids=(129,))
    rest = {entry["id"]: entry["subject"] for entry in dump}
    assert (first["id"], rest[129], rest[130]) == (101, "Case number 129", "Case number 130")


def test_an_update_changes_as_many_as_wished_and_gives_them_one_second(tell: Ask) -> None:
    ids = mutate(tell, "update", count=12, seed=3)
    assert len(ids) == 12
    assert sorted(updated_since(tell, time.time() - 5)) == ids
    assert len({tell(f"/cases/{own}").json["updated_at"] for own in ids}) == 1


def test_the_same_seed_chooses_the_same_objects() -> None:
    chosen = []
    for _ in range(2):
        with Sandbox([("labels", {"id": own, "_links": {}}) for own in range(1, 500)]) as site:
            chosen.append(site.mutate("update", "labels", count=5, seed=8).ids)
    assert chosen[0] == chosen[1]


def test_values_can_be_set_and_custom_fields_are_merged(tell: Ask) -> None:
    mutate(tell, "update", ids=[101], set={"priority": 4, "custom_fields": {"seats": "9"}})
    case = tell("/cases/101").json
    assert (case["priority"], case["custom_fields"]) == (4, {"tier": "Gold", "seats": "9"})


def test_a_case_of_priority_2_moves_to_4(tell: Ask) -> None:
    assert tell("/cases/101").json["priority"] == 2
    mutate(tell, "update", ids=[101])
    assert tell("/cases/101").json["priority"] == 4


def test_a_touchless_change_leaves_updated_at_alone(tell: Ask) -> None:
    before = tell("/cases/105").json
    mutate(tell, "touchless", ids=[105])
    after = tell("/cases/105").json
    assert after["updated_at"] == before["updated_at"]
    assert after["changed_at"] > before["changed_at"]
    assert after["status"] != before["status"]


def test_new_objects_get_the_next_ids_and_are_new_now(tell: Ask) -> None:
    assert mutate(tell, "create", count=2) == [131, 132]
    assert updated_since(tell, time.time() - 5) == [131, 132]
    assert mutate(tell, "create", collection="customers") == [3]


def test_a_record_can_arrive_late_with_a_stamp_of_the_past(tell: Ask) -> None:
    newest = int(time.time()) - 10
    mutate(tell, "update", ids=[101], at=-10)
    late = mutate(tell, "create", at=-60)
    assert updated_since(tell, newest) == [101]
    assert updated_since(tell, newest - 55) == [*late, 101]


@pytest.mark.parametrize("at", [3600, "2031-01-01T00:00:00Z"])
def test_a_stamp_can_lie_in_the_future(tell: Ask, at: int | str) -> None:
    mutate(tell, "update", ids=[103], at=at)
    assert seconds_of(tell("/cases/103").json["updated_at"]) > time.time() + 3000
    assert updated_since(tell, time.time() + 3000) == [103]


def test_soft_deletion_leaves_the_case_with_its_status(tell: Ask) -> None:
    first, second = mutate(tell, "soft_delete", count=15, seed=1), mutate(tell, "soft_delete", count=99)
    assert sorted(first + second) == list(range(101, 131))
    assert {entry["status"] for entry in tell("/cases").json["_embedded"]["entries"]} == {"deleted"}


def test_hard_deletion_leaves_nothing(tell: Ask) -> None:
    ids = mutate(tell, "delete", count=10, seed=2)
    assert set(tell("/cases").ids).isdisjoint(ids)
    assert tell(f"/cases/{ids[0]}").status == 404


def test_a_deleted_object_can_come_back_under_its_id(tell: Ask) -> None:
    mutate(tell, "delete", ids=[110])
    mutate(tell, "create", ids=[110])
    assert tell("/cases").ids == list(range(101, 131))


def test_an_older_version_is_delivered_again_and_then_the_current_one(tell: Ask) -> None:
    for subject in ("second", "third"):
        mutate(tell, "update", ids=[102], set={"subject": subject})
    assert mutate(tell, "redeliver", count=5, times=2) == [102]
    seen = [tell("/cases?per_page=3").json["_embedded"]["entries"][1]["subject"] for _ in range(4)]
    assert seen == ["second", "second", "third", "third"]
    assert tell("/cases/102").json["subject"] == "third"


def test_a_redelivered_object_keeps_its_place_in_the_list(tell: Ask) -> None:
    since = time.time() - 5
    mutate(tell, "update", ids=[102])
    mutate(tell, "redeliver", ids=[102])
    page = tell(f"/cases/search?since_updated_at={int(since)}&sort_field=updated_at").json["_embedded"][
        "entries"
    ]
    assert [entry["id"] for entry in page] == [102]
    assert seconds_of(page[0]["updated_at"]) == FIRST_STAMP + 100_000 - 1020


@pytest.mark.parametrize(
    "sent",
    [
        {},
        [],
        {"action": "explode"},
        {"action": "update", "collection": "nothing"},
        {"action": "update", "ids": [1]},
        {"action": "redeliver", "ids": [101]},
        {"action": "create", "ids": [101]},
        {"action": "update", "colour": 1},
        {"action": "soft_delete", "collection": "users"},
        {"action": "update", "at": "soon"},
        {"action": "update", "at": 1e18},
        {"action": "update", "count": "many"},
        {"action": "update", "set": 3},
        {"action": "update", "ids": "101"},
    ],
)
def test_a_mutation_that_makes_no_sense_is_refused_with_a_sentence(tell: Ask, sent: Any) -> None:
    reply = tell("/_sandbox/mutate", "POST", sent)
    assert reply.status == 400
    assert reply.json["message"].endswith(".")


def test_direct_calls_refuse_the_same(site: Sandbox) -> None:
    with pytest.raises(MutationError, match="no action"):
        site.mutate("explode")


def test_faults_are_added_listed_and_cleared(tell: Ask) -> None:
    assert tell("/_sandbox/faults", "POST", {"spec": "500:times=3"}).json[0]["times"] == 3
    tell("/_sandbox/faults", "POST", [{"kind": "401", "path": "/users"}, "slow:seconds=1"])
    tell("/cases")
    assert [fault["kind"] for fault in tell("/_sandbox/faults/401", "DELETE").json] == ["500", "slow"]
    assert tell("/_sandbox/faults").json[0]["times"] == 2
    assert tell("/_sandbox/faults", "DELETE").json == []


@pytest.mark.parametrize("sent", [{"spec": "x"}, {"kind": "500", "p": "often"}, 7, {"spec": 7}, b"{"])
def test_a_fault_that_makes_no_sense_is_refused_with_a_sentence(tell: Ask, sent: Any) -> None:
    reply = tell("/_sandbox/faults", "POST", sent)
    assert (reply.status, reply.json["message"][-1]) == (400, ".")


def test_the_rate_limit_can_be_changed(tell: Ask) -> None:
    tell("/_sandbox/rate-limit", "PUT", {"limit": 60})
    assert tell("/cases").headers["x-rate-limit-limit"] == "60"
    assert tell("/_sandbox/rate-limit", "PUT", {"limit": -1}).status == 400


def test_requests_are_remembered(tell: Ask, site: Sandbox) -> None:
    tell("/cases?page=2")
    tell("/users", "POST", {})
    assert [(asked.method, asked.path, asked.query, asked.status) for asked in site.asked] == [
        ("GET", "/api/v2/cases", "page=2", 200),
        ("POST", "/api/v2/users", "", 405),
    ]
    assert tell("/_sandbox/requests").json[0]["query"] == "page=2"


def test_an_unknown_address_says_so(tell: Ask) -> None:
    assert tell("/_sandbox/nothing").status == tell("/_sandbox/truth/nothing").status == 404
