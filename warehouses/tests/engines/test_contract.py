"""What the flush relies on, the same of every engine."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django import forms

from warehouses.engines import ENGINES, engine_for
from warehouses.engines.base import Counts, Row, Session
from warehouses.tests.engines.conftest import MOMENT, Bed, a_row, with_system
from workspace.errors import ConfigError
from workspace.hub.columns import SYSTEM, Column, Scalar, Type, Value, as_text, type_of
from workspace.hub.names import OVERFLOW

SUBJECT, PRIORITY = Column("subject", Type.TEXT), Column("priority", Type.INTEGER)
ALL_TYPES = [Column(f"a_{type_}", type_) for type_ in Type]
EVERY_KIND: list[Value] = [True, 2**63 - 1, 0.1, 2**70, MOMENT, "text"]

HOSTILE = [
    "it's", '"quoted"', "back\\slash", "\\N", "\\.", "\\", "line\nbreak", "tab\tstop", "return\r\n", "\n", "emoji 🦀",
    "\x1d", "\x1e", "\x1f", "\x1f\x1d\x1e", "a\x1db", "%s %(x)s {}", "'; DROP TABLE cases; --", "NULL", "null", "",
    " ", "\u202eright to left", "\x7f\x01\x08",
]  # fmt: skip


def loaded(session: Session, bed: Bed, columns: Sequence[Column], *rows: Row, table: str = "cases") -> int:
    """Make the table if need be, merge and commit."""
    session.create_table(bed.schema, table, columns)
    written = session.merge(bed.schema, table, with_system(*columns), rows)
    session.commit()
    return written


def column(bed: Bed, name: str, table: str = "cases") -> list[Any]:
    """A column of a table as others see it, in the order of ids."""
    return [value for (value,) in bed.read(f'SELECT "{name}" FROM {bed.table(table)} ORDER BY id')]


def test_a_schema_that_is_not_there_has_no_tables(bed: Bed) -> None:
    with bed.engine.open() as session:
        assert session.describe(bed.schema) == {}


def test_a_new_table_has_the_system_columns_first(bed: Bed, session: Session) -> None:
    session.create_table(bed.schema, "cases", ALL_TYPES)
    expected = {column.name: column.type for column in with_system(*ALL_TYPES)}
    described = session.describe(bed.schema)["cases"]
    assert described == expected
    assert list(described) == list(expected)


def test_making_what_is_there_changes_nothing(bed: Bed, session: Session) -> None:
    loaded(session, bed, [SUBJECT], a_row("1", 1, "a"))
    session.create_schema(bed.schema)
    session.create_table(bed.schema, "cases", [])
    session.add_columns(bed.schema, "cases", [SUBJECT])
    session.commit()
    assert column(bed, "subject") == ["a"]


def test_a_value_of_every_type_is_kept(bed: Bed, session: Session) -> None:
    assert loaded(session, bed, ALL_TYPES, a_row("1", 1, *EVERY_KIND)) == 1
    assert session.differing(bed.schema, "cases", with_system(*ALL_TYPES), [a_row("1", 1, *EVERY_KIND)]) == []
    (values,) = bed.read(f"SELECT a_boolean, a_integer, a_float, a_numeric, a_text FROM {bed.table('cases')}")
    assert list(values) == [True, 2**63 - 1, 0.1, 2**70, "text"]


def test_a_column_added_later_is_empty_for_earlier_rows(bed: Bed, session: Session) -> None:
    loaded(session, bed, [SUBJECT], a_row("1", 1, "a"))
    session.add_columns(bed.schema, "cases", [PRIORITY])
    loaded(session, bed, [SUBJECT, PRIORITY], a_row("2", 2, "b", 4))
    assert column(bed, "priority") == [None, 4]


def test_a_newer_version_replaces_the_row(bed: Bed, session: Session) -> None:
    loaded(session, bed, [PRIORITY], a_row("1", 1, 2), a_row("2", 2, 2))
    assert loaded(session, bed, [PRIORITY], a_row("1", 3, 4), a_row("3", 4, 5)) == 2
    assert column(bed, "priority") == [4, 2, 5]


def test_values_a_row_does_not_reach_become_null(bed: Bed, session: Session) -> None:
    loaded(session, bed, [SUBJECT, PRIORITY], a_row("1", 1, "a", 2))
    loaded(session, bed, [SUBJECT, PRIORITY], a_row("1", 2, "b"))
    assert column(bed, "priority") == [None]


def test_columns_that_are_not_named_keep_their_values(bed: Bed, session: Session) -> None:
    loaded(session, bed, [SUBJECT, PRIORITY], a_row("1", 1, "a", 2))
    loaded(session, bed, [SUBJECT], a_row("1", 2, "b"))
    assert (column(bed, "subject"), column(bed, "priority")) == (["b"], [2])


@pytest.mark.parametrize("rewrite", [False, True])
def test_an_older_version_is_refused(bed: Bed, session: Session, rewrite: bool) -> None:
    loaded(session, bed, [SUBJECT], a_row("1", 2, "new"))
    columns = with_system(SUBJECT)
    assert session.merge(bed.schema, "cases", columns, [a_row("1", 1, "old")], rewrite=rewrite) == 0
    session.commit()
    assert column(bed, "subject") == ["new"]


@pytest.mark.parametrize(("rewrite", "subject"), [(False, "first"), (True, "again")])
def test_an_equal_version_is_written_by_a_rewrite_only(
    bed: Bed, session: Session, rewrite: bool, subject: str
) -> None:
    loaded(session, bed, [SUBJECT], a_row("1", 2, "first"))
    written = session.merge(
        bed.schema, "cases", with_system(SUBJECT), [a_row("1", 2, "again")], rewrite=rewrite
    )
    session.commit()
    assert (written, column(bed, "subject")) == (1, [subject])


def test_a_repair_overtakes_whatever_version_the_table_holds(bed: Bed, session: Session) -> None:
    loaded(session, bed, [SUBJECT], a_row("1", 9, "edited"))
    assert session.restore(bed.schema, "cases", with_system(SUBJECT), [a_row("1", 2, "right")]) == 1
    session.commit()
    assert (column(bed, "subject"), column(bed, "_version")) == (["right"], [2])


def test_the_engine_says_when_a_row_was_loaded(bed: Bed, session: Session) -> None:
    loaded(session, bed, [], a_row("1"))
    loaded(session, bed, [], a_row("2"))
    first, second = column(bed, "uuid_ts")
    assert first < second


@pytest.mark.parametrize("staged", [False, True])
def test_hostile_texts_are_kept_to_the_letter(bed: Bed, session: Session, staged: bool) -> None:
    session.create_table(bed.schema, "cases", [SUBJECT])
    if staged:
        loaded(session, bed, [SUBJECT], a_row("00"))
    rows = [a_row(f"{number + 10}", 1, text) for number, text in enumerate(HOSTILE)]
    loaded(session, bed, [SUBJECT], *rows)
    assert column(bed, "subject")[staged:] == HOSTILE
    assert session.differing(bed.schema, "cases", with_system(SUBJECT), rows) == []


def test_hostile_names_are_only_names(bed: Bed, session: Session) -> None:
    names = ['"', "a b", "%s", "drop table", "'", "Größe", "A", "a;--"]
    columns = [Column(name, Type.TEXT) for name in names]
    loaded(session, bed, columns, a_row("1", 1, *names), table='odd "table" %s')
    described = session.describe(bed.schema)['odd "table" %s']
    assert list(described)[len(SYSTEM) :] == names
    rows = [a_row("1", 1, *names)]
    assert session.differing(bed.schema, 'odd "table" %s', with_system(*columns), rows) == []


def test_an_empty_text_is_not_null(bed: Bed, session: Session) -> None:
    loaded(session, bed, [SUBJECT], a_row("1", 1, ""), a_row("2", 1, None))
    assert column(bed, "subject") == ["", None]


def test_what_no_database_stores_in_a_text_becomes_visible(bed: Bed, session: Session) -> None:
    loaded(session, bed, [SUBJECT], a_row("1", 1, "a\x00b"), a_row("2", 1, "a\ud800b"), a_row("3", 1, "\x00"))
    assert column(bed, "subject") == ["a␀b", "a\N{REPLACEMENT CHARACTER}b", "␀"]


def test_a_text_of_a_megabyte_is_kept(bed: Bed, session: Session) -> None:
    text = "ä line\n" * 150_000
    loaded(session, bed, [SUBJECT], a_row("1", 1, text), a_row("2", 1, "b"))
    assert column(bed, "subject") == [text, "b"]


def test_room_is_what_is_left_when_columns_are_made_or_dropped(bed: Bed, session: Session) -> None:
    before = session.room(bed.schema, "cases")
    session.create_table(bed.schema, "cases", [SUBJECT, PRIORITY])
    after = session.room(bed.schema, "cases")
    assert (before is None and after is None) or (before or 0) - (after or 0) == 2
    session.commit()
    bed.read(f"ALTER TABLE {bed.table('cases')} DROP COLUMN priority")
    assert session.room(bed.schema, "cases") in (after, (after or 0) + 1)


LONG_AND_SHORT = ["x" * length for length in (1, 20, 23, 24, 25, 200, 9_000)]


@pytest.mark.parametrize(
    "value", [*LONG_AND_SHORT, 2**63 - 1, 0.1, 2**200], ids=lambda value: str(value)[:25]
)
def test_a_row_of_as_many_values_as_are_said_to_fit_fits(bed: Bed, session: Session, value: Scalar) -> None:
    wide = [Column(f"c{number}", type_of(value)) for number in range(session.most_values or 1)]
    row = a_row("x" * 60, 1, *[value] * len(wide), "{}" * 5_000, deleted=True)
    assert loaded(session, bed, [*wide, Column(OVERFLOW, Type.TEXT)], row) == 1


FLOATS = [0.1, 5.0, -0.0, 1e-7, 1e22, 1.5e300, 5e-324, 0.1 + 0.2, 123456789012345.6, 1e15, -2.5]
WIDENINGS: list[tuple[Type, Type, list[Any]]] = [
    (Type.BOOLEAN, Type.TEXT, [True, False]),
    (Type.INTEGER, Type.FLOAT, [0, 5, -(2**53)]),
    (Type.INTEGER, Type.NUMERIC, [0, 2**63 - 1, -(2**63)]),
    (Type.INTEGER, Type.TEXT, [0, 2**63 - 1, -(2**63)]),
    (Type.FLOAT, Type.NUMERIC, [*FLOATS, 2**53]),
    (Type.FLOAT, Type.TEXT, [*FLOATS, 2**53]),
    (Type.NUMERIC, Type.TEXT, [5, 2**70, 5.0, 0.1, 1e-7, 1e22, 100]),
    (
        Type.TIMESTAMP,
        Type.TEXT,
        [MOMENT, "0001-01-01T00:00:00Z", "9999-12-31T23:59:50Z", "2020-02-29T10:20:00Z"],
    ),
]


@pytest.mark.parametrize(("old", "new", "values"), WIDENINGS, ids=lambda value: str(value)[:12])
def test_widening_keeps_every_value(
    bed: Bed, session: Session, old: Type, new: Type, values: list[Any]
) -> None:
    rows = [a_row(f"{number + 10}", 1, value) for number, value in enumerate([*values, None])]
    loaded(session, bed, [Column("p", old)], *rows)
    session.widen(bed.schema, "cases", Column("p", new))
    session.commit()
    assert session.describe(bed.schema)["cases"]["p"] is new
    assert session.differing(bed.schema, "cases", with_system(Column("p", new)), rows) == []
    if new is Type.TEXT:
        assert column(bed, "p") == [*map(as_text, values), None]


def test_widening_to_what_the_column_is_already_changes_nothing(bed: Bed, session: Session) -> None:
    loaded(session, bed, [SUBJECT], a_row("1", 1, "a"))
    session.widen(bed.schema, "cases", SUBJECT)
    session.widen(bed.schema, "cases", Column("subject", Type.NUMERIC))
    assert session.describe(bed.schema)["cases"]["subject"] is Type.TEXT


@pytest.mark.parametrize(
    ("value", "fits"), [(2**53, True), (-(2**53), True), (2**53 + 1, False), (None, True)]
)
def test_stored_integers_fit_a_float_up_to_53_bits(
    bed: Bed, session: Session, value: int | None, fits: bool
) -> None:
    loaded(session, bed, [PRIORITY], a_row("1", 1, 1), a_row("2", 1, value))
    assert session.fits_float(bed.schema, "cases", "priority") is fits


def test_rows_are_counted_with_the_deleted_among_them(bed: Bed, session: Session) -> None:
    loaded(session, bed, [], a_row("1"), a_row("2", deleted=True), a_row("3"))
    assert session.count(bed.schema, "cases") == Counts(rows=3, deleted=1)


def test_rows_that_differ_are_named(bed: Bed, session: Session) -> None:
    columns = with_system(SUBJECT, PRIORITY)
    loaded(session, bed, [SUBJECT, PRIORITY], *[a_row(id_, 1, "a", 1) for id_ in "12345"])
    expected = [
        a_row("1", 1, "a", 1),
        a_row("2", 2, "a", 1),
        a_row("3", 1, "b", 1),
        a_row("4", 1, "a", None),
        a_row("5", 1, "a", 1, deleted=True),
        a_row("6", 1, "a", 1),
    ]
    assert sorted(session.differing(bed.schema, "cases", columns, expected)) == ["2", "3", "4", "5", "6"]


def test_rows_nobody_expects_are_named(bed: Bed, session: Session) -> None:
    loaded(session, bed, [], *[a_row(id_) for id_ in "123"])
    assert sorted(session.surplus(bed.schema, "cases", iter(["2", "9"]))) == ["1", "3"]
    assert sorted(session.surplus(bed.schema, "cases", [])) == ["1", "2", "3"]


def test_erased_rows_are_gone_and_the_others_stay(bed: Bed, session: Session) -> None:
    loaded(session, bed, [], *[a_row(id_) for id_ in ("1", "2", "it's", "4")])
    assert session.erase(bed.schema, "cases", ["2", "it's", "never there"]) == 2
    session.commit()
    assert column(bed, "id") == ["1", "4"]


def test_an_erasure_waits_for_what_another_session_is_writing(bed: Bed, session: Session) -> None:
    loaded(session, bed, [], a_row("1"))
    erased: list[int] = []
    with bed.engine.open() as other:
        other.merge(bed.schema, "cases", with_system(), [a_row("2")])
        erasing = threading.Thread(
            target=lambda: erased.append(session.erase(bed.schema, "cases", ["1", "2"]))
        )
        erasing.start()
        waiting = f"SELECT 1 FROM pg_locks WHERE NOT granted AND relation = '{bed.table('cases')}'::regclass"
        while erasing.is_alive() and not bed.read(waiting):
            pass
        other.commit()
    erasing.join(timeout=30)
    session.commit()
    assert (erased, column(bed, "id")) == ([2], [])


def test_nothing_is_visible_before_the_commit(bed: Bed, session: Session) -> None:
    loaded(session, bed, [], a_row("1"))
    session.merge(bed.schema, "cases", with_system(), [a_row("2")])
    assert column(bed, "id") == ["1"]
    session.commit()
    assert column(bed, "id") == ["1", "2"]


def test_a_rollback_forgets_tables_and_rows(bed: Bed, session: Session) -> None:
    loaded(session, bed, [], a_row("1"))
    session.create_table(bed.schema, "users", [])
    session.merge(bed.schema, "users", with_system(), [a_row("7")])
    session.merge(bed.schema, "cases", with_system(), [a_row("2")])
    session.rollback()
    session.commit()
    assert list(session.describe(bed.schema)) == ["cases"]
    assert column(bed, "id") == ["1"]


def test_closing_forgets_what_was_not_committed(bed: Bed, session: Session) -> None:
    session.commit()
    with bed.engine.open() as other:
        other.create_table(bed.schema, "cases", [])
    assert session.describe(bed.schema) == {}


def test_many_slices_of_one_transaction_appear_at_once(bed: Bed, session: Session) -> None:
    for table in ("cases", "customers"):
        session.create_table(bed.schema, table, [])
        for slice_ in range(3):
            rows = [a_row(f"{slice_}{number}") for number in range(4)]
            assert session.merge(bed.schema, table, with_system(), rows) == 4
    session.commit()
    assert len(column(bed, "id", "cases")) == len(column(bed, "id", "customers")) == 12


def test_a_slice_sent_again_into_a_table_still_empty_at_first_counts_as_standing(
    bed: Bed, session: Session
) -> None:
    session.create_table(bed.schema, "cases", [])
    session.commit()
    rows = [a_row("1"), a_row("2")]
    counts = [session.merge(bed.schema, "cases", with_system(), rows) for _ in range(2)]
    assert counts == [2, 2]


def test_rows_that_stand_newer_already_do_not_count(bed: Bed, session: Session) -> None:
    loaded(session, bed, [], a_row("1", 1), a_row("2", 5))
    assert loaded(session, bed, [], a_row("1", 1), a_row("2", 4), a_row("3", 4)) == 2


def test_no_rows_write_nothing(bed: Bed, session: Session) -> None:
    assert loaded(session, bed, []) == 0
    assert loaded(session, bed, [], a_row("1")) == 1


def test_a_failure_of_the_rows_is_raised_as_it_is(bed: Bed, session: Session) -> None:
    def failing() -> Iterator[Row]:
        yield a_row("2")
        raise LookupError("the Hub is away")

    loaded(session, bed, [], a_row("1"))
    with pytest.raises(LookupError, match="the Hub is away"):
        session.merge(bed.schema, "cases", with_system(), failing())
    session.rollback()
    assert session.count(bed.schema, "cases").rows == 1


def test_a_question_from_another_thread_waits_for_the_merge(bed: Bed, session: Session) -> None:
    loaded(session, bed, [PRIORITY], a_row("1", 1, 1))
    answers: list[bool] = []
    asking = threading.Thread(
        target=lambda: answers.append(session.fits_float(bed.schema, "cases", "priority"))
    )

    def rows() -> Iterator[Row]:
        asking.start()
        yield from (a_row(f"{number}", 2, number) for number in range(5000))

    assert session.merge(bed.schema, "cases", with_system(PRIORITY), rows()) == 5000
    asking.join(timeout=30)
    assert answers == [True]


def test_a_column_that_is_wider_already_is_never_narrowed(bed: Bed, session: Session) -> None:
    exact = Column("amount", Type.NUMERIC)
    loaded(session, bed, [exact], a_row("1", 1, 12345678901234567890))
    for narrower in (Type.FLOAT, Type.INTEGER):
        session.widen(bed.schema, "cases", Column("amount", narrower))
    session.commit()
    assert column(bed, "amount") == [12345678901234567890]
    assert session.describe(bed.schema)["cases"]["amount"] is Type.NUMERIC


def test_a_schema_is_filled_by_one_owner_only(bed: Bed, session: Session) -> None:
    for _ in range(2):
        session.create_schema(bed.schema, "acme")
    session.create_schema(bed.schema)
    with pytest.raises(ConfigError, match=f"Another workspace fills the schema {bed.schema}") as caught:
        session.create_schema(bed.schema, "other")
    assert caught.value.code == "schema_foreign"


def test_a_schema_that_somebody_else_fills_is_not_renamed(bed: Bed, session: Session) -> None:
    loaded(session, bed, [], a_row("1"))
    session.create_schema(bed.schema, "acme")
    session.rename_schema(bed.schema, f"{bed.schema}_new", "other")
    assert list(session.describe(bed.schema)) == ["cases"]


def test_a_schema_is_renamed_with_its_tables(bed: Bed, session: Session) -> None:
    loaded(session, bed, [], a_row("1"))
    session.rename_schema(bed.schema, f"{bed.schema}_new")
    assert list(session.describe(f"{bed.schema}_new")) == ["cases"]
    session.rename_schema(f"{bed.schema}_new", bed.schema)
    session.commit()


def test_a_schema_is_not_renamed_to_a_taken_name(bed: Bed, session: Session) -> None:
    session.create_schema(f"{bed.schema}_2")
    with pytest.raises(ConfigError, match=f"a schema named {bed.schema}_2") as caught:
        session.rename_schema(bed.schema, f"{bed.schema}_2")
    assert caught.value.code == "schema_taken"


def test_renaming_a_schema_that_is_not_there_changes_nothing(bed: Bed) -> None:
    with bed.engine.open() as session:
        session.rename_schema(bed.schema, f"{bed.schema}_new")
        assert session.describe(f"{bed.schema}_new") == {}


def test_a_sound_connection_passes_every_step(bed: Bed) -> None:
    probes = bed.engine.check()
    assert [probe.name for probe in probes if not probe.ok] == []
    assert probes[-1].name == "rights"
    assert all(probe.message for probe in probes)


def test_every_engine_has_facts_and_a_form_that_hides_its_password() -> None:
    for kind, engine in ENGINES.items():
        assert engine_for(kind) is engine
        assert (engine.kind, bool(engine.name), bool(engine.summary)) == (kind, True, True)
        password = engine.SettingsForm.base_fields.get("password")
        assert password is None or isinstance(password.widget, forms.PasswordInput)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ConfigError, match="no engine oracle") as caught:
        engine_for("oracle")
    assert caught.value.code == "unknown_kind"
