"""What the Hub keeps of objects it was asked to forget: a digest that tells nothing, and sealed ids for a while."""

from __future__ import annotations

from cryptography.fernet import Fernet
from django.core.management import call_command
from pytest_django.fixtures import Settings

from workspace.hub import deletions, erasure
from workspace.hub.models import Collection, Erased, Schema
from workspace.hub.store import upsert
from workspace.models import Workspace
from workspace.tests.fixtures import entry


def erase(cases: Collection, *ids: str) -> None:
    """Ask for the first, and remove all."""
    asked = erasure.begin(cases, ids[0])
    erasure.remove(asked, cases, ids)


def test_the_counters_are_those_of_what_is_left(cases: Collection) -> None:
    upsert(cases, [entry(str(number)) for number in range(25)])
    deletions.begin_read(cases)
    deletions.sweep(cases, deletions.note_seen(cases, map(str, range(24))))
    erase(cases, "24", "3", "never there")
    before = cases.version
    cases.refresh_from_db()
    assert (cases.objects_stored, cases.objects_deleted, cases.version > before) == (23, 0, True)
    assert cases.stored.count() == 23


def test_a_read_that_has_met_an_object_before_it_was_erased_still_finds_what_is_missing(
    cases: Collection,
) -> None:
    upsert(cases, [entry(str(number)) for number in range(25)])
    deletions.begin_read(cases)
    seen = deletions.note_seen(cases, map(str, range(24)))
    erase(cases, "7")
    found = deletions.sweep(cases, seen)
    assert found is not None
    assert found.deleted == 1


def test_an_id_has_another_digest_in_every_collection_and_every_schema(acme: Workspace) -> None:
    hidden = set()
    for schema in (Schema.objects.create(workspace=acme, name=name) for name in ("one", "two")):
        for name in ("cases", "customers"):
            hidden.add(erasure.begin(Collection.objects.create(schema=schema, name=name), "7").digest)
    assert len(hidden) == 4
    assert "7" not in hidden


def test_what_was_erased_is_known_after_a_change_of_the_keys(cases: Collection, settings: Settings) -> None:
    erase(cases, "7", "8")
    settings.CREDENTIAL_KEYS = [Fernet.generate_key().decode(), *settings.CREDENTIAL_KEYS]
    call_command("rotate_keys", verbosity=0)
    settings.CREDENTIAL_KEYS = settings.CREDENTIAL_KEYS[:1]
    known = erasure.suppression_of(cases.schema_id)
    assert known is not None
    assert [known.covers("cases", one) for one in ("7", "8", "9")] == [True, True, False]
    assert erasure.ids_of(cases.schema.erasures.get()) == {"cases": ["7", "8"]}


def test_nothing_is_looked_for_where_nothing_was_erased(
    cases: Collection, django_assert_num_queries: object
) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert erasure.suppression_of(cases.schema_id) is None


def test_asking_twice_is_one_refusal_and_two_searches(cases: Collection) -> None:
    erase(cases, "7")
    erase(cases, "7")
    assert (Erased.objects.count(), cases.schema.erasures.count()) == (1, 2)
