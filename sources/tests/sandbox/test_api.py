"""Single objects, what hangs below them, `fields`, `embed`, headers and etags."""

import re

import pytest

from sources.sandbox.generator import generate
from sources.sandbox.server import Sandbox
from sources.tests.sandbox.conftest import Ask, asker

FRESH = "must-revalidate, private, max-age=0"


def test_an_object_is_served_as_it_was_loaded(ask: Ask, served: Sandbox) -> None:
    assert ask("/cases/104").json == next(entry for entry in served.truth("cases") if entry["id"] == 104)


@pytest.mark.parametrize(
    "path",
    [
        "/cases/1",
        "/cases/abc",
        "/nothing",
        "/users/search?test=something",
        "/brands/search",
        "/feedbacks/search",
        "/cases/101/nothing",
        "/cases/999/replies",
        "/filters/9",
        "/filters/9/cases",
        "/cases?filter_id=9",
        "/api/v1/cases",
        "/api/v2",
        "/cases/101/replies/x",
        "/macros/1",
        "/users/5/groups/3/x",
    ],
)
def test_what_does_not_exist_is_not_found(ask: Ask, path: str) -> None:
    reply = ask(path)
    assert (reply.status, reply.json) == (404, {"message": "Resource Not Found"})


def test_objects_are_found_by_external_id(ask: Ask) -> None:
    assert ask("/cases/e-x-107").json["id"] == 107
    assert ask("/cases/e-x-107/message").json["_links"]["case"]["href"] == "/api/v2/cases/107"
    assert ask("/cases/e-nobody").status == 404


def test_fields_keep_what_was_asked_for_and_the_links(ask: Ask) -> None:
    entry = ask("/cases?fields=subject,status").json["_embedded"]["entries"][0]
    assert entry.keys() == {"subject", "status", "_links"}
    assert ask("/cases/101?fields=subject").json.keys() == {"subject", "_links"}


def test_only_fields_tell_whether_a_user_is_deleted(ask: Ask) -> None:
    assert "deleted" not in ask("/users/5").json
    assert ask("/users?fields=deleted,name").json["_embedded"]["entries"][0]["deleted"] is False


def test_embed_puts_whole_objects_into_each_entry(ask: Ask) -> None:
    page = ask("/cases?embed=customer,message&per_page=2")
    embedded = page.json["_embedded"]["entries"][0]["_embedded"]
    assert embedded["customer"] == ask("/customers/2").json
    assert embedded["message"]["_links"]["self"] == {"href": "/api/v2/cases/101/message", "class": "email"}
    assert "embed=customer%2Cmessage&page=2&per_page=2" in page.json["_links"]["next"]["href"]


def test_an_absent_object_is_embedded_as_null_and_an_unknown_name_not_at_all(ask: Ask) -> None:
    assert ask("/cases/101?embed=assigned_user,spouse").json["_embedded"] == {"assigned_user": None}


def test_the_feedback_of_a_case_can_be_embedded() -> None:
    with Sandbox(generate(60, seed=4)) as site:
        rated = next(entry for entry in site.truth("cases") if entry["_links"]["feedbacks"])
        embedded = asker(site)(f"/cases/{rated['id']}?embed=feedback,draft").json["_embedded"]
    assert embedded["feedback"]["_links"]["case"]["href"] == f"/api/v2/cases/{rated['id']}"
    assert embedded["draft"] is None


@pytest.mark.parametrize(
    ("path", "ids"),
    [
        ("/customers/2/cases?per_page=3", [101, 103, 105]),
        ("/companies/9/customers", [1, 2]),
        ("/companies/9/cases?per_page=2", [101, 102]),
        ("/topics/3/articles", [8]),
        ("/feedbacks?case_id=101", [4]),
        ("/feedbacks?case_id=102", []),
        ("/cases?customer_id=1&per_page=1", [102]),
        ("/cases?company_id=8", []),
        ("/cases?company_id=9&per_page=2", [101, 102]),
        ("/cases/101/labels", [71]),
        ("/filters/3/cases", []),
    ],
)
def test_lists_below_an_object_hold_what_belongs_to_it(ask: Ask, path: str, ids: list[int]) -> None:
    reply = ask(path)
    assert reply.ids == ids
    assert reply.json["_links"]["self"]["href"].startswith(f"/api/v2{path.split('?')[0]}?")


def test_a_case_has_as_many_replies_as_its_link_counts(ask: Ask) -> None:
    replies = ask("/cases/101/replies?per_page=1").json
    assert replies["total_entries"] == 2
    href = replies["_embedded"]["entries"][0]["_links"]["self"]["href"]
    assert ask(href).json == replies["_embedded"]["entries"][0]


