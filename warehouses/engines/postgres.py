"""PostgreSQL, any provider's: how to reach it, how to test that, and which failures mean what."""

from __future__ import annotations

import secrets
import ssl
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Any, ClassVar

import certifi
import psycopg2
from django import forms

from warehouses.engines.address import is_allowed, resolve
from warehouses.engines.base import Engine, Probe, Session
from warehouses.engines.certificates import why_not_trusted
from warehouses.engines.postgres_link import GRACE, Link
from warehouses.engines.postgres_session import PostgresSession
from warehouses.engines.sqlstates import Place, distrust, refusal, silence
from workspace.errors import ConfigError, PublicError
from workspace.hub.columns import SYSTEM
from workspace.within import done_within

TLS_MODES = (
    ("verify-full", "Encrypt, verify certificate and host name"),
    ("verify-ca", "Encrypt, verify the certificate"),
    ("require", "Encrypt, verify nothing"),
    ("disable", "Do not encrypt"),
)

VERIFIED = {
    "verify-full": "certificate and host name verified",
    "verify-ca": "certificate verified, host name not verified",
    "require": "certificate not verified",
}

PREPARATION = """CREATE USER tributary PASSWORD '…';
CREATE DATABASE warehouse OWNER tributary;
-- or, for a database that is there already:
GRANT CONNECT, CREATE ON DATABASE … TO tributary;"""

CONNECT, CHECK = 10, 9
"""Seconds for each address of the host, and for a whole connection test, which somebody waits for."""

FIXED = {
    "application_name": "tributary",
    "client_encoding": "UTF8",
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
    "gssencmode": "disable",
    # What lies in this machine's home directory is not for a customer's server.
    "sslcertmode": "disable",
    "passfile": "/nonexistent",
}
"""libpq's options that are the same for every database."""

OUR_TABLES = ("django_migrations", "hub_object", "warehouses_watermark")
"""Where these are in one schema, an installation keeps its own data."""

STEPS = ("dns", "connect", "tls", "login", "rights")
STEP_OF_CODE = {
    "host_unknown": "dns",
    "dns_away": "dns",
    "address_internal": "dns",
    "refused": "connect",
    "no_answer": "connect",
    "not_postgresql": "connect",
    "connection_lost": "connect",
    "tls_required": "tls",
    "tls_unsupported": "tls",
    "tls_failed": "tls",
    "certificate_not_trusted": "tls",
}
"""The step of the connection test a failure belongs to; whatever else fails before the rights is the login."""


class PostgresForm(forms.Form):
    """Where the database is and who we are there; `cleaned_data` is what Postgres takes."""

    host = forms.CharField(
        max_length=255,
        help_text="The host alone, such as db.example.com, without postgres:// and without the port.",
    )
    port = forms.IntegerField(
        min_value=1, max_value=65535, initial=5432, required=False, help_text="Usually 5432."
    )
    database = forms.CharField(
        max_length=63,
        strip=False,
        help_text="The database to load into; each source gets a schema of its own there.",
    )
    user = forms.CharField(
        max_length=63,
        strip=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="A user of its own for us, with the right to create schemas: GRANT CREATE ON DATABASE … TO …;",
    )
    password = forms.CharField(
        max_length=1000,
        strip=False,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Kept encrypted and never shown again.",
    )
    tls = forms.ChoiceField(
        label="TLS",
        choices=TLS_MODES,
        initial="verify-full",
        required=False,
        help_text="Without the host name, any server with a certificate of the same authority is believed; with "
        "nothing verified, whoever is in between. Not encrypting takes a host that this installation allows.",
    )
    ca = forms.CharField(
        label="CA certificate",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="PEM text of the authority to verify against; empty: the public authorities.",
    )

    def clean_host(self) -> str:
        """The bare host; a pasted URL, port or socket path is refused with a hint."""
        host = str(self.cleaned_data["host"]).strip().rstrip(".")
        if "://" in host or "@" in host:
            raise forms.ValidationError("Enter the host alone, not a whole URL.")
        if "/" in host or "," in host or any(character.isspace() for character in host) or not host:
            raise forms.ValidationError("Enter the name or address of one host.")
        name, _, port = host.rpartition(":")
        if name and ":" not in name and port.isdigit():
            raise forms.ValidationError("Enter the port in its own field.")
        return host

    def clean_port(self) -> int:
        """5432 unless another is given."""
        return self.cleaned_data["port"] or 5432

    def clean_tls(self) -> str:
        """The strictest unless another mode is given."""
        return self.cleaned_data["tls"] or "verify-full"

    def clean_ca(self) -> str:
        """The certificates, once OpenSSL has read them."""
        pem = str(self.cleaned_data["ca"]).strip()
        if pem:
            try:
                ssl.create_default_context(cadata=pem)
            except (ssl.SSLError, ValueError) as error:
                raise forms.ValidationError("This is not a certificate in PEM format.") from error
        return pem


