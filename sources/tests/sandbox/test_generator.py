import hashlib
import random
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import orjson
import pytest

from sources.sandbox.generator import COLLECTIONS, OPENED, SEEN, SiteFacts, generate, invent
from sources.sandbox.invented.cases import MESSAGE_CLASS
from sources.sandbox.invented.text import LANGUAGES
from sources.sandbox.stamps import seconds_of, stamp_of

Site = dict[str, dict[int, dict[str, Any]]]


@pytest.fixture(scope="module")
def site() -> Site:
    """A site of 5,000 cases: collection -> id -> object."""
    objects: Site = defaultdict(dict)
    for collection, entry in generate(5_000, seed=1):
        objects[collection][entry["id"]] = entry
    return objects


def fingerprint(cases: int, seed: int) -> str:
    digest = hashlib.sha256()
    for item in generate(cases, seed):
        digest.update(orjson.dumps(item))
    return digest.hexdigest()


def links(site: Site) -> Iterator[tuple[str, dict[str, Any]]]:
    for objects in site.values():
        for entry in objects.values():
            yield from ((name, link) for name, link in entry["_links"].items() if link)


def test_a_seed_gives_the_same_site_in_another_process() -> None:
    script = "from sources.tests.sandbox.test_generator import fingerprint; print(fingerprint(300, 7))"
    told = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert told.strip() == fingerprint(300, 7)


def test_another_seed_gives_another_site() -> None:
    assert fingerprint(50, 1) != fingerprint(50, 2)


def test_two_sites_generated_in_turns_do_not_disturb_each_other() -> None:
    pairs = zip(generate(40, 1), generate(40, 1), strict=True)
    assert all(one == other for one, other in pairs)


def test_collections_come_in_order_each_in_ascending_id(site: Site) -> None:
    assert tuple(site) == COLLECTIONS
    assert all(list(objects) == sorted(objects) for objects in site.values())


@pytest.mark.parametrize("cases", [1, 10, 11, 99, 149, 1_000])
def test_every_size_has_all_collections_and_exactly_the_cases_asked_for(cases: int) -> None:
    counts = Counter(collection for collection, _ in generate(cases, seed=3))
    assert set(counts) == set(COLLECTIONS)
    assert counts["cases"] == cases


def test_a_site_without_cases_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one case"):
        next(generate(0, seed=1))


def test_a_large_site_has_the_proportions_of_a_real_one() -> None:
    counts = Counter(collection for collection, _ in generate(100_000, seed=1))
    assert counts["feedbacks"] == 2_000
    assert counts["customers"] == 25_000
    assert counts["companies"] == 3_000
    assert counts["articles"] == pytest.approx(300, abs=20)
    assert (counts["users"], counts["brands"]) == (40, 3)


def test_ids_have_gaps_but_not_many(site: Site) -> None:
    first, *_, last = ids = list(site["cases"])
    assert 0.01 < 1 - len(ids) / (last - first + 1) < 0.08


def test_every_link_to_an_object_leads_to_one_that_exists(site: Site) -> None:
    for name, link in links(site):
        *_, collection, last = (link["href"] or "/").split("/")
        if collection in site and last.isdigit():
            assert int(last) in site[collection], (name, link)


def test_every_link_has_a_class_and_a_relative_address(site: Site) -> None:
    assert all(link["class"] for _, link in links(site))
    assert all(link["href"] is None or link["href"].startswith("/api/v2/") for _, link in links(site))


def test_the_self_link_names_the_collection_and_the_id(site: Site) -> None:
    for collection, objects in site.items():
        for object_id, entry in objects.items():
            assert entry["_links"]["self"]["href"] == f"/api/v2/{collection}/{object_id}"


def test_customers_know_how_many_cases_they_have(site: Site) -> None:
    written = Counter(case["_links"]["customer"]["href"] for case in site["cases"].values())
    for customer in site["customers"].values():
        assert customer["_links"]["cases"]["count"] == written[customer["_links"]["self"]["href"]]


