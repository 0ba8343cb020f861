"""A bed per engine for the contract: the engine on a real, empty database, and a way to look inside."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2
import pytest

from warehouses.engines import ENGINES, postgres_widening
from warehouses.engines.base import Engine, Session
from warehouses.engines.postgres import Postgres
from workspace.hub.columns import SYSTEM, Column, Value
from workspace.launcher.exported import warehouse_fields

MOMENT = "2013-05-09T17:02:16Z"


@dataclass
class Bed:
    """An engine, a schema name nobody else uses, and `read`: what others see of the database, by SQL."""

    engine: Engine
    schema: str
    read: Callable[[str], list[tuple[Any, ...]]]

    def table(self, name: str) -> str:
        """A table of the bed's schema, quoted."""
        return f'"{self.schema}"."{name}"'


def postgres_settings() -> dict[str, Any]:
    """WAREHOUSE_URL as the form of Postgres gives it."""
    if "WAREHOUSE_URL" not in os.environ:
        pytest.fail(
            "WAREHOUSE_URL is not set: run the tests through `python -m workspace.launcher -- pytest`."
        )
    return warehouse_fields(os.environ["WAREHOUSE_URL"])


@contextmanager
def postgres_bed(database: str = "") -> Iterator[Bed]:
    """The Postgres engine on WAREHOUSE_URL, or on another database of its server."""
    settings = postgres_settings()
    settings["database"] = database or settings["database"]
    schema = f"test_{uuid.uuid4().hex[:12]}"
    names = {"dbname": settings["database"]} | {n: settings[n] for n in ("host", "port", "user", "password")}
    with closing(psycopg2.connect(**names, options="-c timezone=UTC")) as connection:
        connection.autocommit = True

        def read(sql: str) -> list[tuple[Any, ...]]:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return list(cursor.fetchall()) if cursor.description else []

        yield Bed(Postgres(settings, frozenset({settings["host"]})), schema, read)
        read(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')


BEDS: dict[str, Callable[[], AbstractContextManager[Bed]]] = {"postgres": postgres_bed}
"""Every engine of the catalog needs a line here: it runs the contract."""


@pytest.fixture(params=sorted(ENGINES))
def bed(request: pytest.FixtureRequest) -> Iterator[Bed]:
    with BEDS[request.param]() as bed:
        yield bed


@pytest.fixture
def session(bed: Bed) -> Iterator[Session]:
    """A session in which the bed's schema is there."""
    with bed.engine.open() as session:
        session.create_schema(bed.schema)
        yield session


def a_row(id_: str, version: int = 1, *values: Value, deleted: bool = False) -> list[Value]:
    """An object as the flush hands it over."""
    return [id_, MOMENT, "digest", None, version, MOMENT if deleted else None, *values]


def with_system(*columns: Column) -> list[Column]:
    """The columns of a merge."""
    return [*SYSTEM, *columns]


def let_tables_be_large(monkeypatch: pytest.MonkeyPatch, pages: int) -> None:
    """Columns of every table are widened aside, so many pages in a step, and no lock is waited for."""
    changed = {"LARGE": 0, "PAGES": pages, "LOCK": "50ms", "PAUSE": 0, "PATIENCE": 0}
    for name, value in changed.items():
        monkeypatch.setattr(postgres_widening, name, value)