class Postgres(Engine):
    """A PostgreSQL database, version 12 or later."""

    kind: ClassVar[str] = "postgres"
    name: ClassVar[str] = "Postgres"
    summary: ClassVar[str] = "Loads into a PostgreSQL database of any provider."
    SettingsForm: ClassVar[type[forms.Form]] = PostgresForm
    needs: ClassVar[tuple[str, ...]] = (
        "PostgreSQL 12 or later, of any provider, that this installation can reach.",
        "TLS, unless whoever runs this installation allows the host without.",
        "A user of its own that may create schemas in the database.",
    )
    preparation: ClassVar[str] = PREPARATION
    address_fields: ClassVar[tuple[str, ...]] = ("host", "port")
    place_fields: ClassVar[tuple[str, ...]] = ("host", "port", "database")

    @contextmanager
    def open(self) -> Iterator[Session]:
        with closing(Link(self._connect(self._addresses(), CONNECT), self._place)) as link:
            yield PostgresSession(link, self._place)

    def check(self) -> list[Probe]:
        place, began = self._place, time.monotonic()
        try:
            found = done_within(CHECK, self._reached, lambda late: late[1].close())
            if found is None:
                raise silence(place)
        except PublicError as error:
            return [*self._steps_before(error), Probe(_step(error), False, error.message, error.action)]
        address, connection = found
        with closing(Link(connection, place, CHECK)) as link:
            passed = [
                Probe("dns", True, f"{place.host} is {address}."),
                Probe("connect", True, f"PostgreSQL answers on port {place.port}."),
                Probe("tls", True, self._encryption(connection)),
                Probe("login", True, f"{place.user} is logged in to {place.database}."),
            ]
            return [*passed, self._rights(link, CHECK - (time.monotonic() - began))]

    @property
    def _place(self) -> Place:
        settings = self.settings
        return Place(settings["host"], int(settings["port"]), settings["database"], settings["user"])

    @property
    def _tls(self) -> str:
        return self.settings.get("tls") or "require"

    def _reached(self) -> tuple[str, Any]:
        """The host's address and a connection, in less time than a test has for all."""
        addresses = self._addresses()
        return addresses[0], self._connect(addresses, max(1, (CHECK - 1) // len(addresses)))

    def _addresses(self) -> list[str]:
        return resolve(self._place.host, self._place.port, self.allowed_hosts)

    def _connect(self, addresses: list[str], seconds: int) -> Any:
        """A connection with bounded waits to the addresses that were looked at; `seconds` for each."""
        place = self._place
        self._refuse_plain_text()
        with self._authorities() as authorities:
            connect = partial(
                psycopg2.connect,
                host=",".join([place.host] * len(addresses)),
                hostaddr=",".join(addresses),
                port=place.port,
                dbname=place.database,
                user=place.user,
                password=self.settings.get("password") or "",
                sslmode=self._tls,
                sslrootcert=authorities,
                connect_timeout=seconds,
                **FIXED,
            )
            # libpq bounds what it does, but psycopg2 may ask something more of its own.
            limit = seconds * len(addresses) + GRACE
            try:
                connection = done_within(limit, connect, lambda late: late.close())
            except psycopg2.Error as error:
                raise self._explained(refusal(error, place), addresses, authorities) from error
        if connection is None:
            raise silence(place)
        return connection

    def _explained(self, error: PublicError, addresses: list[str], authorities: str | None) -> PublicError:
        """The failure, with what is wrong with a certificate where libpq did not say it."""
        if authorities and "verify failed" in error.message:
            reason = why_not_trusted(addresses, self._place.port, authorities)
            return distrust(reason, self._place) if reason else error
        return error

    def _refuse_plain_text(self) -> None:
        """Without TLS password and data cross the network readable: only to hosts the operator vouches for."""
        place = self._place
        if self._tls == "disable" and not is_allowed(place.host, place.port, self.allowed_hosts):
            raise ConfigError(
                f"The connection to {place.host} has to be encrypted.",
                code="tls_required",
                action="Choose another TLS mode. Whoever runs this installation can make an exception: "
                f"OUTBOUND_ALLOWED_HOSTS={place.host}",
            )

    @contextmanager
    def _authorities(self) -> Iterator[str | None]:
        """A file with the authorities to verify against; None when nothing is verified."""
        pem = self.settings.get("ca")
        if not self._tls.startswith("verify"):
            yield None
        elif pem:
            with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
                file.write(pem)
                file.flush()
                yield file.name
        else:
            yield ssl.get_default_verify_paths().cafile or certifi.where()

    def _encryption(self, connection: Any) -> str:
        if not connection.info.ssl_in_use:
            return "Not encrypted, as chosen."
        return f"Encrypted with {connection.info.ssl_attribute('protocol')}, {VERIFIED[self._tls]}."

    def _rights(self, link: Link, seconds: float) -> Probe:
        """Do once what a sync does, and forget it, all within so many seconds."""
        session = PostgresSession(link, self._place)
        schema = f"tributary_check_{secrets.token_hex(4)}"
        row = ["1", None, None, None, 1, None]
        try:
            with link.within(seconds):
                if session.has_together(OUR_TABLES):
                    return Probe(
                        "rights",
                        False,
                        f"{self._place.database} is the database of a Tributary installation itself.",
                        "Make a database for the warehouse alone: CREATE DATABASE …;",
                    )
                session.create_schema(schema)
                session.create_table(schema, "probe", [])
                session.merge(schema, "probe", SYSTEM, [row])
                session.merge(schema, "probe", SYSTEM, [row])
                session.rollback()
        except PublicError as error:
            return Probe("rights", False, error.message, error.action)
        return Probe("rights", True, f"{self._place.user} may create schemas and tables.")

    def _steps_before(self, error: PublicError) -> list[Probe]:
        """The steps a failure shows to have passed; a refusal of ours comes before anything was connected."""
        passed = STEPS[: 1 if error.code == "tls_required" else STEPS.index(_step(error))]
        return [Probe(step, True, "Passed.") for step in passed]


def _step(error: PublicError) -> str:
    return STEP_OF_CODE.get(error.code, "login")
