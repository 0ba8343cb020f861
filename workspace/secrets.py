"""Credentials at rest: one Fernet token per row, bound to that row, read or not at all.

The sealed text names the row it belongs to, so that a token copied into another row does not open. The first key of
`CREDENTIAL_KEYS` seals, all of them open; a wrong key raises, it never returns what it could not read.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

from workspace.errors import ConfigError

FERNET, SHORTEST = 0x80, 73
"""How a token begins, and how many bytes an empty one has: version, time, vector, one block, signature."""


class Unreadable(ConfigError):
    """A sealed value that no key opens, or that belongs to another row."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(
            f"Stored credentials cannot be read: {why}",
            code="credentials_unreadable",
            action="Enter them again, or have whoever runs this installation put back the key that sealed them.",
        )


class Secrets(Mapping[str, Any]):
    """Credentials in memory: a mapping that shows its keys and hides its values."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = dict(values)

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"<Secrets {', '.join(self._values)}>"


def seal(values: Mapping[str, Any], row: str) -> bytes:
    """A token that opens only for this `row` (`sources.source/<id>/credentials`)."""
    return _fernet().encrypt(json.dumps([row, dict(values)]).encode())


def open_sealed(token: bytes, row: str) -> Secrets:
    """What was sealed for this row; raises Unreadable."""
    try:
        owner, values = json.loads(_fernet().decrypt(bytes(token)))
    except InvalidToken as error:
        raise Unreadable(f"no key in CREDENTIAL_KEYS opens the credentials of {row}.") from error
    if owner != row:
        raise Unreadable(f"the credentials stored for {row} belong to another row.")
    return Secrets(values)


def is_sealed(token: bytes) -> bool:
    """Whether this looks like a token at all, whoever sealed it."""
    try:
        raw = base64.urlsafe_b64decode(bytes(token))
    except ValueError:
        return False
    return len(raw) >= SHORTEST and raw[0] == FERNET


def is_current(token: bytes) -> bool:
    """Whether the first key sealed it."""
    try:
        Fernet(settings.CREDENTIAL_KEYS[0]).decrypt(bytes(token))
    except InvalidToken:
        return False
    return True


def reseal(token: bytes) -> bytes:
    """The same under the first key; raises Unreadable."""
    try:
        return _fernet().rotate(bytes(token))
    except InvalidToken as error:
        raise Unreadable("no key in CREDENTIAL_KEYS opens it.") from error


class SealedField(models.BinaryField):  # type: ignore[type-arg]
    """Credentials of a row: assign a mapping, read `Secrets`, NULL for None.

    The model's primary key must be known before saving (UUID), since the token is bound to it.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"null": True, "editable": False, **options})

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        """Install the descriptor that seals on assignment."""
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, name, _Sealed(self))

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """The token itself, unopened."""
        return model_instance.__dict__.get(self.attname)

    def get_lookup(self, lookup_name: str) -> Any:
        """Only `isnull`: equal values never give equal tokens."""
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        raise TypeError(f"{self.name} is sealed; it can only be asked for isnull.")

    def value_to_string(self, obj: models.Model) -> str:
        """Credentials are not serialised."""
        raise TypeError(f"{self.name} is sealed and cannot be serialised.")


class _Sealed:
    """Keeps the token in the instance's `__dict__`; opens it at each reading."""

    def __init__(self, field: SealedField) -> None:
        self.field = field

    def __get__(self, row: models.Model | None, owner: type[models.Model]) -> Any:
        if row is None:
            return self
        token = row.__dict__.get(self.field.attname)
        if token is None and self.field.attname not in row.__dict__:
            row.refresh_from_db(fields=[self.field.attname])
            token = row.__dict__.get(self.field.attname)
        return None if token is None else open_sealed(token, self._row(row))

    def __set__(self, row: models.Model, value: Any) -> None:
        sealed = seal(value, self._row(row)) if isinstance(value, Mapping) else value
        row.__dict__[self.field.attname] = sealed

    def _row(self, row: models.Model) -> str:
        return f"{row._meta.label_lower}/{row.pk}/{self.field.name}"


def _fernet() -> MultiFernet:
    if not settings.CREDENTIAL_KEYS:
        raise ImproperlyConfigured("CREDENTIAL_KEYS is empty: credentials are never stored in plain.")
    return MultiFernet([Fernet(key) for key in settings.CREDENTIAL_KEYS])
