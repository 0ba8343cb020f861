"""What is PostgreSQL's own: connecting, rights, tables that somebody changed, and how rows go in."""

from __future__ import annotations

import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warehouses.engines import postgres_link
from warehouses.engines.base import Probe, Session
from warehouses.engines.postgres import Postgres, PostgresForm
from warehouses.tests.engines.conftest import MOMENT, Bed, a_row, postgres_bed, postgres_settings, with_system
from workspace.errors import ConfigError, PublicError, TransientError
from workspace.hub.columns import Column, Type

SUBJECT, PRIORITY = Column("subject", Type.TEXT), Column("priority", Type.INTEGER)
LABELS = Column("labels", Type.TEXT)


@pytest.fixture
def bed() -> Iterator[Bed]:
    with postgres_bed() as bed:
        yield bed


@pytest.fixture
def cases(bed: Bed, session: Session) -> Session:
    """A session in which a table of cases with one row is committed."""
    session.create_table(bed.schema, "cases", [SUBJECT, PRIORITY])
    session.merge(bed.schema, "cases", with_system(SUBJECT, PRIORITY), [a_row("1", 1, "a", 1)])
    session.commit()
    return session


def merged(session: Session, bed: Bed, *columns: Column, values: tuple[Any, ...]) -> None:
    session.merge(bed.schema, "cases", with_system(*columns), [a_row("1", 2, *values)])
    session.commit()


def an_engine(**changed: Any) -> Postgres:
    place = postgres_settings() | changed
    return Postgres(place, frozenset({postgres_settings()["host"], place["host"]}))


def failed(engine: Postgres) -> Probe:
    """The step of the connection test that fails; those before it passed."""
    *passed, last = engine.check()
    assert all(probe.ok for probe in passed)
    assert not last.ok
    return last


def disconnect(bed: Bed) -> None:
    """End whoever works on the bed's cases."""
    table = bed.table("cases")
    bed.read(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks"
        f" WHERE relation = '{table}'::regclass AND pid <> pg_backend_pid()"
    )


@contextmanager
def a_user(bed: Bed, *grants: str) -> Iterator[Postgres]:
    """The engine as a new user with these grants; `{user}` and `{schema}` stand for their names."""
    user = f"user_{uuid.uuid4().hex[:12]}"
    bed.read(f"CREATE ROLE {user} LOGIN PASSWORD 'secret'")
    for grant in grants:
        bed.read(grant.format(user=user, schema=bed.schema))
    try:
        yield an_engine(user=user, password="secret")
    finally:
        bed.read(f"DROP OWNED BY {user}")
        bed.read(f"DROP ROLE {user}")


def test_an_unchanged_row_is_not_touched_at_all(bed: Bed, cases: Session) -> None:
    before = bed.read(f"SELECT xmin, ctid FROM {bed.table('cases')}")
    cases.merge(bed.schema, "cases", with_system(SUBJECT, PRIORITY), [a_row("1", 1, "other", 2)])
    cases.commit()
    assert bed.read(f"SELECT xmin, ctid FROM {bed.table('cases')}") == before


def test_a_table_being_filled_takes_changed_rows_in_between(bed: Bed, session: Session) -> None:
    session.create_table(bed.schema, "cases", [SUBJECT])
    written = [
        session.merge(bed.schema, "cases", with_system(SUBJECT), [a_row(id_, version, "a") for id_ in ids])
        for version, ids in [(1, "12"), (2, "34"), (3, "45"), (4, "67"), (1, "1")]
    ]
    assert written == [2, 2, 2, 2, 1]
    assert session.count(bed.schema, "cases").rows == 7


def test_a_row_somebody_else_inserted_is_overtaken(bed: Bed, cases: Session) -> None:
    bed.read(f"INSERT INTO {bed.table('cases')} (id, subject) VALUES ('2', 'by hand')")
    written = cases.merge(bed.schema, "cases", with_system(SUBJECT), [a_row("2", 1, "ours")])
    cases.commit()
    assert (written, bed.read(f"SELECT subject FROM {bed.table('cases')} WHERE id = '2'")) == (1, [("ours",)])