def test_a_feedback_and_its_case_agree(site: Site) -> None:
    for feedback in site["feedbacks"].values():
        case = site["cases"][int(feedback["_links"]["case"]["href"].split("/")[-1])]
        assert case["_links"]["feedbacks"]["count"] == 1
        assert case["_links"]["customer"] == feedback["_links"]["customer"]
        assert case["_links"]["assigned_user"] == feedback["_links"]["user"]
    rated = [case for case in site["cases"].values() if case["_links"]["feedbacks"]]
    assert len(rated) == len(site["feedbacks"])


def test_cases_use_every_value_that_desk_used(site: Site) -> None:
    cases = site["cases"].values()
    assert {case["status"] for case in cases} == {"new", "open", "pending", "resolved", "closed", "deleted"}
    assert {case["priority"] for case in cases} == set(range(1, 11))
    assert {case["route_status"] for case in cases} == {None, "available", "added", "active", "scheduled"}
    assert {(c["type"], c["_links"]["message"]["class"]) for c in cases} == set(MESSAGE_CLASS.items())


def test_users_and_ratings_use_every_value_that_desk_used(site: Site) -> None:
    few = (entry for _, entry in generate(20_000, seed=1))
    levels = {entry["level"] for entry in few if "level" in entry}
    assert levels == {"siteadmin_billing", "siteadmin", "agent", "flexagent"}
    assert {entry["rating_type"] for entry in site["feedbacks"].values()} == {"four_star", "yes_no"}
    assert all(isinstance(entry["rating"], str) for entry in site["feedbacks"].values())


def test_the_demo_logins_are_an_administrator_and_an_agent() -> None:
    users = [entry for collection, entry in generate(10, seed=5) if collection == "users"]
    assert [(u["email"], u["level"]) for u in users[:2]] == [
        ("admin@example.com", "siteadmin_billing"),
        ("agent@example.com", "agent"),
    ]


def test_letters_come_in_every_language_and_beyond_latin(site: Site) -> None:
    languages = Counter(case["language"] for case in site["cases"].values())
    assert set(languages) == {language.code for language in LANGUAGES} | {None}
    blurbs = [case["blurb"] or "" for case in site["cases"].values()]
    assert any("請求" in blurb for blurb in blurbs)
    assert max(map(len, blurbs)) == 250


@pytest.mark.parametrize(
    ("owner", "collection"),
    [
        ("ticket", "cases"),
        ("customer", "customers"),
        ("company", "companies"),
    ],
)
def test_every_active_custom_field_is_on_every_record(site: Site, owner: str, collection: str) -> None:
    defined = [entry for entry in site["custom_fields"].values() if entry["type"] == owner]
    assert {entry["data"]["type"] for entry in defined} == {"string", "boolean", "integer", "date", "list"}
    active = [entry["name"] for entry in defined if entry["active"]]
    assert all(list(entry["custom_fields"]) == active for entry in site[collection].values())


def test_custom_fields_of_each_type_hold_what_desk_held(site: Site) -> None:
    held = defaultdict(set)
    for case in site["cases"].values():
        for name, value in case["custom_fields"].items():
            held[name].add(value)
    choices = {entry["name"]: entry["data"].get("choices") for entry in site["custom_fields"].values()}
    assert held["refund_requested"] == {None, False, "true", "1", "0"}
    assert held["product_area"] == {None, *choices["product_area"]}
    assert all(value is None or value.isdigit() for value in held["seats"])
    assert all(value is None or stamp_of(seconds_of(value)) == value for value in held["renewal_date"])
    assert {None, ""} < held["order_number"]


@pytest.mark.parametrize(
    ("collection", "fields"),
    [
        (
            "cases",
            "external_id blurb description language active_at received_at first_opened_at opened_at "
            "first_resolved_at resolved_at route_status",
        ),
        ("customers", "first_name last_name company title external_id background language company_name"),
        ("articles", "quickcode keywords publish_at in_support_center internal_notes body_web_callback"),
        ("topics", "description in_support_center"),
    ],
)
def test_what_was_null_in_recordings_is_sometimes_null(site: Site, collection: str, fields: str) -> None:
    for field in fields.split():
        values = [entry[field] for entry in site[collection].values()]
        assert None in values, field
        assert any(value is not None for value in values), field


