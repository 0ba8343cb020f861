"""What the command finds: real servers, the same data as last time, nothing that was not asked for."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest
import redis

from workspace.launcher.installs import SWITCH
from workspace.tests.launcher.launching import SHOW_ENVIRONMENT, Launching


@contextmanager
def running(launching: Launching) -> Iterator[dict[str, str]]:
    """The environment of a command that waits, for use from outside."""
    script = f"""echo ready; {launching.python} -c '{SHOW_ENVIRONMENT}'; sleep 600"""
    with launching.start("sh", "-c", script).ended() as launched:
        assert launched.process.stdout is not None
        yield json.loads(launched.process.stdout.readline())


@pytest.fixture(scope="module")
def exported(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """One launcher of each kind for all tests that only look."""
    with running(Launching(tmp_path_factory.mktemp("looked-at"), {SWITCH: kind})) as environ:
        yield environ


def ask(url: str, statement: str) -> Any:
    """The first row of the answer."""
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone() if cursor.description else None
    finally:
        connection.close()


def test_a_command_gets_two_databases_of_one_server_and_a_queue(exported: dict[str, str]) -> None:
    where = "SELECT current_database(), inet_server_port()"
    app, warehouse = (ask(exported[name], where) for name in ("DATABASE_URL", "WAREHOUSE_URL"))
    assert (app[0], warehouse[0]) == ("tributary", "warehouse")
    assert app[1] == warehouse[1]
    assert redis.from_url(exported["REDIS_URL"]).ping()


def test_kept_data_are_written_safely(exported: dict[str, str]) -> None:
    names = "('fsync', 'full_page_writes', 'synchronous_commit')"
    statement = f"SELECT array_agg(DISTINCT setting) FROM pg_settings WHERE name IN {names}"
    assert ask(exported["DATABASE_URL"], statement) == (["on"],)
    assert redis.from_url(exported["REDIS_URL"]).config_get("append*")["appendonly"] == "yes"


def test_lz4_is_the_default_where_the_build_has_it(exported: dict[str, str]) -> None:
    statement = (
        "SELECT 'lz4' = ANY(enumvals), setting FROM pg_settings WHERE name = 'default_toast_compression'"
    )
    assert ask(exported["DATABASE_URL"], statement) in {(True, "lz4"), (False, "pglz")}


def test_a_local_user_without_the_password_gets_in_nowhere(exported: dict[str, str]) -> None:
    address = urlsplit(exported["DATABASE_URL"])
    stranger = address._replace(netloc=f"app:guess@{address.hostname}:{address.port}").geturl()
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(stranger)
    queue = urlsplit(exported["REDIS_URL"])
    with socket.create_connection((str(queue.hostname), int(queue.port or 0))) as connection:
        connection.sendall(b"PING\r\n")
        assert connection.recv(7) == b"-NOAUTH"


def test_data_and_queue_survive_a_restart(each_launching: Launching) -> None:
    with running(each_launching) as first:
        ask(first["WAREHOUSE_URL"], "CREATE TABLE kept AS SELECT 42 AS answer")
        redis.from_url(first["REDIS_URL"]).rpush("queue", "task")
    with running(each_launching) as second:
        assert ask(second["WAREHOUSE_URL"], "SELECT answer FROM kept") == (42,)
        assert redis.from_url(second["REDIS_URL"]).lpop("queue") == b"task"
    assert [first[name] for name in ("SECRET_KEY", "CREDENTIAL_KEYS")] == [
        second[name] for name in ("SECRET_KEY", "CREDENTIAL_KEYS")
    ]


@pytest.mark.parametrize(("command", "status"), [("exit 7", 7), ("kill -KILL $$", 137)])
def test_the_status_is_the_commands_and_so_is_the_standard_output(
    launching: Launching, command: str, status: int
) -> None:
    answer = launching.run("sh", "-c", command)
    assert (answer.returncode, answer.stdout) == (status, "")


def test_servers_named_from_outside_win_and_nothing_is_started(fresh: Launching) -> None:
    outside = {"DATABASE_URL": "postgres://far/db", "REDIS_URL": "redis://far", "WAREHOUSE_URL": ""}
    seen = replace(fresh, extra=outside).exported()
    assert (seen["DATABASE_URL"], seen["REDIS_URL"]) == ("postgres://far/db", "redis://far")
    assert "WAREHOUSE_URL" not in seen
    assert [path.name for path in fresh.data.iterdir()] == ["secrets.env"]


def test_only_the_missing_server_is_started(fresh: Launching) -> None:
    seen = replace(fresh, extra={"DATABASE_URL": "postgres://far/db"}).exported()
    assert seen["REDIS_URL"].startswith("redis://:")
    left = {path.name for path in fresh.data.iterdir()}
    assert left == {"launcher.lock", "servers.lock", "secrets.env", "valkey"}


def test_temporary_data_are_gone_afterwards(fresh: Launching) -> None:
    extra = {"TMPDIR": str(fresh.home)}
    answer = replace(fresh, options=("--temporary",), extra=extra).run("ls")
    assert answer.stdout.startswith("tributary-launcher-")
    assert list(fresh.home.iterdir()) == []


def test_an_unknown_command_is_one_sentence(launching: Launching) -> None:
    answer = launching.run("no-such-command")
    assert answer.returncode == 125
    assert answer.stderr.endswith("launcher: no-such-command cannot be run: No such file or directory.\n")


def test_an_unknown_kind_of_servers_is_one_sentence(fresh: Launching) -> None:
    answer = replace(fresh, extra={SWITCH: "docker"}).run("true")
    assert answer.returncode == 125
    assert answer.stderr == f"launcher: {SWITCH} must be system or wheels, not 'docker'.\n"
