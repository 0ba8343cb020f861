"""The checksums of a table are those of the rows the flush made, on every engine that counts them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from warehouses.engines.base import Row, Session
from warehouses.tests.engines.conftest import MOMENT, Bed, a_row, with_system
from warehouses.tests.engines.test_contract import ALL_TYPES, EVERY_KIND, HOSTILE, PRIORITY, SUBJECT, loaded
from workspace.hub.checksums import Checksums, add_rows, bucket_of, differing_buckets
from workspace.hub.columns import SYSTEM, Column, Type, Value


def sums_of(session: Session, bed: Bed, columns: Sequence[Column], *without: str) -> Checksums:
    """The engine's checksums; engines may do without."""
    if type(session).checksums is Session.checksums:
        pytest.skip("compares every row by its values")
    return session.checksums(bed.schema, "cases", with_system(*columns), without)


def expected_sums(columns: Sequence[Column], rows: Sequence[Row]) -> Checksums:
    sums: Checksums = {}
    add_rows(sums, rows, len(SYSTEM) + len(columns))
    return sums


def test_checksums_of_a_table_are_those_of_the_rows_it_was_made_of(bed: Bed, session: Session) -> None:
    texts = [a_row(f"t{n}", 1, None, None, None, None, None, text) for n, text in enumerate(HOSTILE)]
    rows = [a_row("1", 1, *EVERY_KIND), a_row("2", 2, deleted=True), a_row("é", 3, False), *texts]
    loaded(session, bed, ALL_TYPES, *rows)
    assert differing_buckets(expected_sums(ALL_TYPES, rows), sums_of(session, bed, ALL_TYPES)) == []


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        (Type.FLOAT, [*[0.1, 5.0, -0.0, 1e-7, 1e22, 1.5e300, 5e-324, 0.1 + 0.2, 1e15, -2.5], 2**53, 0]),
        (Type.NUMERIC, [5, 2**70, 5.0, 0.1, 1e-7, 1e22, 100, 0, -1.5]),
        (Type.INTEGER, [0, 2**63 - 1, -(2**63)]),
        (Type.TIMESTAMP, [MOMENT, "0001-01-01T00:00:00Z", "9999-12-31T23:59:50Z", "2020-02-29T10:20:00.5Z"]),
        (Type.TEXT, [True, 5, 5.0, 1e-7, MOMENT, "", " "]),
    ],
)
def test_checksums_read_every_value_as_it_was_given(
    bed: Bed, session: Session, type_: Type, values: list[Any]
) -> None:
    rows = [a_row(str(number), 1, value) for number, value in enumerate([*values, None])]
    columns = [Column("p", type_)]
    loaded(session, bed, columns, *rows)
    assert differing_buckets(expected_sums(columns, rows), sums_of(session, bed, columns)) == []


@pytest.mark.parametrize("changed", [["b", 1], ["a", None], ["a", 2], [None, 1]])
def test_a_checksum_tells_of_any_change(bed: Bed, session: Session, changed: list[Value]) -> None:
    columns = [SUBJECT, PRIORITY]
    loaded(session, bed, columns, a_row("1", 1, "a", 1), a_row("2", 1, *changed))
    rows = [a_row("1", 1, "a", 1), a_row("2", 1, "a", 1)]
    found = sums_of(session, bed, columns)
    assert differing_buckets(expected_sums(columns, rows), found) == [bucket_of("2")]


def test_checksums_leave_out_the_ids_they_are_told_and_count_the_rest(bed: Bed, session: Session) -> None:
    rows = [a_row(str(number)) for number in range(50)]
    loaded(session, bed, [], *rows)
    assert sums_of(session, bed, [], *map(str, range(40))) == expected_sums([], rows[40:])