def test_what_was_never_set_in_recordings_stays_null(site: Site) -> None:
    everyone = [*site["cases"].values(), *site["customers"].values()]
    assert {entry["locked_until"] for entry in everyone} == {None}
    assert {entry["uid"] for entry in site["customers"].values()} == {None}
    assert {"href": None, "class": "site"} in [c["_links"]["locked_by"] for c in site["customers"].values()]


def test_stamps_are_whole_seconds_before_the_site_was_last_seen(site: Site) -> None:
    for objects in site.values():
        for entry in objects.values():
            told = {key: value for key, value in entry.items() if key.endswith("_at") and value}
            assert all(stamp_of(seconds_of(value)) == value for value in told.values())
            assert all(seconds_of(value) <= SEEN for value in told.values())
            assert told.get("created_at", "") <= told.get("updated_at", "")


def test_imported_cases_are_back_dated_while_ids_ascend(site: Site) -> None:
    created = [seconds_of(case["created_at"]) for case in site["cases"].values()]
    backwards = sum(later < earlier for earlier, later in pairwise(created))
    assert 0.05 < backwards / len(created) < 0.3
    assert min(created) < OPENED


def test_updates_are_spread_with_a_few_in_the_same_second() -> None:
    updated = Counter(entry["updated_at"] for name, entry in generate(100_000, seed=1) if name == "cases")
    assert 4 <= max(updated.values()) <= 8
    assert sum(count > 1 for count in updated.values()) / len(updated) < 0.05


def test_a_case_takes_about_two_kilobytes(site: Site) -> None:
    sizes = [len(orjson.dumps(case)) for case in site["cases"].values()]
    assert sum(sizes) / len(sizes) == pytest.approx(2_050, abs=100)


def test_memory_does_not_grow_with_the_site() -> None:
    script = """
import resource, sys
from sources.sandbox.generator import generate
for _ in generate(int(sys.argv[1]), seed=2): pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    runs = [
        subprocess.run([sys.executable, "-c", script, cases], check=True, capture_output=True)
        for cases in ("10000", "200000")
    ]
    peaks = [int(run.stdout) for run in runs]
    assert peaks[1] - peaks[0] < 4_000  # kilobytes; the objects themselves would take half a million


def facts(site: Site) -> SiteFacts:
    names = ("users", "groups", "companies", "customers", "topics", "brands", "cases", "labels")
    return SiteFacts(**{name: list(site[name]) for name in names})


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_an_invented_object_has_the_shape_of_its_collection(site: Site, collection: str) -> None:
    invented = invent(collection, 99_000_001, "2026-01-02T03:04:05Z", random.Random(4), facts(site))
    known = next(iter(site[collection].values()))
    assert list(invented) == list(known)
    assert list(invented["_links"]) == list(known["_links"])
    assert invented["_links"]["self"]["href"] == f"/api/v2/{collection}/99000001"
    assert invented.get("updated_at", "2026-01-02T03:04:05Z") == "2026-01-02T03:04:05Z"


def test_an_invented_object_links_to_what_exists(site: Site) -> None:
    rng, now = random.Random(4), "2026-01-02T03:04:05Z"
    made = {name: {1: invent(name, 1, now, rng, facts(site))} for name in COLLECTIONS}
    for name, link in links(made):
        *_, collection, last = (link["href"] or "/").split("/")
        if name not in ("self", "reply") and collection in site and last.isdigit():
            assert int(last) in site[collection], (name, link)


def test_an_object_can_be_invented_where_nothing_exists() -> None:
    case = invent("cases", 5, "2026-01-02T03:04:05Z", random.Random(1), SiteFacts())
    assert case["_links"]["customer"] is None
    assert (case["status"], case["labels"], case["label_ids"]) == ("new", [], [])


def test_an_unknown_collection_cannot_be_invented() -> None:
    with pytest.raises(ValueError, match="macros"):
        invent("macros", 5, "2026-01-02T03:04:05Z", random.Random(1), SiteFacts())
