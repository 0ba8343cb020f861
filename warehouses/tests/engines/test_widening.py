"""A column of a large table of PostgreSQL is widened beside it, and nobody who reads the table waits for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg2
import pytest

from warehouses.engines import postgres_session, postgres_widening
from warehouses.engines.base import Session
from warehouses.tests.engines.conftest import Bed, a_row, let_tables_be_large, postgres_bed, with_system
from warehouses.tests.engines.test_contract import WIDENINGS
from warehouses.tests.engines.test_postgres import disconnect
from workspace.errors import ConfigError, TransientError
from workspace.hub.columns import SYSTEM, Column, Type, as_text
from workspace.hub.names import WIDENING, column_name

ROWS = 2_000
NUMBERS = list(range(1, ROWS + 1))
TEXTS = list(map(str, NUMBERS))
PRIORITY, TEXT = Column("priority", Type.INTEGER), Column("priority", Type.TEXT)


@pytest.fixture
def bed() -> Iterator[Bed]:
    with postgres_bed() as bed:
        yield bed


@pytest.fixture(autouse=True)
def every_table_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """And is filled in several steps, without patience."""
    let_tables_be_large(monkeypatch, pages=2)


@pytest.fixture
def cases(bed: Bed, session: Session) -> Session:
    """A session in which a table of cases, each with its number as priority, is committed."""
    session.create_table(bed.schema, "cases", [PRIORITY])
    session.commit()
    sql = f"INSERT INTO {bed.table('cases')} (id, _version, priority) SELECT n::text, 1, n"
    bed.read(f"{sql} FROM generate_series(1, {ROWS}) n")
    return session


def widen(session: Session, bed: Bed, do: Callable[[], Any] = lambda: None, step: int = 5) -> list[float]:
    """Widen the priority and do something before a step in the midst of it; returns what was told."""
    told: list[float] = []

    def progress(done: float) -> None:
        told.append(done)
        if len(told) == step:
            do()

    session.widen_aside(bed.schema, "cases", TEXT, progress)
    assert told[0] == 0 < told[step - 1] < 1
    return told


@contextmanager
def somebody(bed: Bed, sql: str) -> Iterator[Any]:
    """Another connection, in a transaction that has begun with this statement."""
    settings = bed.engine.settings
    names = {"dbname": settings["database"]} | {n: settings[n] for n in ("host", "port", "user", "password")}
    with closing(psycopg2.connect(**names)) as connection, connection.cursor() as cursor:
        connection.set_session("REPEATABLE READ")
        cursor.execute(sql)
        yield connection


def priorities(bed: Bed) -> list[Any]:
    return [value for (value,) in bed.read(f"SELECT priority FROM {bed.table('cases')} ORDER BY id::int")]


def columns(bed: Bed) -> list[str]:
    """Every column of the cases, whosever it is."""
    sql = f"SELECT column_name FROM information_schema.columns WHERE table_schema = '{bed.schema}'"
    return [name for (name,) in bed.read(f"{sql} AND table_name = 'cases' ORDER BY ordinal_position")]


@pytest.mark.parametrize(("old", "new", "values"), WIDENINGS, ids=lambda value: str(value)[:12])
def test_every_value_is_kept_as_in_place(
    bed: Bed, session: Session, old: Type, new: Type, values: list[Any]
) -> None:
    before, after = ([Column("p", type_), Column("in_place", type_)] for type_ in (old, new))
    rows = [a_row(f"{number + 10}", 1, value, value) for number, value in enumerate([*values, None])]
    session.create_table(bed.schema, "cases", before)
    session.merge(bed.schema, "cases", with_system(*before), rows)
    session.commit()
    assert session.widens_aside(bed.schema, "cases", after[0])
    session.widen_aside(bed.schema, "cases", after[0], lambda done: None)
    session.widen(bed.schema, "cases", after[1])
    session.commit()
    assert session.describe(bed.schema)["cases"]["p"] is new
    assert session.differing(bed.schema, "cases", with_system(*after), rows) == []
    found = bed.read(f"SELECT p::text, in_place::text FROM {bed.table('cases')} ORDER BY id")
    assert [aside for aside, _ in found] == [in_place for _, in_place in found]
    assert new is not Type.TEXT or [aside for aside, _ in found] == [*map(as_text, values), None]


def test_whoever_reads_meanwhile_sees_the_old_values_and_nobody_half_of_the_new(
    bed: Bed, cases: Session
) -> None:
    seen: list[Any] = []
    widen(cases, bed, lambda: seen.append((priorities(bed), columns(bed)[-2:])))
    assert seen == [(NUMBERS, ["priority", WIDENING])]
    assert (priorities(bed), columns(bed)[-1]) == (TEXTS, "priority")


def test_what_another_hand_writes_meanwhile_is_right_in_the_end(bed: Bed, cases: Session) -> None:
    table = bed.table("cases")

    def write() -> None:
        bed.read(f"UPDATE {table} SET priority = 0 WHERE id::int IN (1, {ROWS})")
        bed.read(f"UPDATE {table} SET priority = NULL WHERE id::int IN (2, {ROWS - 1})")
        bed.read(f"DELETE FROM {table} WHERE id = '3'")
        bed.read(f"INSERT INTO {table} (id, priority) VALUES ('{ROWS + 1}', 5)")

    widen(cases, bed, write)
    assert priorities(bed) == ["0", None, *TEXTS[3:-2], None, "0", "5"]


def test_a_report_under_way_is_waited_for_and_others_read_on(
    bed: Bed, cases: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock is asked for again and again for a moment: in between others read."""
    monkeypatch.setattr(postgres_widening, "PATIENCE", 60)
    seen: list[Any] = []
    with somebody(bed, "SELECT 1") as report, report.cursor() as cursor:

        def progress(done: float) -> None:
            if done == 0:
                cursor.execute(f"SELECT priority FROM {bed.table('cases')} ORDER BY id::int")
            elif done == 1:
                seen.append(priorities(bed))
                if len(seen) == 3:
                    seen.append([value for (value,) in cursor])
                    report.rollback()

        cases.widen_aside(bed.schema, "cases", TEXT, progress)
    assert seen == [NUMBERS] * 4
    assert priorities(bed) == TEXTS


