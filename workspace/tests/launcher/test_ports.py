"""A port that somebody takes between choosing and listening."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from workspace.launcher import data, ports, postgres, valkey
from workspace.launcher.accounts import choose_account
from workspace.launcher.errors import LaunchError
from workspace.launcher.installs import SWITCH, postgres_installs, valkey_installs
from workspace.launcher.postgres import Cluster
from workspace.launcher.signals import Signals
from workspace.tests.launcher.launching import Launching


@pytest.fixture
def taken() -> Iterator[int]:
    """A port where a stranger listens."""
    with socket.create_server((ports.LOOPBACK, 0)) as stranger:
        yield stranger.getsockname()[1]


@pytest.fixture
def offered(taken: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ports that will be chosen: first the taken one."""
    choices = [taken, ports.free_port()]
    remaining = iter(choices)
    monkeypatch.setattr(ports, "free_port", lambda: next(remaining))
    return choices


def test_redis_goes_to_another_port(kind: str, offered: list[int], tmp_path: Path) -> None:
    with data.kept(tmp_path, Signals()) as directory:
        keeper = valkey.keeper(valkey_installs({SWITCH: kind})[0], tmp_path, durable=False)
        server = valkey.start(keeper, directory.servers_lock, Signals())
        assert server.port == offered[1]
        assert server.stop()


def test_postgresql_goes_to_another_port(kind: str, each_launching: Launching, offered: list[int]) -> None:
    root = each_launching.data
    install = postgres_installs({SWITCH: kind})[0]
    cluster = Cluster(install, root / postgres.home_name(install), choose_account({}), durable=True)
    with data.kept(root, Signals()) as directory:
        server = postgres.start(cluster, directory.servers_lock, Signals())
        assert server.port == offered[1]
        assert server.stop()


def test_a_port_that_is_taken_every_time_ends_with_the_log(
    any_kind: str, taken: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "free_port", lambda: taken)
    keeper = valkey.keeper(valkey_installs({SWITCH: any_kind})[0], tmp_path, durable=False)
    with data.kept(tmp_path, Signals()) as directory:
        with pytest.raises(LaunchError, match=r"did not start(.|\n)*Address already in use"):
            valkey.start(keeper, directory.servers_lock, Signals())
