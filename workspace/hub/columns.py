"""From objects to columns: flattening and types of the tables a warehouse gets.

Pure, no models: engines and connectors may use it. Names are made in `workspace.hub.names`. Flattening is
go-tableize's (Segment's); types differ from Segment's in that a column widens without loss instead of
keeping its first type for ever.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import orjson

from workspace.hub.names import OVERFLOW, SYSTEM_NAMES, column_name, snake_case
from workspace.hub.room import Room

__all__ = ["SYSTEM", "SYSTEM_NAMES", "Change", "Column", "Layout", "Scalar", "Type", "Value"]
__all__ += ["as_text", "column_name", "snake_case", "type_of"]

Scalar = bool | int | float | str
Value = Scalar | None


class Type(StrEnum):
    """What a column holds: INTEGER 64 bits, FLOAT a double, NUMERIC any number, TIMESTAMP UTC seconds."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    FLOAT = "float"
    NUMERIC = "numeric"
    TIMESTAMP = "timestamp"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a warehouse table under its final name."""

    name: str
    type: Type


SYSTEM = (
    Column("id", Type.TEXT),
    Column("received_at", Type.TIMESTAMP),
    Column("uuid", Type.TEXT),
    Column("uuid_ts", Type.TIMESTAMP),
    Column("_version", Type.INTEGER),
    Column("_deleted_at", Type.TIMESTAMP),
)
"""The columns every table begins with."""


@dataclass(frozen=True, slots=True)
class Change:
    """A column learned (`old` is None) or widened; `sentence` is for a notice."""

    name: str
    old: Type | None
    new: Type
    sentence: str

    @property
    def column(self) -> Column:
        """The column as it is to be."""
        return Column(self.name, self.new)


_EXACT = 2**53  # integers up to here are exact as floats
_INT64 = 2**63
_NUMBERS = frozenset({Type.INTEGER, Type.FLOAT, Type.NUMERIC})
_DEEPEST = 32  # what is nested deeper stays JSON text: its name has long been a hash by then
_NOT_EMITTED = frozenset({"id", "_links", "_embedded"})  # at the top: the system id, and HAL's own keys
_MARKS = slice(4, None, 3)  # `2013-05-09T17:02:16Z`[4::3] is `--T::Z`
_moment = datetime.fromisoformat


class _Place:
    """An object's place in the payload, and where its keys lead."""

    __slots__ = (
        "beyond", "booleans", "children", "integers", "keys", "off", "others", "reached", "texts", "timestamps",
    )  # fmt: skip

    def __init__(self, *keys: str) -> None:
        self.keys = keys
        self.children: dict[str, _Place] = {}
        self.off: set[str] = set()  # keys whose column is turned off
        self.beyond: dict[str, str] = {}  # key → its name in OVERFLOW, because the table is full
        self.reached: dict[str, int] = {}  # key → index of its column, whatever its type
        # key → index of its column, by the column's type
        self.texts: dict[str, int] = {}
        self.timestamps: dict[str, int] = {}
        self.booleans: dict[str, int] = {}
        self.integers: dict[str, int] = {}
        self.others: dict[str, int] = {}

    def leading_to(self, type_: Type) -> dict[str, int]:
        """The keys that lead to columns of a type."""
        known = {Type.TEXT: self.texts, Type.TIMESTAMP: self.timestamps}
        known |= {Type.BOOLEAN: self.booleans, Type.INTEGER: self.integers}
        return known.get(type_, self.others)

    def forget(self) -> None:
        """Drop what depends on the types of columns, here and below."""
        for type_ in Type:
            self.leading_to(type_).clear()
        for child in self.children.values():
            child.forget()


