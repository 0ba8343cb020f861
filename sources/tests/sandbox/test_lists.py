"""Lists: pages, windows, orders."""

import pytest

from sources.sandbox.server import Sandbox
from sources.tests.sandbox.conftest import FIRST_STAMP, Ask, asker, case, items


def hrefs(page: dict[str, dict[str, str] | None]) -> dict[str, str | None]:
    return {name: link["href"] if link else None for name, link in page.items()}


def test_a_page_has_all_five_links_and_says_how_many_there_are(ask: Ask) -> None:
    page = ask("/cases?per_page=10&page=2").json
    assert (page["total_entries"], page["page"]) == (30, 2)
    assert hrefs(page["_links"]) == {
        "self": "/api/v2/cases?page=2&per_page=10",
        "first": "/api/v2/cases?page=1&per_page=10",
        "last": "/api/v2/cases?page=3&per_page=10",
        "previous": "/api/v2/cases?page=1&per_page=10",
        "next": "/api/v2/cases?page=3&per_page=10",
    }


def test_the_first_page_has_no_previous_and_the_last_no_next(ask: Ask) -> None:
    assert ask("/cases?per_page=10").json["_links"]["previous"] is None
    assert ask("/cases?per_page=10&page=3").json["_links"]["next"] is None


def test_page_links_are_complete_even_when_the_request_named_neither_page_nor_length(ask: Ask) -> None:
    assert ask("/users").json["_links"]["self"]["href"] == "/api/v2/users?page=1&per_page=50"


def test_page_links_keep_the_other_parameters_sorted_and_escaped(ask: Ask) -> None:
    page = ask("/cases?sort_field=id&fields=subject,status&per_page=7").json
    assert page["_links"]["next"]["href"] == (
        "/api/v2/cases?fields=subject%2Cstatus&page=2&per_page=7&sort_field=id"
    )


def test_an_empty_list_is_one_empty_page(ask: Ask) -> None:
    page = ask("/macros").json
    links = page["_links"]
    assert (page["total_entries"], page["_embedded"]["entries"]) == (0, [])
    assert links["self"] == links["first"] == links["last"]
    assert links["next"] is links["previous"] is None


def test_following_next_reads_every_case_once_in_id_order(ask: Ask) -> None:
    seen: list[int] = []
    href: str | None = "/api/v2/cases?per_page=7"
    while href:
        reply = ask(href)
        seen += reply.ids
        href = (reply.json["_links"]["next"] or {}).get("href")
    assert seen == list(range(101, 131))


@pytest.mark.parametrize(
    ("collection", "most"),
    [("cases", 100), ("customers", 100), ("users", 1000), ("articles", 500), ("companies", 500)],
)
def test_per_page_is_clamped_per_collection(ask: Ask, collection: str, most: int) -> None:
    assert f"per_page={most}" in ask(f"/{collection}?per_page=5000").json["_links"]["self"]["href"]


def test_page_501_is_refused(ask: Ask) -> None:
    reply = ask("/cases?page=501")
    assert reply.status == 422
    assert reply.json == {"message": "page parameter must be less than or equal to 500"}
    assert ask("/cases?page=500").ids == []


def test_the_last_link_is_not_capped() -> None:
    with Sandbox(("cases", case(number)) for number in range(1, 603)) as site:
        assert "page=602&" in asker(site)("/cases?per_page=1").json["_links"]["last"]["href"]


def test_since_id_includes_the_id_itself_and_max_id_too(ask: Ask) -> None:
    assert ask("/cases/search?since_id=110&max_id=112&sort_field=id&sort_direction=asc").ids == [
        110,
        111,
        112,
    ]


def test_since_updated_at_includes_its_second_and_sorts_as_asked(ask: Ask) -> None:
    since = FIRST_STAMP + 100_000 - 10 * 103
    path = f"/cases/search?since_updated_at={since}&sort_field=updated_at&sort_direction="
    assert ask(path + "asc").ids == [103, 102, 101]
    assert ask(path + "DESC").ids == [101, 102, 103]


def test_a_window_of_one_stamp_can_be_listed_in_the_order_of_another(ask: Ask) -> None:
    since = FIRST_STAMP + 100_000 - 10 * 103
    assert ask(f"/cases?since_updated_at={since}").ids == [101, 102, 103]
    assert ask(f"/cases?max_created_at={FIRST_STAMP + 102}&sort_field=updated_at").ids == [102, 101]


def test_iso_stamps_are_understood_too(ask: Ask) -> None:
    assert ask("/cases?max_created_at=2017-07-14T02:41:42Z").ids == [101, 102]


def test_a_since_parameter_that_cannot_be_read_is_refused(ask: Ask) -> None:
    reply = ask("/cases?since_updated_at=lately")
    assert (reply.status, reply.json["errors"]) == (422, {"since_updated_at": ["invalid"]})


def test_deep_pages_of_a_descending_list_meet_without_gap(ask: Ask) -> None:
    pages = [ask(f"/cases?sort_direction=desc&per_page=8&page={page}").ids for page in range(1, 6)]
    assert [number for page in pages for number in page] == list(range(130, 100, -1))


def test_other_fields_sort_the_list_as_well(ask: Ask) -> None:
    priorities = [
        entry["priority"] for entry in ask("/cases?sort_field=priority").json["_embedded"]["entries"]
    ]
    assert priorities == sorted(priorities)


def test_users_cannot_be_narrowed_by_updated_at(ask: Ask) -> None:
    assert ask("/users?since_updated_at=4000000000").json["total_entries"] == 2


def test_of_an_object_that_is_loaded_twice_the_newest_counts() -> None:
    older = case(1, subject="older", updated_at="2013-01-01T00:00:00Z")
    with Sandbox([("cases", case(1, subject="newer")), ("cases", older)]) as site:
        assert asker(site)("/cases/1").json["subject"] == "newer"


def test_objects_loaded_in_any_order_are_listed_by_id() -> None:
    with Sandbox(reversed(items())) as site:
        assert asker(site)("/cases").ids == list(range(101, 131))