def test_a_report_that_never_ends_leaves_the_table_as_it_was(bed: Bed, cases: Session) -> None:
    with somebody(bed, f"SELECT FROM {bed.table('cases')} LIMIT 1"):
        with pytest.raises(TransientError) as caught:
            cases.widen_aside(bed.schema, "cases", TEXT, lambda done: None)
        assert (caught.value.code, priorities(bed)) == ("locked", NUMBERS)
    assert WIDENING not in columns(bed)


def test_who_is_killed_in_the_midst_leaves_a_whole_table_and_the_next_begins_anew(
    bed: Bed, cases: Session
) -> None:
    def die() -> None:
        cases.count(bed.schema, "cases")
        disconnect(bed)

    with pytest.raises(TransientError):
        widen(cases, bed, die)
    assert (priorities(bed), columns(bed)[-1]) == (NUMBERS, WIDENING)
    bed.read(f"UPDATE {bed.table('cases')} SET {WIDENING} = 'old'")
    with bed.engine.open() as session:
        assert WIDENING not in session.describe(bed.schema)["cases"]
        widen(session, bed)
    assert (priorities(bed), columns(bed).count(WIDENING)) == (TEXTS, 0)


def test_who_is_stopped_in_the_midst_cleans_up(bed: Bed, cases: Session) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        widen(cases, bed, stop)
    assert (priorities(bed), columns(bed)[-1]) == (NUMBERS, "priority")


def test_a_column_that_changes_meanwhile_is_left_alone(bed: Bed, cases: Session) -> None:
    change = f"ALTER TABLE {bed.table('cases')} ALTER priority TYPE float8"
    with pytest.raises(TransientError) as caught:
        widen(cases, bed, lambda: bed.read(change))
    assert (caught.value.code, priorities(bed), columns(bed)[-1]) == ("table_changed", NUMBERS, "priority")


def test_what_is_not_committed_is_forgotten_and_a_column_that_is_not_there_is_made(
    bed: Bed, cases: Session
) -> None:
    cases.add_columns(bed.schema, "cases", [Column("grade", Type.INTEGER)])
    cases.erase(bed.schema, "cases", ["1"])
    cases.widen_aside(bed.schema, "cases", Column("grade", Type.TEXT), lambda done: None)
    assert priorities(bed) == NUMBERS
    assert cases.describe(bed.schema)["cases"]["grade"] is Type.TEXT