class Layout:
    """The property columns of one table as known now; learns and widens them from the objects it lays out.

    `columns` are those of the table; system columns among them are passed over. `skip` names the property
    columns turned off: they are neither in `layout.columns` nor in the rows. `fits_float(name)` is asked when
    an integer column that was there from the start meets a float: whether every stored integer is exact as a
    float. Without it the column becomes numeric, which is always right.

    What has no room gathers in one column more, OVERFLOW: a JSON object of the values by the names their columns
    would have. So does what is new when the table is full, and of a row with too many values what is last by name.
    """

    def __init__(
        self,
        columns: Mapping[str, Type],
        skip: frozenset[str] = frozenset(),
        fits_float: Callable[[str], bool] | None = None,
        room: Room | None = None,
    ) -> None:
        passed = SYSTEM_NAMES | skip
        self.columns = [Column(name, type_) for name, type_ in columns.items() if name not in passed]
        self._index = {column.name: index for index, column in enumerate(self.columns)}
        self._stored = len(self.columns)
        self._skip = skip
        self._fits_float = fits_float
        self._room = room or Room()
        self._over: dict[str, Value] = {}  # what of the row in hand has no column
        self._long: set[int] = set()  # integer columns that have shown more than 53 bits
        self._root = _Place()
        self._sources: dict[str, tuple[str, ...]] = {}  # name of a column → the keys that lead to it
        self._shared = False  # whether several keys share a column, so that their order matters
        self._changes: dict[str, Change] = {}
        self._warnings: dict[str, str] = {}

    def row(self, payload: Mapping[str, Any]) -> list[Value]:
        """The property values of one object in the order of `columns`, learning as it goes.

        Values stay as Python has them whatever the column's type: rows made before a column widened remain
        right, and rows made before a column appeared are merely shorter.
        """
        shared = self._shared
        row: list[Value] = [None] * len(self.columns)
        self._fill(row, self._root, _in_byte_order(payload) if shared else payload)
        if self._over or len(row) > self._room.values:
            self._spill(row)
        return row if shared is self._shared else self.row(payload)

    def take_changes(self) -> list[Change]:
        """What has been learned since the last call; a column learned and widened appears once."""
        changes, self._changes = self._changes, {}
        return list(changes.values())

    def take_warnings(self) -> list[str]:
        """A sentence for each column that could not keep every value since the last call."""
        warnings, self._warnings = self._warnings, {}
        return list(warnings.values())

    def _fill(self, row: list[Value], place: _Place, payload: Mapping[str, Any]) -> None:
        """The hottest loop of the product: what is as expected goes straight into the row."""
        texts, timestamps, children = place.texts, place.timestamps, place.children
        for key, value in payload.items():
            if value is None:
                continue
            kind = type(value)
            if kind is str:
                index = texts.get(key)
                if index is not None:
                    row[index] = value
                    continue
                index = timestamps.get(key)
                if index is not None and len(value) == 20 and value[_MARKS] == "--T::Z":
                    try:  # _is_timestamp, written out
                        _moment(value)
                        row[index] = value
                        continue
                    except ValueError:
                        pass
            elif kind is dict:
                if key in children:
                    self._fill(row, children[key], value)
                    continue
            elif kind is list:
                if key in texts:
                    row[texts[key]] = _json_text(value)
                    continue
            elif kind is int:
                if key in place.integers and -_EXACT <= value <= _EXACT:
                    row[place.integers[key]] = value
                    continue
            elif kind is bool and key in place.booleans:
                row[place.booleans[key]] = value
                continue
            self._take(row, place, key, value)

    def _take(self, row: list[Value], place: _Place, key: str, value: Any) -> None:
        """Put any value in the row, with all the questions `_fill` saves."""
        if place is self._root and key in _NOT_EMITTED:
            return
        if isinstance(value, dict) and len(place.keys) < _DEEPEST:
            child = place.children[key] = place.children.get(key) or _Place(*place.keys, key)
            self._fill(row, child, value)
        elif isinstance(value, float) and not math.isfinite(value):
            self._refuse(place, key)
        elif key not in place.off:
            self._put(row, place, key, _json_text(value) if isinstance(value, dict | list) else value)

    def _put(self, row: list[Value], place: _Place, key: str, value: Scalar) -> None:
        """Put a value in the row, making or widening its column if need be."""
        index = place.reached.get(key)
        if index is None and key not in place.beyond:
            index = self._reach(place, key, type_of(value))
        if index is None:
            if key in place.beyond:
                self._over[place.beyond[key]] = value
            return
        self._widen(index, value)
        place.leading_to(self.columns[index].type)[key] = index
        _set(row, index, value)

    def _reach(self, place: _Place, key: str, type_: Type) -> int | None:
        """The index of the column a key leads to, made if there is none; None when it is turned off or beyond."""
        keys = (*place.keys, key)
        name = column_name(*keys)
        if name in self._skip:
            place.off.add(key)
            return None
        self._note_source(name, keys)
        if name not in self._index and self._room.is_full():
            place.beyond[key] = name
            return None
        place.reached[key] = index = self._column(name, type_)
        return index

    def _column(self, name: str, type_: Type) -> int:
        """The index of a column, made if there is none."""
        index = self._index.get(name)
        if index is None:
            index = self._index[name] = len(self.columns)
            self.columns.append(Column(name, type_))
            self._changes[name] = Change(name, None, type_, _sentence(name, None, type_, type_))
            self._room.take()
        return index

    def _spill(self, row: list[Value]) -> None:
        """Gather in OVERFLOW what the table has no column for, and what is too much for one row."""
        over, self._over = self._over, {}
        for index in self._room.surplus(row, self.columns):
            over[self.columns[index].name], row[index] = row[index], None
        if over and OVERFLOW not in self._skip:
            _set(row, self._column(OVERFLOW, Type.TEXT), _json_text(dict(sorted(over.items()))))

    def _note_source(self, name: str, keys: tuple[str, ...]) -> None:
        first = self._sources.setdefault(name, keys)
        if first != keys:
            self._shared = True
            self._warnings[name] = (
                f"{'.'.join(first)} and {'.'.join(keys)} share the column {name}: "
                "where both have a value, the last in byte order is kept."
            )

    def _refuse(self, place: _Place, key: str) -> None:
        """JSON has no NaN and no infinity; kept, one of them would poison every sum over the column."""
        name = column_name(*place.keys, key)
        if name not in self._skip:
            self._warnings[name] = f"{name} held a number beyond what a float can store; it became NULL."

    def _widen(self, index: int, value: Scalar) -> None:
        """Widen a column until it holds this value and all before it."""
        name, old = self.columns[index].name, self.columns[index].type
        found = type_of(value)
        new = self._join(index, old, found, value)
        if new is old:
            return
        self.columns[index] = Column(name, new)
        self._root.forget()
        was = self._changes[name].old if name in self._changes else old
        self._changes[name] = Change(name, was, new, _sentence(name, was, new, found))

    def _join(self, index: int, old: Type, found: Type, value: Scalar) -> Type:
        """The narrowest type that holds a column of type `old` and this value of type `found`."""
        short = not isinstance(value, int) or -_EXACT <= value <= _EXACT
        if not short:
            self._long.add(index)
        if old is found:
            return old
        if not {old, found} <= _NUMBERS:
            return Type.TEXT
        if Type.NUMERIC in (old, found) or not short:
            return Type.NUMERIC
        return Type.FLOAT if old is Type.FLOAT or self._is_exact(index) else Type.NUMERIC

    def _is_exact(self, index: int) -> bool:
        """Whether all integers of a column are exact as floats: those seen here and those stored before."""
        if index in self._long:
            return False
        return index >= self._stored or bool(self._fits_float and self._fits_float(self.columns[index].name))


