"""Every failure PostgreSQL can tell is a sentence with what to do."""

from __future__ import annotations

import os
from contextlib import closing

import psycopg2
import pytest

from warehouses.engines.sqlstates import AT_CONNECT, BY_CLASS, BY_STATE, Place, explained, refusal
from warehouses.tests.engines.conftest import postgres_settings
from workspace.errors import ConfigError, PublicError, TransientError

PLACE = Place("db.example.com", 5432, "d", "u", "desk_com.cases", "GRANT ALL;")


def raised(state: str) -> psycopg2.Error:
    """The real error of a server that fails with this state."""
    postgres_settings()
    with closing(psycopg2.connect(os.environ["WAREHOUSE_URL"])) as connection, connection.cursor() as cursor:
        with pytest.raises(psycopg2.Error) as caught:
            cursor.execute(f"DO $$BEGIN RAISE EXCEPTION 'as said' USING ERRCODE = '{state}'; END$$")
        return caught.value


@pytest.mark.parametrize("state", sorted([*BY_STATE, *(f"{class_}999" for class_ in BY_CLASS)]))
def test_every_state_has_a_whole_sentence(state: str) -> None:
    error = explained(raised(state), PLACE)
    assert isinstance(error, ConfigError | TransientError)
    assert error.message
    assert error.code
    assert "{" not in error.message + error.action


def test_a_server_that_ends_an_idle_transaction_is_a_lost_connection() -> None:
    error = explained(raised("25P03"), PLACE)
    assert isinstance(error, TransientError)
    assert error.code == "connection_lost"


def test_a_syntax_error_is_a_bug_and_not_the_customers() -> None:
    assert explained(raised("42601"), PLACE) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('FATAL:  password authentication failed for user "u"', "credentials_rejected"),
        ('FATAL:  role "u" does not exist', "credentials_rejected"),
        ('FATAL:  role "u" is not permitted to log in', "login_not_permitted"),
        ('FATAL:  database "d" does not exist', "database_unknown"),
        ('FATAL:  permission denied for database "d"', "permission_denied"),
        (
            'FATAL:  no pg_hba.conf entry for host "1.2.3.4", user "u", database "d", SSL off',
            "address_not_allowed",
        ),
        ("FATAL:  sorry, too many clients already", "too_many_connections"),
        ("FATAL:  the database system is starting up", "database_stopping"),
        ("timeout expired", "no_answer"),
        ("Network is unreachable\n\tIs the server running on that host?", "no_answer"),
        ("SSL error: certificate verify failed", "certificate_not_trusted"),
        ("SSL SYSCALL error: EOF detected", "tls_failed"),
        ("server closed the connection unexpectedly", "connection_lost"),
        ("FATAL:  Passwort-Authentifizierung fehlgeschlagen", "connection_refused"),
    ],
)
def test_a_refused_connection_is_told_by_its_wording(text: str, code: str) -> None:
    where = 'connection to server at "db.example.com" (203.0.113.7), port 5432 failed: '
    error: PublicError = refusal(psycopg2.OperationalError(where + text), PLACE)
    assert error.code == code
    assert "connection to server at" not in error.message


def test_every_wording_has_a_whole_sentence() -> None:
    for fragment, _ in AT_CONNECT:
        error = refusal(psycopg2.OperationalError(fragment), PLACE)
        assert "{" not in error.message + error.action