@given(
    values=st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), max_size=20)
)
@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_kept_to_the_letter(bed: Bed, session: Session, values: list[str]) -> None:
    session.create_table(bed.schema, "cases", [SUBJECT])
    rows = [a_row(f"{number + 10}", 1, value) for number, value in enumerate(values)]
    session.merge(bed.schema, "cases", with_system(SUBJECT), iter(rows))
    session.commit()
    stored = bed.read(f"SELECT subject FROM {bed.table('cases')} ORDER BY id")
    bed.read(f"DROP TABLE {bed.table('cases')}")
    assert [value for (value,) in stored] == values


def test_types_somebody_chose_are_described_as_ours(bed: Bed, session: Session) -> None:
    session.commit()
    bed.read(
        f"CREATE DOMAIN {bed.table('small')} AS int2; CREATE TABLE {bed.table('t')} (a varchar(9), b int4, c float4,"
        f" d date, e timestamp, f jsonb, g uuid, h numeric(9, 2), i {bed.table('small')})"
    )
    types = [str(type_) for type_ in session.describe(bed.schema)["t"].values()]
    assert types == ["text", "integer", "float", *["timestamp"] * 2, "text", "text", "numeric", "integer"]


def test_a_text_column_made_jsonb_goes_on_working(bed: Bed, session: Session) -> None:
    session.create_table(bed.schema, "cases", [LABELS])
    session.commit()
    bed.read(f"ALTER TABLE {bed.table('cases')} ALTER labels TYPE jsonb USING labels::jsonb")
    for version in (1, 2):
        row = a_row("1", version, f'["a", {version}]')
        session.merge(bed.schema, "cases", with_system(LABELS), [row])
        assert session.differing(bed.schema, "cases", with_system(LABELS), [row]) == []
    session.commit()
    assert bed.read(f"SELECT labels ->> 1 FROM {bed.table('cases')}") == [("2",)]


@pytest.mark.parametrize(
    ("change", "values", "code", "sentence"),
    [
        ("ALTER priority TYPE int2", ("a", 2**40), "column_too_narrow", "the column priority of"),
        ("ALTER subject TYPE varchar(3)", ("four", 1), "column_too_narrow", "the column subject of"),
        ("ALTER subject TYPE uuid USING NULL", ("four", 1), "column_type", "The column subject of"),
        ("ALTER priority SET NOT NULL", ("a", None), "column_required", "The column priority of"),
        ("ADD CHECK (priority < 5)", ("a", 9), "database_refused", "check constraint"),
        ("DROP CONSTRAINT cases_pkey", ("a", 1), "key_missing", "lost its primary key"),
    ],
)
def test_a_table_somebody_changed_is_named_with_what_to_do(
    bed: Bed, cases: Session, change: str, values: tuple[Any, ...], code: str, sentence: str
) -> None:
    bed.read(f"ALTER TABLE {bed.table('cases')} {change}")
    with pytest.raises(ConfigError, match=sentence) as caught:
        merged(cases, bed, SUBJECT, PRIORITY, values=values)
    assert caught.value.code == code
    assert f"{bed.schema}.cases" in caught.value.message
    assert "four" not in caught.value.message


def test_a_table_dropped_meanwhile_is_tried_again(bed: Bed, cases: Session) -> None:
    bed.read(f"DROP TABLE {bed.table('cases')}")
    with pytest.raises(TransientError) as caught:
        merged(cases, bed, SUBJECT, values=("b",))
    assert caught.value.code == "table_changed"


def test_a_view_on_a_column_that_has_to_widen_is_named(bed: Bed, cases: Session) -> None:
    bed.read(f"CREATE VIEW {bed.table('report')} AS SELECT priority FROM {bed.table('cases')}")
    with pytest.raises(ConfigError, match="report") as caught:
        cases.widen(bed.schema, "cases", Column("priority", Type.TEXT))
    assert caught.value.code == "column_in_use"


def test_a_view_of_the_tables_name_is_in_the_way(bed: Bed, session: Session) -> None:
    session.commit()
    bed.read(f"CREATE VIEW {bed.table('cases')} AS SELECT 1 AS id")
    with pytest.raises(ConfigError) as caught:
        session.create_table(bed.schema, "cases", [])
    assert caught.value.code == "table_taken"


def test_more_columns_than_the_database_allows_are_told(bed: Bed, session: Session) -> None:
    session.create_table(bed.schema, "cases", [])
    with pytest.raises(ConfigError) as caught:
        session.add_columns(bed.schema, "cases", [Column(f"c{number}", Type.TEXT) for number in range(1600)])
    assert caught.value.code == "too_many_columns"


