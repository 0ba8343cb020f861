"""A customer who is to be forgotten: in 0 places afterwards, and not back with any sync to come."""

from __future__ import annotations

import io
import json
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from psycopg2.sql import SQL, Identifier

from sources import erasing
from sources.models import Quarantined
from sources.setup import delete_source
from sources.sync import SyncSlice
from warehouses.compare import compare
from warehouses.erasing import settle
from warehouses.flush import FlushSlice
from warehouses.models import Comparison, Removal
from warehouses.select import change_selection
from workspace.alerts.models import Alert
from workspace.hub.models import Erased, Erasure
from workspace.models import AuditEvent, User
from workspace.tests.fixtures import grant
from workspace.tests.path.stretch import COLLECTIONS, Stretch
from workspace.tests.trust.test_canaries import stored
from workspace.walk import walk

pytestmark = pytest.mark.django_db(transaction=True)

CUSTOMER = 987654321
CANARY = "canary-5e3f1a"
SOUGHT = (str(CUSTOMER), CANARY)


@pytest.fixture
def filled(make_path: Callable[..., Stretch]) -> Stretch:
    """A path whose customer of long ago is in the Hub and in the warehouse, with three cases and a feedback."""
    path = make_path(15)
    name = {"first_name": CANARY, "emails": [{"type": "home", "value": f"{CANARY}@example.com"}]}
    mutate(path, "create", "customers", ids=[CUSTOMER], set=name)
    link = {"href": f"/api/v2/customers/{CUSTOMER}", "class": "customer"}
    for collection, number in (("cases", 3), ("feedbacks", 1)):
        for object_id in list(path.truth(collection))[:number]:
            links = {**path.truth(collection)[object_id]["_links"], "customer": link}
            mutate(path, "update", collection, ids=[int(object_id)], set={"_links": links})
    path.sync()
    path.flush()
    assert places(path)
    return path


def mutate(path: Stretch, action: str, collection: str, **body: Any) -> None:
    """Something happens at Desk."""
    path.control("mutate", {"action": action, "collection": collection, **body})


def erase(path: Stretch) -> Erasure:
    """Ask as the command does, and let the Hub forget."""
    erasure = erasing.ask(path.source, "customers", str(CUSTOMER), "test")
    erasing.erase_now(erasure)
    return erasure


def places(path: Stretch) -> set[str]:
    """Where the id or the canary stands: tables of our database and of the warehouse."""
    ours = {place for place, text in stored() if any(word in text for word in SOUGHT)}
    return ours | {
        f"{path.schema}.{name}" for name in COLLECTIONS if any(w in dump(path, name) for w in SOUGHT)
    }


def dump(path: Stretch, collection: str) -> str:
    """A table of the warehouse as text."""
    return json.dumps([path.table(collection), path.table(collection, deleted=True)], default=str)


def codes(run: Any) -> list[str]:
    return [notice["code"] for notice in run.notices]


@contextmanager
def answering(monkeypatch: pytest.MonkeyPatch, lines: list[str]) -> Iterator[None]:
    """A terminal at which somebody types these lines."""
    person, program = os.openpty()
    with open(person, "wb", buffering=0) as keyboard, open(program) as terminal:
        keyboard.write("".join(f"{line}\n" for line in lines).encode())
        monkeypatch.setattr("sys.stdin", terminal)
        yield


def test_a_customer_is_in_no_place_and_stays_away(filled: Stretch) -> None:
    erasure = erase(filled)
    assert erasure.counts == {"customers": 1, "cases": 3, "feedbacks": 1}
    assert filled.flush().status == "success"
    assert places(filled) == set()
    run = filled.sync(full=True)
    refused = {notice["collection"]: notice["message"][:2] for notice in run.notices}
    assert (run.status, refused) == ("success", {"customers": "1 ", "cases": "3 ", "feedbacks": "1 "})
    assert (filled.flush().notices, compare(filled.connection, repair=True).notices) == ([], [])
    assert places(filled) == set()
    filled.assert_warehouse_equals_hub()


def test_what_refers_to_an_erased_customer_is_refused_later_too(filled: Stretch) -> None:
    erase(filled)
    link = {"customer": {"href": f"/api/v2/customers/{CUSTOMER}", "class": "customer"}}
    case = max(filled.truth("cases"))
    links = {**filled.truth("cases")[case]["_links"], **link}
    mutate(filled, "update", "cases", ids=[int(case)], set={"_links": links, "subject": CANARY})
    mutate(filled, "update", "customers", ids=[CUSTOMER], set={"last_name": CANARY})
    run = filled.sync()
    filled.flush()
    assert (codes(run), places(filled)) == (["erased_refused"] * 3, set())


