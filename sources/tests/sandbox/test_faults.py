"""Faults: what goes wrong, for whom, and for how long."""

import http.client
import time
from typing import Any

import orjson
import pytest
import requests

from sources.sandbox.faults import Fault, FaultError, Faults, parsed
from sources.sandbox.request import Request
from sources.sandbox.server import Sandbox
from sources.tests.sandbox.conftest import Ask, asker


@pytest.fixture
def tell(site: Sandbox) -> Ask:
    """Asks a site that may go wrong."""
    return asker(site)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 429, 500, 502, 503, 504])
def test_a_status_takes_the_place_of_an_answer(site: Sandbox, tell: Ask, status: int) -> None:
    site.add_faults(f"{status}:times=1")
    reply = tell("/cases")
    assert reply.status == status
    assert "x-rate-limit-reset" in reply.headers
    assert tell("/cases").status == 200


def test_a_429_says_that_nothing_is_left_and_when_to_come_back(site: Sandbox, tell: Ask) -> None:
    site.add_faults("429:times=1,reset=2")
    reply = tell("/cases")
    assert reply.json == {"message": "Too Many Requests"}
    assert (reply.headers["x-rate-limit-remaining"], reply.headers["x-rate-limit-reset"]) == ("0", "2")


def test_a_proxy_answers_with_html(site: Sandbox, tell: Ask) -> None:
    site.add_faults("504:times=1;html:times=1")
    assert tell("/cases").raw.startswith(b"<html>")
    reply = tell("/cases")
    assert (reply.status, reply.headers["content-type"]) == (200, "text/html")


def test_a_fault_can_be_limited_to_a_path(site: Sandbox, tell: Ask) -> None:
    site.add_faults("403:path=/feedbacks")
    assert [tell(path).status for path in ("/cases", "/feedbacks", "/feedbacks/4")] == [200, 403, 403]


def test_a_fault_can_spare_some_requests_first(site: Sandbox, tell: Ask) -> None:
    site.add_faults("401:after=2")
    assert [tell("/cases").status for _ in range(5)] == [200, 200, 401, 401, 401]


def test_faults_stay_until_they_are_cleared(site: Sandbox, tell: Ask) -> None:
    site.add_faults("401;500:path=/users")
    assert tell("/cases").status == 401
    site.clear_faults("401")
    assert (tell("/cases").status, tell("/users").status) == (200, 500)
    site.clear_faults()
    assert tell("/users").status == 200


def test_chance_strikes_about_as_often_as_it_should_and_always_the_same() -> None:
    def struck() -> list[int]:
        faults = Faults(seed=3)
        faults.add(Fault("500", p=0.2))
        return [len(faults.strike(Request("GET", "/api/v2/cases"))) for _ in range(1_000)]

    assert struck() == struck()
    assert 150 < sum(struck()) < 250


def test_a_body_can_end_in_the_middle_of_its_json(site: Sandbox, tell: Ask) -> None:
    site.add_faults("malformed:times=1")
    reply = tell("/customers")
    assert int(reply.headers["content-length"]) == len(reply.raw)
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(reply.raw)


@pytest.mark.parametrize("path", ["/cases", "/customers"])
def test_a_connection_can_be_cut_in_the_middle(site: Sandbox, tell: Ask, path: str) -> None:
    site.add_faults("cut:times=1")
    with pytest.raises(http.client.IncompleteRead):
        tell(path)
    assert tell(path).status == 200


def test_a_body_can_drip(site: Sandbox, tell: Ask) -> None:
    site.add_faults("slow:times=1,seconds=0.5")
    began = time.monotonic()
    assert len(tell("/cases").ids) == 30
    assert time.monotonic() - began > 0.4


def test_an_answer_can_keep_one_waiting_while_others_are_served(site: Sandbox, tell: Ask) -> None:
    site.add_faults("stall:times=1,seconds=60")
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{site.url}/api/v2/cases", timeout=0.2)
    assert tell("/cases").status == 200


def test_objects_can_come_without_ids(site: Sandbox, tell: Ask) -> None:
    site.add_faults("no_ids:path=/brands")
    brand = tell("/brands").json["_embedded"]["entries"][0]
    assert "id" not in brand
    assert brand["_links"]["self"]["href"] == "/api/v2/brands/1"
    assert "id" not in tell("/brands/1").json
    assert tell("/users").ids == [5, 6]


def test_a_page_can_repeat_itself(site: Sandbox, tell: Ask) -> None:
    site.add_faults("repeat_page:times=1")
    first, second = tell("/cases?per_page=10"), tell("/cases?per_page=10&page=2")
    assert second.ids == first.ids
    assert "page=3&" in second.json["_links"]["next"]["href"]
    assert tell("/cases?per_page=10&page=2").ids == list(range(111, 121))


def test_next_can_lead_back_or_away(site: Sandbox, tell: Ask) -> None:
    site.add_faults("next_self:times=1")
    links = tell("/cases?per_page=10").json["_links"]
    assert links["next"] == links["self"]
    site.add_faults("next_elsewhere:times=1,host=http://evil.example")
    links = tell("/cases?per_page=10").json["_links"]
    assert links["next"]["href"] == "http://evil.example/api/v2/cases?page=2&per_page=10"


def test_since_id_can_exclude_the_id_itself(site: Sandbox, tell: Ask) -> None:
    site.add_faults("since_id_gt")
    assert tell("/cases?since_id=128").ids == [129, 130]


def test_etags_can_be_missing(site: Sandbox, tell: Ask) -> None:
    etag = tell("/customers").headers["etag"]
    site.add_faults("no_etags")
    reply = tell("/customers", **{"If-None-Match": etag})
    assert reply.status == 200
    assert "etag" not in reply.headers


def test_no_fault_touches_the_control_endpoint(site: Sandbox, tell: Ask) -> None:
    site.add_faults("500;cut;html")
    assert tell("/_sandbox/").json["faults"][0]["kind"] == "500"


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("earthquake", "There is no fault"),
        ("200", "There is no fault"),
        ("500:times", "name=value"),
        ("500:times=many", "must be a number"),
        ("500:p=2", "probability"),
        ("500:often=1", "has no"),
    ],
)
def test_a_specification_that_makes_no_sense_is_refused(spec: str, told: str) -> None:
    with pytest.raises(FaultError, match=told):
        parsed(spec)


def test_a_specification_lists_faults_with_their_limits() -> None:
    assert parsed(" 429:times=5, reset=1 ; slow:path=/cases,seconds=2.5 ;") == [
        Fault("429", times=5, reset=1),
        Fault("slow", path="/cases", seconds=2.5),
    ]


def test_a_refusal_does_not_use_up_the_faults_of_answers(site: Sandbox, tell: Ask) -> None:
    site.add_faults("no_ids:times=1;500:times=1")
    assert tell("/brands").status == 500
    left: list[dict[str, Any]] = site.faults.describe()
    assert [(fault["kind"], fault["times"]) for fault in left] == [("no_ids", 1)]
