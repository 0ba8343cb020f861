"""Custom fields of a vendor may be called anything: each gets a column of a plain name."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from warehouses.compare import compare
from warehouses.tests.flush.conftest import Flow
from warehouses.tests.hostile import hostile_names
from workspace.hub.names import OVERFLOW, RESERVED, column_name
from workspace.tests.fixtures import entry

pytestmark = pytest.mark.django_db(transaction=True)


CHOSEN = [
    "x" * 200,
    "x" * 199 + "y",
    "Id",
    "id",
    "a b",
    "a-b",
    '"',
    ";drop table",
    "Имя",
    "Фамилия",
    "",
    " ",
    "2FA",
]


def test_two_thousand_custom_fields_get_a_plain_column_each_or_a_place_in_the_overflow(flow: Flow) -> None:
    fields = {
        name: f"value {n}" for n, name in enumerate([*CHOSEN, *RESERVED, *hostile_names(2_000, longest=300)])
    }
    assert len(fields) > 2_000
    flow.put(entry("1", custom_fields=fields))
    run = flow.flush()
    assert run.status == "success", str(run.notices)
    columns = columns_of(flow)
    assert [name for name in columns if not re.fullmatch("[a-z_][a-z0-9_]{0,62}", name)] == []
    assert kept(flow) == {
        column_name("custom_fields", name): fields[name] for name in sorted(fields)
    }  # of those that share a place the last
    assert compare(flow.fresh()).status == "success"
    flow.put(entry("1", custom_fields=fields | {"": "again"}))
    assert (flow.flush().status, columns_of(flow)) == ("success", columns)


def test_a_field_keeps_its_column_whatever_comes_first(flow: Flow) -> None:
    fields: dict[str, Any] = dict.fromkeys([*CHOSEN, *RESERVED, *hostile_names(300)], 1)
    del fields["id"]
    flow.put(entry("1", **fields), into="cases")
    flow.put(entry("1", **dict(reversed(fields.items()))), into="users")
    flow.flush()
    assert sorted(columns_of(flow)) == sorted(columns_of(flow, "users"))


def columns_of(flow: Flow, table: str = "cases") -> list[str]:
    """The columns of a table in their order."""
    return [
        name
        for (name,) in flow.bed.read(
            "SELECT column_name FROM information_schema.columns WHERE"
            f" table_schema = '{flow.bed.schema}' AND table_name = '{table}' ORDER BY ordinal_position"
        )
    ]


def kept(flow: Flow) -> dict[str, Any]:
    """All custom fields of the one case, from their columns and from the overflow."""
    ((row,),) = flow.bed.read(f"SELECT jsonb_strip_nulls(to_jsonb(t)) FROM {flow.bed.table('cases')} t")
    cells = {name: value for name, value in row.items() if name.startswith("custom_fields")}
    over: dict[str, Any] = json.loads(row.get(OVERFLOW, "{}"))
    return cells | over
