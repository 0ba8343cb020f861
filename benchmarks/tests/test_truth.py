"""A table that is not what the server holds makes the run fail."""

from __future__ import annotations

import pytest
from django.db import connection

from benchmarks.truth import Wrong, check

OLD, NEW = "2020-01-01T00:00:00Z", "2020-03-11T00:00:00Z"


def found(rows: list[tuple[int, str]], changed: int = 0, since: str = "") -> str:
    """What is wrong with two cases in this table, if anything."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE bench_cases (id bigint, updated_at text) ON COMMIT DROP")
        cursor.executemany("INSERT INTO bench_cases VALUES (%s, %s)", rows)
        try:
            check(cursor, "bench_cases", 2, changed, since)
        except Wrong as error:
            return str(error)
    return ""


@pytest.mark.django_db
def test_a_table_with_each_case_once_is_right() -> None:
    assert found([(1, OLD), (2, OLD)]) == ""


@pytest.mark.django_db
@pytest.mark.parametrize("rows", [[(1, OLD)], [(1, OLD), (1, OLD)], [(1, OLD), (2, OLD), (2, NEW)]])
def test_missing_and_double_cases_are_wrong(rows: list[tuple[int, str]]) -> None:
    assert "instead of 2" in found(rows)


@pytest.mark.django_db
def test_a_table_that_has_all_changes_is_right() -> None:
    assert found([(1, OLD), (2, NEW)], changed=1, since=NEW) == ""


@pytest.mark.django_db
def test_too_few_changes_are_told_with_their_number() -> None:
    assert found([(1, OLD), (2, OLD)], changed=1, since=NEW) == "0 changed rows instead of 1"
