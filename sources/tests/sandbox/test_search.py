"""The four searches."""

from collections.abc import Iterator

import pytest

from sources.sandbox.generator import generate
from sources.sandbox.server import Sandbox
from sources.tests.sandbox.conftest import FIRST_STAMP, Ask, asker, case, items


@pytest.fixture(scope="module")
def find() -> Iterator[Ask]:
    """A site with cases that differ."""
    cases = [
        case(201, subject="Ut et culpa", status="new", labels=["vip", "refund"], priority=9),
        case(202, subject="Ut et magna", status="pending", description="The culpa was ours", type="phone"),
        case(203, subject="Caf\u00e9 closed", status="deleted", custom_fields={"tier": "Silver"}, labels=[]),
    ]
    with Sandbox([*items(), *(("cases", entry) for entry in cases)]) as site:
        yield asker(site)


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("subject=ut+ET+culpa", [201]),
        ("subject=%22Ut+et+culpa%22", [201]),
        ("q=subject:%22Ut+et+culpa%22", [201]),
        ("q=culpa", [201, 202]),
        ("q=culpa+status:pending", [202]),
        ("q=(status:pending)+AND+(culpa)", [202]),
        ("q=caf%C3%A9", [203]),
        ("status=new,pending", [201, 202]),
        ("status=deleted", [203]),
        ("labels=refund", [201]),
        ("channels=phone", [202]),
        ("case_id=202,203", [202, 203]),
        ("priority=9&status=new", [201]),
        ("case_tier=silver", [203]),
        ("status=open&since_id=129", [129, 130]),
        ("q=id:[202+TO+203]", [202, 203]),
        ("first_name=sam+2&status=new,deleted", [201, 203]),
        ("subject=nothing+like+it", []),
    ],
)
def test_cases_are_searched_by_field_and_by_words(find: Ask, query: str, ids: list[int]) -> None:
    assert find(f"/cases/search?{query}").ids == ids


def test_page_links_of_a_search_keep_it_and_take_the_quotes_off_a_field(find: Ask) -> None:
    reply = find("/cases/search?subject=%22Ut+et%22&per_page=1").json
    assert reply["_links"]["next"]["href"] == "/api/v2/cases/search?page=2&per_page=1&subject=Ut+et"
    reply = find("/cases/search?q=subject:%22Ut+et%22&per_page=1").json
    assert reply["_links"]["last"]["href"] == "/api/v2/cases/search?page=2&per_page=1&q=subject%3A%22Ut+et%22"


def test_customers_are_not_searched_for_nothing(find: Ask) -> None:
    assert find("/customers/search?sort_field=id").status == 422
    assert find("/customers/search?since_id=2").ids == [2]


def test_since_id_has_no_effect_on_a_search_of_customers_by_words(find: Ask) -> None:
    assert find("/customers/search?q=sam&since_id=2").ids == [1, 2]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("first_name=sam+1", [1]),
        (f"since_updated_at={FIRST_STAMP + 2}&sort_field=updated_at", [2]),
        ("full_name=sam", []),
        ("q=first_name:%22Sam+2%22", [2]),
    ],
)
def test_customers_are_searched(find: Ask, query: str, ids: list[int]) -> None:
    assert find(f"/customers/search?{query}").ids == ids


@pytest.mark.parametrize(("low", "high", "ids"), [(0, 9, [9]), (9, 10, [9]), (10, 99, []), (0, 8, [])])
def test_companies_are_searched_between_two_moments(find: Ask, low: int, high: int, ids: list[int]) -> None:
    window = f"[{FIRST_STAMP + low}+TO+{FIRST_STAMP + high}]"
    assert find(f"/companies/search?q=(updated_at:{window})&sort_field=updated_at").ids == ids


def test_moments_between_which_companies_were_created_and_their_names_combine(find: Ask) -> None:
    path = f"/companies/search?q=created_at:[{FIRST_STAMP}+TO+{FIRST_STAMP}]+AND+name:"
    assert find(f"{path}harbour").ids == [9]
    assert find(f"{path}nobody").ids == []


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("text=like", [8]),
        ("text=lorem", []),
        ("topic_ids=3,4", [8]),
        ("topic_ids=4", []),
        ("in_support_center=true", []),
    ],
)
def test_articles_are_searched(find: Ask, query: str, ids: list[int]) -> None:
    assert find(f"/articles/search?{query}").ids == ids


def test_articles_of_a_brand_are_those_that_say_so() -> None:
    with Sandbox(generate(3_000, seed=3)) as site:
        ask = asker(site)
        for brand in site.truth("brands"):
            for own in ask(f"/brands/{brand['id']}/articles").ids:
                assert ask(f"/articles/{own}/brands").ids == [brand["id"]]
            assert (
                ask(f"/articles/search?brand_ids={brand['id']}").ids
                == ask(f"/brands/{brand['id']}/articles").ids
            )


@pytest.mark.parametrize(
    ("word", "found"), [("week", True), ("year", True), ("yesterday", False), ("today", False)]
)
def test_cases_are_searched_by_when_they_were_touched(site: Sandbox, word: str, found: bool) -> None:
    ids = site.mutate("update", count=2, seed=5, at=-3 * 86_400).ids
    assert asker(site)(f"/cases/search?updated={word}").ids == (ids if found else [])