def test_every_link_of_every_object_leads_somewhere() -> None:
    with Sandbox(generate(40, seed=2)) as site:
        ask = asker(site)
        entries = [entry for name in site.counts() for entry in site.truth(name)]
        hrefs = {
            link["href"] for entry in entries for link in entry["_links"].values() if link and link["href"]
        }
        failed = {href: status for href in hrefs if (status := ask(href).status) != 200}
    assert not failed
    assert len(hrefs) > 500


def test_filters_list_the_cases_they_name(site: Sandbox) -> None:
    ids = site.mutate("soft_delete", count=3, seed=1).ids
    ask = asker(site)
    deleted = next(
        entry for entry in ask("/filters").json["_embedded"]["entries"] if "Deleted" in entry["name"]
    )
    assert ask(deleted["_links"]["cases"]["href"]).ids == ids


def test_cases_come_from_the_backend_of_2016_without_an_etag(ask: Ask) -> None:
    for path in (
        "/cases",
        "/cases/101",
        "/cases/search?status=open",
        "/customers/1/cases",
        "/cases/101/attachments",
    ):
        headers = ask(path).headers
        assert re.fullmatch("[0-9a-f]{40}", headers["x-api-version"])
        assert headers.keys().isdisjoint({"etag", "cache-control", "status", "x-request-id"})


def test_lists_of_cases_are_sent_in_chunks_and_all_else_with_its_length(ask: Ask) -> None:
    assert ask("/cases").headers["transfer-encoding"] == "chunked"
    for path in ("/cases/101", "/customers", "/users/5", "/nothing"):
        reply = ask(path)
        assert int(reply.headers["content-length"]) == len(reply.raw)


@pytest.mark.parametrize(
    ("path", "etag", "cache"),
    [
        ("/customers", '"[0-9a-f]{32}"', FRESH),
        ("/articles", 'W/"[0-9a-f]{32}"', FRESH),
        ("/articles/8", 'W/"[0-9a-f]{32}"', FRESH),
        ("/companies/9", '"[0-9a-f]{32}"', FRESH),
        ("/users", r'"\d{10}"', "no-cache, private"),
        ("/cases/101/labels", r'"\d{10}"', "no-cache, private"),
    ],
)
def test_the_classic_backend_sends_the_etag_it_was_recorded_with(
    ask: Ask, path: str, etag: str, cache: str
) -> None:
    headers = ask(path).headers
    assert re.fullmatch(etag, headers["etag"])
    assert headers["cache-control"] == cache
    assert headers["status"] == "200 OK"
    assert re.fullmatch("[0-9a-f]{32}", headers["x-request-id"])


@pytest.mark.parametrize("path", ["/customers?per_page=2", "/articles/8", "/users"])
def test_an_unchanged_answer_is_not_sent_twice(ask: Ask, path: str) -> None:
    reply = ask(path, **{"If-None-Match": ask(path).headers["etag"]})
    assert (reply.status, reply.raw) == (304, b"")
    assert "x-rate-limit-remaining" in reply.headers
    assert ask(path, **{"If-None-Match": '"0"'}).status == 200


def test_a_change_gives_another_etag(site: Sandbox) -> None:
    ask = asker(site)
    before = {path: ask(path).headers["etag"] for path in ("/users", "/customers", "/customers/1")}
    site.mutate("update", "customers", ids=(1,))
    assert all(ask(path).headers["etag"] != etag for path, etag in before.items())


def test_etags_of_several_collections_are_asked_at_once(ask: Ask) -> None:
    entries = ask("/etags?endpoints=users,groups,nothing").json["_embedded"]["entries"]
    assert [entry["endpoint"] for entry in entries] == ["users", "groups"]


def test_head_answers_with_the_headers_of_get(ask: Ask) -> None:
    head, get = ask("/customers/1", "HEAD"), ask("/customers/1")
    assert (head.status, head.raw) == (200, b"")
    assert head.headers["etag"] == get.headers["etag"]
    assert int(head.headers["content-length"]) == len(get.raw)


@pytest.mark.parametrize(
    "path",
    [
        f"/cases/{'9' * 5000}",
        f"/cases/101/replies/{'9' * 5000}",
        f"/cases?since_id={'9' * 5000}&max_id={'9' * 5000}",
        f"/cases?customer_id={'9' * 5000}",
        f"/cases?page={'9' * 5000}",
        "/cases?page=-1&per_page=0&sort_field=&sort_direction=up",
        "/cases/%31%30%31",
        "/cases/e-%FF%00",
        "/cases?embed=,,self,replies&fields=,",
        "/cases/search?q=%FF%22:[[[[(&updated=never&created=",
        "/cases/search?q=updated_at:[x+TO+y]",
        "/customers/search?q=*:*",
        "//cases//",
        "/cases/101/..%2f..",
    ],
)
def test_no_address_makes_the_sandbox_fail(ask: Ask, path: str) -> None:
    assert ask(path).status in (200, 404, 422)
