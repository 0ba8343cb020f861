"""`manage.py desk_sandbox` as a process."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest
import requests
from django.conf import settings
from django.core.management import CommandError, call_command

from sources.tests.sandbox.conftest import case

ADMIN = ("admin@example.com", "desk-sandbox")


@contextmanager
def running(*options: str) -> Iterator[tuple[str, str]]:
    """The address and everything told before serving begins."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "desk_sandbox", "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    told = ""
    while "control" not in told and (line := process.stdout.readline()):
        told += line
    try:
        yield re.findall(r"http://\S+:\d+", told)[0], told
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
        process.stdout.close()


def test_the_command_serves_an_invented_site_until_interrupted() -> None:
    with running("--cases", "40", "--seed", "3", "--rate-limit", "90", "--faults", "500:path=/users") as (
        url,
        told,
    ):
        reply = requests.get(f"{url}/api/v2/cases", auth=ADMIN, timeout=10)
        assert (reply.json()["total_entries"], reply.headers["x-rate-limit-limit"]) == (40, "90")
        assert requests.get(f"{url}/api/v2/users", auth=ADMIN, timeout=10).status_code == 500
    for secret in ("desk-sandbox-token-secret", "agent@example.com", "password: desk-sandbox"):
        assert secret in told


def test_the_command_serves_an_export_with_a_login_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "cases.jsonl").write_bytes(b"\n".join(orjson.dumps(case(own)) for own in (7, 8, 9)))
    options = ("--data", str(tmp_path), "--email", "me@mine.example", "--password", "hunter2", "--live")
    with running(*options) as (url, told):
        reply = requests.get(f"{url}/api/v2/cases", auth=("me@mine.example", "hunter2"), timeout=10)
        assert reply.json()["_embedded"]["entries"][0]["id"] == 7
        assert requests.get(f"{url}/_sandbox/", timeout=10).json()["live"] is True
    assert "hunter2" not in told


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--faults", "earthquake"), "There is no fault"),
        (("--data", "/nowhere"), "There is no folder /nowhere"),
        (("--cases", "0"), "from 1 on"),
        (("--port", "70000"), "from 0 to 65535"),
        (("--rate-limit", "-1"), "from 0 on"),
    ],
)
def test_bad_options_end_with_a_sentence(options: tuple[str, ...], told: str) -> None:
    with pytest.raises(CommandError, match=told):
        call_command("desk_sandbox", "--cases", "10", "--port", "0", *options)


def test_a_port_that_is_taken_is_told() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(CommandError, match="cannot be served"),
    ):
        call_command("desk_sandbox", "--cases", "10", "--port", str(taken.getsockname()[1]))