def type_of(value: Scalar) -> Type:
    """The type a column gets from this value alone."""
    if isinstance(value, bool):
        return Type.BOOLEAN
    if isinstance(value, int):
        return Type.INTEGER if -_INT64 <= value < _INT64 else Type.NUMERIC
    if isinstance(value, float):
        return Type.FLOAT
    return Type.TIMESTAMP if _is_timestamp(value) else Type.TEXT


def as_text(value: Scalar) -> str:
    """A value as every engine writes it into a text column, and as stored values read after widening to text.

    Numbers are plain decimals without needless zeros: JSON's 5 and 5.0 are one number, and a stored one no
    longer knows which it was.
    """
    if value is True:
        return "true"
    if value is False:
        return "false"
    if not isinstance(value, float):
        return str(value)
    shortest = repr(value)
    return (format(Decimal(shortest), "f") if "e" in shortest else shortest).removesuffix(".0")


def _is_timestamp(text: str) -> bool:
    """Whether a text is exactly `YYYY-MM-DDTHH:MM:SSZ` and a real moment."""
    if len(text) != 20 or text[_MARKS] != "--T::Z":
        return False
    try:
        _moment(text)
    except ValueError:
        return False
    return True


def _sentence(name: str, old: Type | None, new: Type, found: Type) -> str:
    if name == OVERFLOW:
        return f"More properties than fit in columns: the others are in {OVERFLOW}, as JSON."
    if old is None:
        return f"New column {name} ({new})."
    return f"Column {name} was widened from {old} to {new}, because a value of type {found} arrived."


def _json_text(value: Any) -> str:
    """Compact JSON with non-ASCII characters as they are."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # an integer beyond 64 bits, a lone surrogate, nesting beyond 254 levels
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _set(row: list[Value], index: int, value: Value) -> None:
    row.extend([None] * (index + 1 - len(row)))
    row[index] = value


def _in_byte_order(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The payload with its keys sorted on every level (code points sort as their UTF-8 bytes do)."""
    return {
        key: _in_byte_order(value) if isinstance(value, dict) else value
        for key, value in sorted(payload.items())
    }
