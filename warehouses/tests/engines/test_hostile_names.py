"""Whatever schemas, tables and columns are called, their names are names and never statements."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from warehouses.engines.base import Session
from warehouses.engines.postgres_sql import quoted
from warehouses.tests.engines.conftest import Bed, a_row, postgres_bed, with_system
from warehouses.tests.hostile import hostile_names
from workspace.hub.columns import SYSTEM, Column, Type

NAMES = [name for name in hostile_names(520) if name not in {column.name for column in SYSTEM}][:500]


@pytest.fixture
def bed() -> Iterator[Bed]:
    """A database of its own with a table that the names are after; none of them may touch it."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with postgres_bed() as usual:
        usual.read(f"CREATE DATABASE {name}")
        with postgres_bed(name) as bed:
            bed.read("CREATE TABLE bystander AS SELECT 'here' AS id")
            yield bed
            assert bed.read("SELECT id FROM bystander") == [("here",)]
        usual.read(f"DROP DATABASE {name} WITH (FORCE)")


def test_five_hundred_columns_keep_their_names_and_values(bed: Bed, session: Session) -> None:
    columns = [Column(name, Type.TEXT) for name in NAMES]
    session.create_table(bed.schema, "cases", columns[:250])
    session.add_columns(bed.schema, "cases", columns[250:])
    row = a_row("1", 1, *(column.name for column in columns))
    assert session.merge(bed.schema, "cases", with_system(*columns), [row]) == 1
    assert session.differing(bed.schema, "cases", with_system(*columns), [row]) == []
    session.commit()
    described = session.describe(bed.schema)["cases"]
    assert [name for name in described if name in set(NAMES)] == [
        column.name for column in with_system(*columns) if column.name in set(NAMES)
    ]
    names = ", ".join(quoted(column.name) for column in columns)
    assert bed.read(f"SELECT {names} FROM {bed.table('cases')}") == [tuple(row[6:])]


def test_a_column_of_any_name_is_widened(bed: Bed, session: Session) -> None:
    names = NAMES[:100]
    session.create_table(bed.schema, "cases", [Column(name, Type.INTEGER) for name in names])
    for name in names:
        session.widen(bed.schema, "cases", Column(name, Type.TEXT))
    session.commit()
    described = session.describe(bed.schema)["cases"]
    assert {described[name] for name in names} == {Type.TEXT}


def test_five_hundred_tables_in_schemas_of_such_names(bed: Bed, session: Session) -> None:
    schemas = [f"{bed.schema[:20]}{name}".encode()[:63].decode(errors="ignore") for name in NAMES[:20]]
    for number, schema in enumerate(schemas):
        session.create_schema(schema, owner=NAMES[number])
        tables = set(NAMES[number::20])
        for table in tables:
            session.create_table(schema, table, [])
        session.merge(schema, NAMES[number], with_system(), [a_row("1")])
        session.commit()
        assert session.describe(schema).keys() == tables