def test_a_table_locked_by_somebody_else_is_tried_again(
    bed: Bed, cases: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(postgres_link.SETTINGS, "lock_timeout", "200ms")
    with bed.engine.open() as impatient:
        cases.add_columns(bed.schema, "cases", [LABELS])
        with pytest.raises(TransientError, match=rf"{bed.schema}\.cases was locked") as caught:
            impatient.count(bed.schema, "cases")
    assert caught.value.code == "locked"


def test_missing_rights_on_the_database_come_with_the_statement(bed: Bed) -> None:
    database = postgres_settings()["database"]
    with a_user(bed) as engine:
        probe = failed(engine)
    assert probe.name == "rights"
    assert (
        f"The user {engine.settings['user']} lacks a right: permission denied for database" in probe.message
    )
    assert probe.action == f'GRANT CREATE ON DATABASE "{database}" TO "{engine.settings["user"]}";'


def test_the_statement_for_missing_rights_mends_them(bed: Bed, cases: Session) -> None:
    with a_user(bed) as engine, engine.open() as session:
        with pytest.raises(ConfigError) as caught:
            session.merge(bed.schema, "cases", with_system(SUBJECT), [a_row("2")])
        session.rollback()
        bed.read(caught.value.action)
        assert session.merge(bed.schema, "cases", with_system(SUBJECT), [a_row("2")]) == 1
    assert caught.value.code == "permission_denied"


def test_a_schema_that_is_there_needs_no_right_to_create_one(bed: Bed, session: Session) -> None:
    session.commit()
    with a_user(bed, 'GRANT USAGE, CREATE ON SCHEMA "{schema}" TO {user}') as engine, engine.open() as other:
        other.create_schema(bed.schema)
        other.create_table(bed.schema, "cases", [])
        assert other.merge(bed.schema, "cases", with_system(), [a_row("1")]) == 1
        other.commit()


def test_a_table_of_another_owner_cannot_be_altered(bed: Bed, cases: Session) -> None:
    with a_user(bed, 'GRANT ALL ON SCHEMA "{schema}" TO {user}') as engine, engine.open() as session:
        with pytest.raises(ConfigError, match="must be owner") as caught:
            session.add_columns(bed.schema, "cases", [LABELS])
    assert caught.value.action.startswith(f'ALTER TABLE "{bed.schema}"."cases" OWNER TO "user_')


def test_a_read_only_database_is_named_as_such(bed: Bed) -> None:
    grants = ("ALTER ROLE {user} SET default_transaction_read_only = on",)
    with a_user(bed, *grants) as engine:
        probe = failed(engine)
    assert (probe.name, probe.action) == ("rights", "Enter the host of the primary server.")


def test_a_wrong_password_is_told_without_showing_it() -> None:
    probe = failed(an_engine(password="hunter2"))
    assert (probe.name, probe.ok) == ("login", False)
    assert "rejected the user" in probe.message
    assert "hunter2" not in repr(probe)


def test_an_unknown_database_is_named() -> None:
    probe = failed(an_engine(database="nowhere"))
    assert (probe.name, "no database named nowhere" in probe.message) == ("login", True)


def test_a_port_nobody_listens_on_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    probe = failed(an_engine(host="127.0.0.1", port=port))
    assert (probe.name, f"Nothing listens on port {port}" in probe.message) == ("connect", True)


def test_a_port_of_something_else_is_told() -> None:
    def answer(listener: socket.socket) -> None:
        client, _ = listener.accept()
        with client:
            client.recv(8)
            client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=answer, args=(listener,), daemon=True).start()
        probe = failed(an_engine(host="127.0.0.1", port=listener.getsockname()[1], tls="require"))
    assert (probe.name, "not PostgreSQL" in probe.message) == ("connect", True)


def test_a_host_that_does_not_exist_fails_at_the_first_step() -> None:
    probe = failed(an_engine(host="nowhere.invalid"))
    assert probe.name == "dns"
    assert "nowhere.invalid" in probe.message


def test_an_internal_address_is_refused_unless_the_operator_allowed_it() -> None:
    probe = failed(Postgres(postgres_settings()))
    assert (probe.name, "internal address" in probe.message) == ("dns", True)
    assert "OUTBOUND_ALLOWED_HOSTS=" in probe.action


def test_a_socket_of_this_machine_is_refused() -> None:
    assert failed(an_engine(host="/var/run/postgresql")).name == "dns"


