"""Database hosts: resolved once, internal addresses refused."""

from __future__ import annotations

import pytest

from warehouses.engines.address import resolve
from workspace.errors import ConfigError

NOBODY: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "2130706433",
        "0.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "64:ff9b::127.0.0.1",
        "2002:7f00:1::",
        "localhost",
    ],
)
def test_internal_addresses_are_refused_in_every_spelling(host: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(host, 5432, NOBODY)
    assert caught.value.code == "address_internal"


@pytest.mark.parametrize("host", ["8.8.8.8", "2001:4860:4860::8888", "64:ff9b::8.8.8.8"])
def test_public_addresses_pass(host: str) -> None:
    assert len(resolve(host, 5432, NOBODY)) == 1


@pytest.mark.parametrize("allowed", ["LOCALHOST", "localhost:5432"])
def test_a_host_the_operator_allowed_passes(allowed: str) -> None:
    assert resolve("localhost", 5432, frozenset({allowed}))


@pytest.mark.parametrize("allowed", ["localhost:5433", "localhost2", "127.0.0.1"])
def test_another_port_or_name_is_not_allowed_with_it(allowed: str) -> None:
    with pytest.raises(ConfigError):
        resolve("localhost", 5432, frozenset({allowed}))


@pytest.mark.parametrize(
    "host", ["/run/db", "@socket", "a,b", "no where", "a..b", "x" * 300, "nowhere.invalid"]
)
def test_what_is_no_host_is_refused_in_words(host: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(host, 5432, NOBODY)
    assert caught.value.code == "host_unknown"


def test_one_address_of_each_family_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    many = ["2001:4860:4860::8888", "2001:4860:4860::8844", "8.8.8.8", "8.8.4.4"]
    monkeypatch.setattr("warehouses.engines.address._lookup", lambda host, port: many)
    assert resolve("db.example.com", 5432, NOBODY) == ["2001:4860:4860::8888", "8.8.8.8"]


def test_one_internal_address_among_public_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warehouses.engines.address._lookup", lambda host, port: ["8.8.8.8", "10.0.0.1"])
    with pytest.raises(ConfigError, match=r"10\.0\.0\.1"):
        resolve("db.example.com", 5432, NOBODY)
