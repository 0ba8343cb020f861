"""More properties than a table has columns for: the others are in `_overflow`, and everything knows of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from warehouses.compare import compare
from warehouses.engines import postgres_session
from warehouses.engines.postgres_session import PostgresSession
from warehouses.models import WarehouseSync
from warehouses.select import change_selection
from warehouses.tests.flush.conftest import Flow, codes
from workspace.hub.columns import SYSTEM
from workspace.hub.names import OVERFLOW
from workspace.tests.fixtures import entry

pytestmark = pytest.mark.django_db(transaction=True)
FIELDS: dict[str, Any] = {"a": 1, "b": "two", "c": 3.5, "d": True, "e": [5], "f": 2**70}


@pytest.fixture
def small_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three columns of properties fill a table."""
    monkeypatch.setattr(postgres_session, "MOST_COLUMNS", len(SYSTEM) + 3)


def overflow(flow: Flow) -> list[Any]:
    """What is in the column, unfolded."""
    return [value and json.loads(value) for value in flow.values(OVERFLOW)]


def flushed(flow: Flow) -> WarehouseSync:
    """A sync after which a comparison finds nothing."""
    run = flow.flush()
    assert run.status == "success", str(run.notices)
    comparison = compare(flow.fresh())
    assert comparison.status == "success", str(comparison.notices)
    return run


def test_what_has_no_column_is_in_the_overflow_with_its_value(flow: Flow, small_tables: None) -> None:
    flow.put(entry("1", **FIELDS), entry("2", a=7), entry("3", g={"h": "nested"}))
    run = flushed(flow)
    assert overflow(flow) == [{"d": True, "e": "[5]", "f": 2**70}, None, {"g_h": "nested"}]
    assert (flow.values("a"), flow.values("c")) == ([1, 7, None], [3.5, None, None])
    assert codes(run) == ["overflow"]


def test_it_is_said_once_and_stays_where_it_is(flow: Flow, small_tables: None) -> None:
    flow.put(entry("1", **FIELDS))
    flushed(flow)
    flow.put(entry("1", **FIELDS | {"d": False, "z": 26}))
    assert codes(flushed(flow)) == []
    assert overflow(flow) == [{"d": False, "e": "[5]", "f": 2**70, "z": 26}]


def test_an_edited_overflow_is_found_and_repaired(flow: Flow, small_tables: None) -> None:
    flow.put(entry("1", **FIELDS), entry("2", **FIELDS))
    flushed(flow)
    flow.bed.read(f"UPDATE {flow.bed.table('cases')} SET _overflow = '{{}}' WHERE id = '2'")
    assert compare(flow.fresh()).status == "partial"
    compare(flow.fresh(), repair=True)
    assert overflow(flow)[0] == overflow(flow)[1] != {}


@pytest.mark.parametrize("off", ["b", "e", OVERFLOW])
def test_a_property_turned_off_and_on_again_is_whole(flow: Flow, small_tables: None, off: str) -> None:
    flow.put(entry("1", **FIELDS))
    flushed(flow)
    before = (overflow(flow), flow.values("b"))
    change_selection(flow.fresh(), [], {"cases": [off]})
    flow.put(entry("2", **FIELDS))
    flushed(flow)
    assert off == OVERFLOW or "e" not in off or overflow(flow) == [{"d": True, "f": 2**70}] * 2
    change_selection(flow.fresh(), [], {})
    flushed(flow)
    assert (overflow(flow), flow.values("b")) == (before[0] * 2, before[1] * 2)


def test_an_overflow_that_somebody_dropped_is_filled_again(flow: Flow, small_tables: None) -> None:
    flow.put(entry("1", **FIELDS))
    flushed(flow)
    flow.alter("DROP COLUMN _overflow")
    flow.put(entry("2", a=7))
    assert codes(flushed(flow)) == ["refilled", "overflow"]
    assert overflow(flow) == [{"d": True, "e": "[5]", "f": 2**70}, None]


def test_a_dropped_column_of_a_full_table_overflows(flow: Flow, small_tables: None) -> None:
    flow.put(entry("1", **FIELDS))
    flushed(flow)
    flow.alter("DROP COLUMN b")
    flow.put(entry("2", a=7))
    flushed(flow)
    assert overflow(flow) == [{"b": "two", "d": True, "e": "[5]", "f": 2**70}, None]


def test_a_dropped_column_of_a_full_table_is_repaired(flow: Flow, small_tables: None) -> None:
    flow.put(entry("1", **FIELDS))
    flushed(flow)
    flow.alter("DROP COLUMN b")
    compare(flow.fresh(), repair=True)
    flushed(flow)
    assert flow.values("b") == ["two"]


def test_an_overflow_made_jsonb_goes_on_working(flow: Flow, small_tables: None) -> None:
    flow.put(entry("1", **FIELDS))
    flushed(flow)
    flow.alter("ALTER _overflow TYPE jsonb USING _overflow::jsonb")
    flow.put(entry("2", **FIELDS))
    flushed(flow)
    assert flow.values("_overflow -> 'd'") == [True, True]


def test_a_row_with_more_values_than_fit_overflows_alone(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PostgresSession, "most_values", 4)
    flow.put(entry("1", **FIELDS), entry("2", e=[6], f=7))
    flushed(flow)
    assert overflow(flow) == [{"e": "[5]", "f": 2**70}, None]
    assert flow.values("e") == [None, "[6]"]


def test_the_schema_page_shows_it(flow: Flow, small_tables: None, as_alice: Client) -> None:
    flow.put(entry("1", **FIELDS))
    flushed(flow)
    page = as_alice.get(reverse("sources:schema", args=["acme", "desk-com"])).content.decode()
    assert "More properties than fit in columns: the others are in _overflow, as JSON." in page


def test_two_thousand_properties_are_all_there(flow: Flow) -> None:
    """Beyond what PostgreSQL allows: 1,600 columns, and 8 KB of each row."""
    objects: list[dict[str, Any]] = [
        {f"p{number}": f"{number:0>20}" for number in range(i * 250, i * 250 + 500)} for i in range(7)
    ]
    flow.put(*[entry(str(number), **fields) for number, fields in enumerate(objects)])
    flushed(flow)
    sql = f"SELECT jsonb_strip_nulls(to_jsonb(t)) FROM {flow.bed.table('cases')} t ORDER BY id"
    for (row,), fields in zip(flow.bed.read(sql), objects, strict=True):
        cells = {name: value for name, value in row.items() if name.startswith("p")}
        assert json.loads(row[OVERFLOW]) | cells == fields
        assert len(cells) <= 320
