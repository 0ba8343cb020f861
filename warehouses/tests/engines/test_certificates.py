"""Certificates of databases: verified as far as was chosen, and what is wrong with one is told.

TLS is spoken by OpenSSL in front of the real database; who verifies is libpq.
"""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from warehouses.engines.base import Probe
from warehouses.engines.certificates import why_not_trusted
from warehouses.engines.postgres import Postgres, PostgresForm
from warehouses.tests.engines.conftest import postgres_settings
from warehouses.tests.engines.tls_relay import relay, self_signed, signed_by_another

LOCAL = "127.0.0.1"


def tls_of(certificate: Path, key: Path, **chosen: Any) -> Probe:
    """The step of the connection test about a server with this certificate."""
    place = postgres_settings()
    with relay((place["host"], place["port"]), certificate, key) as port:
        there = place | {"host": LOCAL, "port": port} | chosen
        probes = Postgres(there, frozenset({LOCAL})).check()
    return {probe.name: probe for probe in probes}["tls"]


def test_a_new_warehouse_is_verified_unless_somebody_chooses_less() -> None:
    assert PostgresForm()["tls"].initial == "verify-full"
    entered = {"host": "db.example.com", "database": "d", "user": "u"}
    assert PostgresForm(entered).is_valid()
    chosen = [PostgresForm(entered | {"tls": mode}) for mode in ("", "verify-ca", "require", "disable")]
    assert [form.is_valid() and form.cleaned_data["tls"] for form in chosen] == [
        "verify-full", "verify-ca", "require", "disable",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("mode", "named", "trusted", "passes"),
    [
        ("require", "elsewhere.example", False, True),
        ("verify-ca", "elsewhere.example", True, True),
        ("verify-ca", LOCAL, False, False),
        ("verify-full", LOCAL, True, True),
        ("verify-full", "elsewhere.example", True, False),
    ],
)
def test_certificates_are_verified_as_far_as_the_mode_says(
    tmp_path: Path, mode: str, named: str, trusted: bool, passes: bool
) -> None:
    certificate, key = self_signed(tmp_path, named)
    probe = tls_of(certificate, key, tls=mode, ca=certificate.read_text() if trusted else "")
    assert probe.ok is passes
    assert not passes or "verified" in probe.message
    assert ("not verified" in probe.message) is (mode == "require" or (mode == "verify-ca" and passes))


@pytest.mark.parametrize("mode", ["verify-ca", "verify-full"])
@pytest.mark.parametrize(
    ("days", "message", "action"),
    [
        ((-2, -1), "has expired", "Have it renewed"),
        ((1, 2), "is not valid yet", "Check the clock"),
    ],
)
def test_a_certificate_out_of_its_time_is_refused(
    tmp_path: Path, mode: str, days: tuple[int, int], message: str, action: str
) -> None:
    certificate, key = self_signed(tmp_path, LOCAL, days)
    probe = tls_of(certificate, key, tls=mode, ca=certificate.read_text())
    assert (probe.ok, message in probe.message, action in probe.action) == (False, True, True)


def test_a_certificate_signed_by_itself_is_refused_until_it_is_given(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path, LOCAL)
    probe = tls_of(certificate, key, tls="verify-full", ca="")
    assert (probe.ok, "signed by itself" in probe.message) == (False, True)
    assert "Paste it under CA certificate" in probe.action
    assert "Encrypt, verify nothing" in probe.action
    assert tls_of(certificate, key, tls="verify-full", ca=certificate.read_text()).ok


def test_an_unknown_authority_is_refused_until_it_is_given(tmp_path: Path) -> None:
    certificate, key, ca = signed_by_another(tmp_path, LOCAL)
    probe = tls_of(certificate, key, tls="verify-full", ca="")
    assert (probe.ok, "an authority that is not trusted" in probe.message) == (False, True)
    assert "Paste the certificate of that authority" in probe.action
    assert tls_of(certificate, key, tls="verify-full", ca=ca.read_text()).ok


def test_another_authority_than_the_one_given_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    certificate, key, _ = signed_by_another(tmp_path, LOCAL)
    *_, other = signed_by_another(tmp_path / "other", LOCAL)
    assert not tls_of(certificate, key, tls="verify-full", ca=other.read_text()).ok


def test_a_certificate_for_another_name_is_refused_and_the_name_told(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path, "db.example.com")
    probe = tls_of(certificate, key, tls="verify-full", ca=certificate.read_text())
    assert (probe.ok, f"The certificate is not for {LOCAL}" in probe.message) == (False, True)
    assert "db.example.com" in probe.message
    assert "Enter the host by the name" in probe.action


@pytest.mark.parametrize("mode", ["verify-full", "verify-ca", "require"])
def test_a_server_without_tls_is_told_with_what_to_choose(mode: str) -> None:
    place = postgres_settings() | {"tls": mode}
    probe = Postgres(place, frozenset({place["host"]})).check()[-1]
    assert (probe.name, probe.ok, "does not offer TLS" in probe.message) == ("tls", False, True)
    assert "choose “Do not encrypt”" in probe.action


def test_settings_from_before_keep_what_they_chose(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path, "elsewhere.example")
    assert tls_of(certificate, key, tls="require").ok
    assert tls_of(certificate, key, tls="").ok  # was `require`


def test_the_second_look_ends_where_nobody_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warehouses.engines.certificates.PATIENCE", 0.1)
    certificate, _ = self_signed(tmp_path, LOCAL)
    with socket.create_server((LOCAL, 0)) as silent:
        port = silent.getsockname()[1]
        assert why_not_trusted([LOCAL], port, str(certificate)) == ""
    assert why_not_trusted([LOCAL], port, str(certificate)) == ""