HANGING = [
    "CREATE INDEX ON {t} (priority)",
    "CREATE INDEX ON {t} (id) WHERE priority > 5",
    "CREATE VIEW {v} AS SELECT priority FROM {t}",
    "CREATE FUNCTION {v}() RETURNS SETOF {t} LANGUAGE plpgsql AS 'BEGIN END'",
    "CREATE TABLE {v} (one {t})",
    "CREATE TABLE {v} () INHERITS ({t})",
    "CREATE STATISTICS {v} ON priority, _version FROM {t}",
    "CREATE POLICY p ON {t} USING (priority > 5)",
    "CREATE RULE r AS ON DELETE TO {t} DO INSTEAD NOTHING",
    "CREATE TRIGGER t BEFORE UPDATE ON {t} FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "COMMENT ON COLUMN {t}.priority IS 'Of 10'",
    "GRANT SELECT (priority) ON {t} TO PUBLIC",
    "ALTER TABLE {t} ADD CHECK (priority > 0)",
    "ALTER TABLE {t} ADD doubled bigint GENERATED ALWAYS AS (priority * 2) STORED",
    "ALTER TABLE {t} ALTER priority SET NOT NULL",
    "ALTER TABLE {t} ALTER priority SET DEFAULT 5",
    "ALTER TABLE {t} ALTER priority SET STATISTICS 500",
    "ALTER TABLE {t} ALTER priority SET (n_distinct = 9)",
    "ALTER TABLE {t} ENABLE ROW LEVEL SECURITY",
]


@pytest.mark.parametrize("statement", HANGING)
def test_what_would_be_lost_or_in_the_way_has_it_done_in_place(
    bed: Bed, cases: Session, statement: str
) -> None:
    assert cases.widens_aside(bed.schema, "cases", TEXT)
    cases.commit()
    bed.read(statement.format(t=bed.table("cases"), v=bed.table("other")))
    assert not cases.widens_aside(bed.schema, "cases", TEXT)


@pytest.mark.parametrize("published", ["TABLE {s}.cases", "TABLES IN SCHEMA {s}"])
def test_a_published_table_is_widened_in_place(bed: Bed, cases: Session, published: str) -> None:
    bed.read(f"CREATE PUBLICATION {bed.schema} FOR {published.format(s=bed.schema)}")
    try:
        assert not cases.widens_aside(bed.schema, "cases", TEXT)
    finally:
        bed.read(f"DROP PUBLICATION {bed.schema}")


@pytest.mark.parametrize(("place", "name", "value"), [
    (postgres_widening, "LARGE", 1 << 30), (postgres_session, "MOST_COLUMNS", len(SYSTEM) + 1)
])  # fmt: skip
def test_a_small_or_a_full_table_is_widened_in_place(
    bed: Bed, cases: Session, monkeypatch: pytest.MonkeyPatch, place: Any, name: str, value: int
) -> None:
    monkeypatch.setattr(place, name, value)
    assert not cases.widens_aside(bed.schema, "cases", TEXT)


def test_what_comes_to_hang_on_the_column_meanwhile_stays(bed: Bed, cases: Session) -> None:
    widen(cases, bed, lambda: bed.read(f"CREATE INDEX grown ON {bed.table('cases')} (priority)"))
    assert (priorities(bed), columns(bed)[-1]) == (TEXTS, "priority")
    assert ("grown",) in bed.read(f"SELECT indexname FROM pg_indexes WHERE schemaname = '{bed.schema}'")


def test_a_view_that_comes_meanwhile_is_named(bed: Bed, cases: Session) -> None:
    view = f"CREATE VIEW {bed.table('report')} AS SELECT priority FROM {bed.table('cases')}"
    with pytest.raises(ConfigError, match="report") as caught:
        widen(cases, bed, lambda: bed.read(view))
    assert (caught.value.code, columns(bed).count(WIDENING)) == ("column_in_use", 0)


def test_a_row_without_room_for_both_columns_is_widened_in_place(bed: Bed, cases: Session) -> None:
    wide = [Column(f"c{number}", Type.INTEGER) for number in range(996)]
    cases.add_columns(bed.schema, "cases", wide)
    cases.commit()
    values = ", ".join(f"{column.name} = 0" for column in wide)
    bed.read(f"UPDATE {bed.table('cases')} SET {values}, priority = {2**62} WHERE id = '1'")
    told: list[float] = []
    cases.widen_aside(bed.schema, "cases", TEXT, told.append)
    assert priorities(bed) == [str(2**62), *TEXTS[1:]]
    assert 1.0 not in told


def test_no_property_has_the_name_of_the_new_column() -> None:
    assert column_name(WIDENING) != WIDENING