def test_an_unencrypted_connection_needs_the_operators_word(monkeypatch: pytest.MonkeyPatch) -> None:
    place = postgres_settings()
    monkeypatch.setattr("warehouses.engines.address.is_public", lambda address: True)
    probe = failed(Postgres(place))
    assert (probe.name, probe.message) == ("tls", f"The connection to {place['host']} has to be encrypted.")


def test_a_lost_connection_is_tried_again(bed: Bed, cases: Session) -> None:
    cases.count(bed.schema, "cases")
    disconnect(bed)
    with pytest.raises(TransientError):
        cases.count(bed.schema, "cases")
    cases.rollback()
    with pytest.raises(TransientError) as caught:
        cases.count(bed.schema, "cases")
    assert caught.value.code == "connection_lost"


def test_a_connection_lost_at_the_commit_leaves_the_outcome_open(bed: Bed, cases: Session) -> None:
    cases.merge(bed.schema, "cases", with_system(SUBJECT), [a_row("2", 1, "b")])
    disconnect(bed)
    with pytest.raises(TransientError) as caught:
        cases.commit()
    assert caught.value.code == "commit_unknown"


def test_errors_of_the_connection_carry_no_password() -> None:
    engine = an_engine(password="hunter2", port=1, host="127.0.0.1")
    with pytest.raises(PublicError) as caught, engine.open():
        pass
    assert "hunter2" not in f"{caught.value.message}{caught.value.action}{caught.value.__cause__}"


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("host", "postgres://u:p@db.example.com/x", "not a whole URL"),
        ("host", "db.example.com:5432", "port in its own field"),
        ("host", "/run/db", "one host"),
        ("host", "a,b", "one host"),
        ("port", "70000", "65535"),
        ("ca", "nonsense", "not a certificate"),
        ("tls", "prefer", "not one of the available choices"),
    ],
)
def test_the_form_says_what_is_wrong_with_a_field(field: str, value: str, complaint: str) -> None:
    entered = {"host": "db.example.com", "database": "d", "user": "u", "password": "p"}
    form = PostgresForm(entered | {field: value})
    assert not form.is_valid()
    assert complaint in form.errors[field][0]


def test_the_form_fills_in_port_and_tls() -> None:
    form = PostgresForm({"host": " db.example.com. ", "database": "d", "user": "u", "password": " p "})
    assert form.is_valid()
    assert {**form.cleaned_data} == {
        "host": "db.example.com", "port": 5432, "database": "d", "user": "u", "password": " p ",
        "tls": "verify-full", "ca": "",
    }  # fmt: skip


def test_times_are_stored_in_utc_whatever_the_users_zone(bed: Bed) -> None:
    right = f'GRANT CREATE ON DATABASE "{postgres_settings()["database"]}" TO {{user}}'
    zone = "ALTER ROLE {user} SET timezone = 'Asia/Tokyo'"
    with a_user(bed, right, zone) as engine, engine.open() as session:
        session.create_schema(bed.schema)
        session.create_table(bed.schema, "cases", [])
        session.merge(bed.schema, "cases", with_system(), [a_row("1")])
        session.commit()
        ((received_at,),) = bed.read(f"SELECT received_at::text FROM {bed.table('cases')}")
    assert received_at == "2013-05-09 17:02:16+00"


def test_a_timestamp_that_becomes_text_is_told_in_utc_whatever_the_users_zone(
    bed: Bed, cases: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGTZ", "Asia/Tokyo")
    with bed.engine.open() as session:
        due = Column("due", Type.TIMESTAMP)
        session.add_columns(bed.schema, "cases", [due])
        merged(session, bed, SUBJECT, PRIORITY, due, values=("a", 1, MOMENT))
        session.widen(bed.schema, "cases", Column("due", Type.TEXT))
        session.commit()
    assert bed.read(f"SELECT due FROM {bed.table('cases')}") == [(MOMENT,)]


def test_what_the_comment_on_a_schema_says_is_kept_beside_the_owner(bed: Bed, session: Session) -> None:
    session.commit()
    bed.read(f"COMMENT ON SCHEMA {bed.schema} IS 'Support''s cases'")
    session.create_schema(bed.schema, "acme")
    session.commit()
    comment = bed.read(f"SELECT obj_description('{bed.schema}'::regnamespace)")
    assert comment == [("Support's cases [filled by Tributary for acme]",)]
    bed.read(f"COMMENT ON SCHEMA {bed.schema} IS NULL")
    session.create_schema(bed.schema, "other")
