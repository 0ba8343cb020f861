"""Every sealed value of the installation: found from the models, moved to the first key, proven one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import connection, models

from workspace.secrets import SealedField, Unreadable, is_current, is_sealed, open_sealed, reseal
from workspace.sign_in import SEALED_FOR

BATCH = 200


@dataclass(frozen=True)
class Place:
    """A sealed value in the database: its row, what is stored there, and what it was sealed for."""

    row: str
    pk: Any
    stored: Any
    sealed_for: str


class Column:
    """A column of sealed values, one in each row."""

    def __init__(self, model: type[models.Model], field: models.Field[Any, Any]) -> None:
        self.model, self.field = model, field
        self.label = f"{model._meta.label_lower}.{field.name}"

    def count(self) -> int:
        """How many rows hold something."""
        return int(self._rows().count())

    def places(self) -> Iterator[Place]:
        """Every row that holds something, in the order of keys; those that come behind meanwhile too."""
        after: Any = None
        while batch := self._batch(after):
            for pk, stored in batch:
                row = f"{self.model._meta.label_lower}/{pk}/{self.field.name}"
                yield Place(row, pk, stored, self.sealed_for(row))
            after = batch[-1][0]

    def sealed_for(self, row: str) -> str:
        """What the values in this row must name."""
        return row

    def tokens(self, stored: Any) -> list[bytes]:
        """The sealed values in what is stored."""
        return [bytes(stored)]

    def renewed(self, stored: Any) -> Any:
        """The same under the first key."""
        return reseal(bytes(stored))

    def swap(self, place: Place, new: Any) -> bool:
        """Store it if nothing else has been stored meanwhile."""
        names = (self.model._meta.db_table, self.model._meta.pk.column, self.field.column)
        table, key, column = (connection.ops.quote_name(str(name)) for name in names)
        after, before = (self.field.get_db_prep_save(value, connection) for value in (new, place.stored))
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {table} SET {column} = %s WHERE {key} = %s AND {column} = %s",
                [after, place.pk, before],
            )
            return bool(cursor.rowcount == 1)

    def _rows(self) -> Any:
        return self.model._base_manager.filter(**{f"{self.field.name}__isnull": False})

    def _batch(self, after: Any) -> list[tuple[Any, Any]]:
        rows = self._rows() if after is None else self._rows().filter(pk__gt=after)
        return list(rows.order_by("pk").values_list("pk", self.field.name)[:BATCH])


class TextsColumn(Column):
    """A column of JSON in which every text is a sealed value: allauth's second factors."""

    def sealed_for(self, row: str) -> str:
        """Allauth does not say which row it seals for."""
        return SEALED_FOR

    def tokens(self, stored: Any) -> list[bytes]:
        """All texts, however deep."""
        if isinstance(stored, str):
            return [stored.encode()]
        inner = stored.values() if isinstance(stored, dict) else stored if isinstance(stored, list) else ()
        return [token for one in inner for token in self.tokens(one)]

    def renewed(self, stored: Any) -> Any:
        """Each text under the first key."""
        if isinstance(stored, str):
            return reseal(stored.encode()).decode()
        if isinstance(stored, dict):
            return {name: self.renewed(one) for name, one in stored.items()}
        return [self.renewed(one) for one in stored] if isinstance(stored, list) else stored


@dataclass
class Tally:
    """What became of the values of a column. `unreadable` names rows, never what is in them."""

    moved: int = 0
    current: int = 0
    unreadable: tuple[str, ...] = ()

    @property
    def seen(self) -> int:
        """How many rows have been looked at."""
        return self.moved + self.current + len(self.unreadable)


def sealed_columns() -> Iterator[Column]:
    """All of the installation."""
    for model in apps.get_models():
        for field in model._meta.local_concrete_fields:
            if isinstance(field, SealedField):
                yield Column(model, field)
    yield TextsColumn(Authenticator, Authenticator._meta.get_field("data"))


def rotate(column: Column) -> Iterator[Tally]:
    """Move a column to the first key, row by row; yields the tally after each.

    What is under the first key already is passed by, so that a rotation that was cut short goes on where it ended.
    A row that is changed meanwhile is left as it was changed, by a process that seals with the first key as well.
    """
    tally = Tally()
    for place in column.places():
        if all(map(is_current, column.tokens(place.stored))):
            tally.current += 1
        else:
            _move(column, place, tally)
        yield tally


def problems_of(column: Column) -> Iterator[str]:
    """A sentence for each row that holds something plain, sealed with an old key or for another row, or unreadable."""
    for place in column.places():
        found = {_problem(token, place.sealed_for) for token in column.tokens(place.stored)} - {""}
        for problem in sorted(found):
            yield f"{place.row} {problem}"


def _move(column: Column, place: Place, tally: Tally) -> None:
    try:
        for token in column.tokens(place.stored):
            open_sealed(token, place.sealed_for)
        new = column.renewed(place.stored)
    except Unreadable:
        tally.unreadable = (*tally.unreadable, place.row)
        return
    if column.swap(place, new):
        tally.moved += 1
    else:
        tally.current += 1


def _problem(token: bytes, sealed_for: str) -> str:
    if not is_sealed(token):
        return "is not sealed."
    try:
        open_sealed(token, sealed_for)
    except Unreadable as error:
        return f"cannot be read: {error.why}"
    return "" if is_current(token) else "is sealed with an old key."
