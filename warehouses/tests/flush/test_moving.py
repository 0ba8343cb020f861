"""A warehouse that is another database from one day on."""

from __future__ import annotations

from typing import Any

import pytest

from warehouses.setup import connect_warehouse
from warehouses.tests.engines.conftest import Bed
from warehouses.tests.flush.conftest import Flow, codes
from workspace.tests.fixtures import entry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def filled(flow: Flow) -> Flow:
    """Brands and cases that have been flushed."""
    flow.put(entry("1", grade=1), into="brands")
    flow.put(entry("1", grade=1))
    flow.flush()
    return flow


def move(flow: Flow, bed: Bed) -> None:
    """What *Save* on the page of the connection does."""
    connect_warehouse(flow.fresh().warehouse, dict(bed.engine.settings))


def test_another_database_is_filled_from_the_beginning(filled: Flow, elsewhere: Bed) -> None:
    move(filled, elsewhere)
    run = filled.flush()
    assert (run.status, codes(run)) == ("success", [])
    for table in ("brands", "cases"):
        assert elsewhere.read(f"SELECT id, grade FROM {elsewhere.table(table)}") == [("1", 1)]


def test_a_move_during_a_flush_leaves_nothing_behind(filled: Flow, elsewhere: Bed) -> None:
    filled.put(entry("2", grade=2))
    moves = [elsewhere]

    def move_once(*slice_: Any) -> None:
        if moves:
            move(filled, moves.pop())

    assert filled.flush(watch=move_once).status == "success"
    assert elsewhere.read(f"SELECT id FROM {elsewhere.table('cases')} ORDER BY id") == [("1",), ("2",)]
    assert filled.collection().version == filled.mark().version


def test_the_same_database_is_not_filled_again(filled: Flow) -> None:
    move(filled, filled.bed)
    assert filled.mark().version == filled.collection().version