def test_what_a_sync_has_read_before_the_request_is_not_written_after_it(
    filled: Stretch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pages with the customer are read, then it is erased, then they are to be committed."""
    real, asked = SyncSlice._commit, list[Erasure]()

    def commit(self: Any, cursor: Any, batches: Any) -> None:
        if not asked and cursor.collection.name == "customers":
            asked.append(erase(filled))
        real(self, cursor, batches)

    monkeypatch.setattr(SyncSlice, "_commit", commit)
    assert filled.sync(full=True).status == "running"  # its worker has lost it, and the next begins anew
    run = filled.sync()
    filled.flush()
    assert (run.status, len(asked), places(filled)) == ("success", 1, set())


def test_a_flush_that_has_read_the_hub_before_does_not_bring_it_back(
    filled: Stretch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are prepared, the Hub forgets, then they are merged: the sync that follows removes them."""
    filled.connection.watermarks.update(version=0)
    real, asked = FlushSlice._shape, list[Erasure]()

    def shape(self: Any, session: Any, target: Any, slice_: Any) -> None:
        if not asked and target.name == "customers":
            asked.append(erase(filled))
        real(self, session, target, slice_)

    monkeypatch.setattr(FlushSlice, "_shape", shape)
    run = filled.flush()
    assert ("counts_differ" in codes(run), run.again, Removal.objects.count()) == (False, "schedule", 0)
    assert f"{filled.schema}.customers" in places(filled)
    filled.flush()
    assert (places(filled), Removal.objects.count()) == (set(), 1)


def test_a_warehouse_that_is_turned_off_is_waited_for(filled: Stretch) -> None:
    change_selection(filled.connection, ["cases"], {})
    filled.connection.warehouse.__class__.objects.update(enabled=False)
    erasure = erase(filled)
    assert [str(one.warehouse) for one in erasure.waiting()] == ["acme/warehouse"]
    assert places(filled) == {f"{filled.schema}.{name}" for name in erasure.counts}
    filled.connection.warehouse.__class__.objects.update(enabled=True)
    filled.flush()
    erasure.refresh_from_db()
    assert (erasure.ended_at is not None, erasure.sealed, places(filled)) == (True, None, set())


def test_a_connection_that_ends_is_not_waited_for(filled: Stretch) -> None:
    erasure = erase(filled)
    filled.connection.delete()
    settle()
    erasure.refresh_from_db()
    assert (erasure.ended_at is not None, erasure.sealed) == (True, None)


def test_a_source_of_which_something_was_erased_can_be_deleted(filled: Stretch) -> None:
    erase(filled)
    filled.flush()
    delete_source(filled.source)
    assert (Erasure.objects.count(), Erased.objects.count(), Removal.objects.count()) == (0, 0, 0)


def test_a_row_that_comes_back_with_the_warehouse_is_met_by_the_comparison(filled: Stretch) -> None:
    erase(filled)
    filled.flush()
    schema = Identifier(filled.schema)
    filled.ask(SQL("INSERT INTO {}.customers (id, _version) VALUES (%s, 1)").format(schema), str(CUSTOMER))
    run = compare(filled.connection)
    assert (run.status, run.notices, places(filled)) == ("success", [], set())


def test_what_comparisons_and_alerts_have_named_is_forgotten(filled: Stretch) -> None:
    filled.ask(SQL("UPDATE {}.customers SET title = 'edited'").format(Identifier(filled.schema)))
    run = compare(filled.connection)
    assert {"warehouses_comparison", "alerts_alert"} <= {place.split(".")[1] for place in places(filled)}
    erase(filled)
    filled.flush()
    assert places(filled) == set()
    assert "(erased)" in Comparison.objects.get(pk=run.pk).notices[0]["message"]
    assert "(erased)" in Alert.objects.get(cause__endswith="/rows").text


def test_a_record_in_quarantine_that_names_the_customer_goes_and_others_stay(filled: Stretch) -> None:
    for raw in (f'{{"customer": "/api/v2/customers/{CUSTOMER}"}}', f'{{"id": {CUSTOMER}1}}'):
        cases, digest = filled.source.collection("cases"), uuid.uuid4()
        Quarantined.objects.create(source=filled.source, collection=cases, raw=raw, digest=digest)
    erase(filled)
    assert [one.raw for one in Quarantined.objects.all()] == [f'{{"id": {CUSTOMER}1}}']


def test_a_long_search_goes_on_step_by_step(filled: Stretch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasing, "STEP", 2)
    erasure, turns = erasing.ask(filled.source, "customers", str(CUSTOMER), "test"), 1
    while not erasing.erase(erasure.pk, seconds=1e-9):
        turns += 1
    erasure.refresh_from_db()
    assert (turns > 12, erasure.counts) == (True, {"customers": 1, "cases": 3, "feedbacks": 1})


def test_a_case_goes_alone(filled: Stretch) -> None:
    case = min(filled.truth("cases"))
    erasure = erasing.ask(filled.source, "cases", case, "test")
    erasing.erase_now(erasure)
    assert (erasure.counts, case in filled.hub("cases")) == ({"cases": 1}, False)
    assert str(CUSTOMER) in filled.hub("customers")


def test_the_command_says_what_it_did_and_the_trail_has_no_id(filled: Stretch) -> None:
    said = io.StringIO()
    call_command("erase_object", "acme/desk-com", "customers", str(CUSTOMER), "--no-input", stdout=said)
    assert "cases: 3 removed from the Hub" in said.getvalue()
    assert "with the next sync of acme/warehouse" in said.getvalue()
    event = AuditEvent.objects.get(action="object.erased")
    assert (event.actor, event.details["digest"]) == ("command line", Erasure.objects.get().digest[:8])
    filled.flush()
    assert places(filled) == set()


def test_the_command_says_what_will_be_gone_and_asks_for_the_id(
    filled: Stretch, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = [f"{CUSTOMER}1", str(CUSTOMER)]
    with answering(monkeypatch, answers):
        with pytest.raises(CommandError, match=f"This is not {CUSTOMER}; nothing was done"):
            call_command("erase_object", "acme/desk-com", "customers", str(CUSTOMER))
        asked = capsys.readouterr().out
        assert all(
            line in asked for line in ("customers: 1\n", "cases: 3 that refer", "feedbacks: 1 that refer")
        )
        assert (Erasure.objects.count(), "removed" in asked) == (0, False)
        call_command("erase_object", "acme/desk-com", "customers", str(CUSTOMER))
    assert "cases: 3 removed from the Hub" in capsys.readouterr().out


def test_the_command_erases_nothing_when_nobody_can_be_asked(
    filled: Stretch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{CUSTOMER}\n"))
    with pytest.raises(CommandError, match="without a terminal; --no-input does it without asking"):
        call_command("erase_object", "acme/desk-com", "customers", str(CUSTOMER))
    assert Erasure.objects.count() == 0


def test_an_owner_erases_on_the_page_of_the_object(filled: Stretch, as_alice: Client) -> None:
    page = f"/acme/sources/desk-com/collections/customers/erase/{CUSTOMER}"
    asked = as_alice.get(page).content.decode()
    assert all(text in asked for text in ("3 of cases that refer to it", "1 of feedbacks that refers to it"))
    assert "This is not the id" in as_alice.post(page, {"confirmation": "1"}).content.decode()
    assert Erasure.objects.count() == 0
    as_alice.post(page, {"confirmation": str(CUSTOMER)})
    erasing.erase_now(Erasure.objects.get())
    settings = "/acme/sources/desk-com/settings/erasures"
    assert "Erased here; waits for Warehouse" in as_alice.get(settings).content.decode()
    filled.flush()
    assert "Erased everywhere" in as_alice.get(settings).content.decode()
    assert places(filled) == set()


def test_who_is_no_owner_sees_why_nothing_is_erased(filled: Stretch, as_bob: Client, bob: User) -> None:
    grant(bob, filled.source.workspace, "source_admin")
    page = as_bob.get(f"/acme/sources/desk-com/collections/customers/objects/{CUSTOMER}").content.decode()
    assert "Only owners of the workspace may do this." in page
    erase = f"/acme/sources/desk-com/collections/customers/erase/{CUSTOMER}"
    assert as_bob.post(erase, {"confirmation": str(CUSTOMER)}).status_code == 403
    assert Erasure.objects.count() == 0


class Reader(Client):
    """A browser that notes where it has read the id or the canary, on pages, parts of them and files alike."""

    def __init__(self, other: Client) -> None:
        super().__init__()
        self.cookies, self.found = other.cookies, set[str]()

    def request(self, **request: Any) -> Any:
        """The answer, read."""
        response: Any = super().request(**request)
        content = b"".join(response) if response.streaming else response.content
        if response.streaming:
            response.streaming_content = [content]
        if any(word in content.decode() for word in SOUGHT):
            self.found.add(request["PATH_INFO"])
        return response


def test_no_page_shows_anything_of_it(filled: Stretch, as_alice: Client) -> None:
    reader, page = Reader(as_alice), f"/acme/sources/desk-com/collections/customers/objects/{CUSTOMER}"
    reader.get(page)
    assert reader.found == {page}
    erase(filled)
    filled.flush()
    reader.found.clear()
    found = walk(reader, "/acme/overview", samples=100)
    assert len([page for page in found.pages if page.is_whole]) > 30
    assert reader.found == set()
