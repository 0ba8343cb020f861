"""Custom fields of a vendor may be called anything: each gets a column of a plain name."""

from __future__ import annotations

import re
from typing import Any

import pytest

from warehouses.tests.flush.conftest import Flow
from warehouses.tests.hostile import hostile_names
from workspace.tests.fixtures import entry

pytestmark = pytest.mark.django_db(transaction=True)


def test_five_hundred_custom_fields_get_a_plain_column_each_or_share_one(flow: Flow) -> None:
    fields = {name: f"value {number}" for number, name in enumerate(hostile_names(longest=300))}
    flat: dict[str, Any] = dict.fromkeys(fields.keys() - {"id"}, 1)
    flow.put(entry("1", custom_fields=fields), entry("2", **flat))
    run = flow.flush()
    assert run.status == "success", str(run.notices)
    names = [
        name
        for (name,) in flow.bed.read(
            "SELECT column_name FROM information_schema.columns "
            f"WHERE table_schema = '{flow.bed.schema}' AND table_name = 'cases'"
        )
    ]
    assert [name for name in names if not re.fullmatch("[a-z_][a-z0-9_]{0,62}", name)] == []
    row = flow.bed.read(f"SELECT * FROM {flow.bed.table('cases')} WHERE id = '1'")[0]
    assert len(set(fields.values()) & set(row)) > 250
