"""POST, PATCH and DELETE, with the answers that were recorded."""

import time
from typing import Any

import pytest

from sources.sandbox.server import Sandbox
from sources.sandbox.stamps import seconds_of
from sources.tests.sandbox.conftest import Ask, asker, link

CUSTOMER = {"customer": link("customers", 1, "customer")}


@pytest.fixture
def tell(site: Sandbox) -> Ask:
    """Asks a site that may be changed."""
    return asker(site)


def test_a_new_case_is_answered_with_201_and_its_address(tell: Ask, site: Sandbox) -> None:
    reply = tell("/cases", "POST", {"subject": "New", "_links": CUSTOMER, "suppress_rules": True})
    assert (reply.status, reply.headers["location"]) == (201, f"{site.url}/api/v2/cases/131")
    assert reply.json == tell("/cases/131").json
    assert "suppress_rules" not in reply.json
    assert tell("/customers/1/cases?sort_direction=desc&per_page=1").ids == [131]


def test_what_a_new_object_links_to_exists(tell: Ask) -> None:
    for path, sent in (
        ("/cases", {"subject": "x", "_links": CUSTOMER}),
        ("/companies", {"name": "x"}),
        ("/customers", {}),
        ("/topics", {"name": "x"}),
    ):
        links = tell(path, "POST", sent).json["_links"]
        assert {name: tell(one["href"]).status for name, one in links.items()} == dict.fromkeys(links, 200)


@pytest.mark.parametrize(
    ("path", "sent", "errors"),
    [
        ("/articles", {"subject": "Testing", "body": "Testing"}, {"_links": {"topic": ["blank"]}}),
        ("/topics", {"subject": "Test Topic"}, {"name": ["blank"]}),
        ("/cases", {}, {"subject": ["blank"], "_links": {"customer": ["blank"]}}),
        ("/companies", [], {"name": ["blank"]}),
    ],
)
def test_what_is_missing_is_told_as_recorded(tell: Ask, path: str, sent: Any, errors: Any) -> None:
    reply = tell(path, "POST", sent)
    assert (reply.status, reply.headers["cache-control"]) == (422, "no-cache")
    assert reply.json == {"message": "Validation Failed", "errors": errors}


@pytest.mark.parametrize(
    ("method", "override"), [("PATCH", {}), ("POST", {"X-HTTP-Method-Override": "PATCH"})]
)
def test_a_patch_changes_what_was_sent_and_moves_the_stamps(
    tell: Ask, method: str, override: dict[str, str]
) -> None:
    before = tell("/cases/110").json
    sent = {"subject": "Other", "custom_fields": {"seats": "3"}, "id": 1, "created_at": None}
    reply = tell("/cases/110", method, sent, **override)
    stamp = reply.json["updated_at"]
    assert reply.status == 200
    assert reply.json == before | {
        "subject": "Other",
        "custom_fields": {"tier": "Gold", "seats": "3"},
        "updated_at": stamp,
        "changed_at": stamp,
    }
    assert abs(seconds_of(stamp) - time.time()) < 5


def test_a_changed_case_moves_to_the_end_by_updated_at_and_stays_in_place_by_id(tell: Ask) -> None:
    since = int(time.time()) - 5
    tell("/cases/130", "PATCH", {"priority": 1})
    assert tell(f"/cases/search?since_updated_at={since}&sort_field=updated_at").ids == [130]
    assert tell("/cases?sort_field=updated_at&sort_direction=desc&per_page=2").ids == [130, 101]
    assert tell("/cases?per_page=2&sort_direction=desc").ids == [130, 129]


def test_a_patch_is_answered_with_the_etag_of_the_next_get(tell: Ask) -> None:
    reply = tell("/customers/1", "PATCH", {"title": "CEO"})
    assert reply.headers["etag"] == tell("/customers/1").headers["etag"]
    assert reply.headers["cache-control"] == "max-age=0, private, must-revalidate"


def test_a_link_can_be_changed_and_lists_follow(tell: Ask) -> None:
    tell("/cases/101", "PATCH", {"_links": CUSTOMER | {"self": link("cases", 7, "case")}})
    assert tell("/customers/1/cases?per_page=1").ids == [101]
    assert tell("/cases/101").json["_links"]["self"]["href"] == "/api/v2/cases/101"


@pytest.mark.parametrize(
    ("action", "labels", "ids"),
    [(None, ["vip", "new"], [71]), ("replace", ["new"], []), ("remove", ["vip"], [71])],
)
def test_labels_are_added_replaced_or_removed(
    tell: Ask, action: str | None, labels: list[str], ids: list[int]
) -> None:
    sent = {"labels": ["new"]} | ({"label_action": action} if action else {})
    case = tell("/cases/101", "PATCH", sent).json
    assert (case["labels"], case["label_ids"]) == (labels, ids)
    assert "label_action" not in case


def test_a_deleted_case_is_listed_with_its_status(tell: Ask, site: Sandbox) -> None:
    reply = tell("/cases/101", "DELETE")
    assert (reply.status, reply.raw, reply.headers["cache-control"]) == (204, b"", "no-cache")
    assert "x-rate-limit-remaining" in reply.headers
    assert tell("/cases/101").json["status"] == "deleted"
    assert site.counts()["cases"] == 30


@pytest.mark.parametrize("path", ["/customers/2", "/companies/9", "/articles/8"])
def test_other_deleted_objects_are_gone(tell: Ask, path: str) -> None:
    assert tell(path, "DELETE").status == 204
    assert tell(path).status == tell(path, "DELETE").status == 404


def test_the_id_of_a_deleted_object_is_not_given_again(tell: Ask) -> None:
    tell("/customers/2", "DELETE")
    assert tell("/customers", "POST", {}).json["id"] == 3


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/users"),
        ("PATCH", "/users/5"),
        ("DELETE", "/users/5"),
        ("POST", "/brands"),
        ("DELETE", "/feedbacks/4"),
        ("DELETE", "/cases"),
        ("POST", "/cases/101"),
        ("POST", "/cases/101/replies"),
    ],
)
def test_other_writes_are_not_allowed(tell: Ask, method: str, path: str) -> None:
    reply = tell(path, method, {"name": "Some User"})
    assert (reply.status, reply.json) == (405, {"message": "Method Not Allowed"})
    assert reply.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("method", "path"), [("PATCH", "/topics/1"), ("DELETE", "/cases/1"), ("POST", "/nothing")]
)
def test_a_write_to_what_does_not_exist_is_not_found(tell: Ask, method: str, path: str) -> None:
    assert tell(path, method, {}).json == {"message": "Resource Not Found"}


@pytest.mark.parametrize("body", [b"{", b"7", b'"text"'])
def test_a_body_that_is_no_object_is_a_bad_request(tell: Ask, body: bytes) -> None:
    assert tell("/cases/101", "PATCH", body).status == 400


def test_a_patch_cannot_take_away_what_is_required(tell: Ask) -> None:
    assert tell("/cases/101", "PATCH", {"subject": ""}).json["errors"] == {"subject": ["blank"]}
