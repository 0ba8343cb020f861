"""One path from a sandbox through the Hub into a warehouse, and independent looks at each of the three."""

from __future__ import annotations

import json
import os
import urllib.request
from contextlib import closing
from typing import Any

import psycopg2
import psycopg2.extras
from psycopg2.sql import SQL, Identifier

from sources.models import Source, SourceSync
from sources.sandbox.server import Sandbox
from sources.schedule import request_sync
from sources.sync import run_slice as run_source_slice
from warehouses.flush import run_slice as run_warehouse_slice
from warehouses.models import Connection, WarehouseSync
from warehouses.schedule import request_sync as request_flush
from workspace.drill.checker import stands_for
from workspace.hub.models import Object

COLLECTIONS = ("articles", "brands", "cases", "companies", "customers", "users", "feedbacks")


class Stretch:
    """`desk` is the vendor, `source` reads it, `connection` flushes it."""

    def __init__(self, desk: Sandbox, source: Source, connection: Connection) -> None:
        self.desk = desk
        self.source = source
        self.connection = connection
        self.schema = source.schema.name

    def sync(self, **options: Any) -> SourceSync:
        """One source sync to its end."""
        run = request_sync(self.source, **options)
        while not run_source_slice(run.pk):
            pass
        run.refresh_from_db()
        return run

    def flush(self) -> WarehouseSync:
        """One warehouse sync to its end."""
        run = request_flush(Connection.objects.get(pk=self.connection.pk))
        while not run_warehouse_slice(run.pk):
            pass
        run.refresh_from_db()
        return run

    def control(self, path: str, body: Any = None, method: str | None = None) -> Any:
        """Call the sandbox's control endpoint."""
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.desk.url}/_sandbox/{path}", data, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read().decode()
        return json.loads(text) if text and not path.startswith("truth/") else text

    def truth(self, collection: str) -> dict[str, dict[str, Any]]:
        """What Desk has now, by id, as the sandbox itself tells."""
        lines = self.control(f"truth/{collection}").split("\n")
        items = [json.loads(line) for line in lines if line]
        return {item["_links"]["self"]["href"].rsplit("/", 1)[1]: item for item in items}

    def hub(self, collection: str) -> dict[str, dict[str, Any]]:
        """The Hub's live objects, by id."""
        objects = Object.objects.filter(
            collection__schema=self.source.schema, collection__name=collection, deleted_at=None
        )
        return {item.object_id: item.payload for item in objects}

    def table(self, collection: str, *, deleted: bool = False) -> dict[str, dict[str, Any]]:
        """The warehouse's rows, by id; live ones unless `deleted`. None as long as there is no table."""
        if not self.ask(
            "SELECT 1 FROM pg_tables WHERE (schemaname, tablename) = (%s, %s)", self.schema, collection
        ):
            return {}
        statement = SQL("SELECT * FROM {}.{} WHERE (_deleted_at IS NOT NULL) = %s").format(
            Identifier(self.schema), Identifier(collection)
        )
        return {row["id"]: row for row in self.ask(statement, deleted)}

    def ask(self, statement: Any, *values: Any) -> list[dict[str, Any]]:
        """Ask the warehouse as a customer would, past the product's code."""
        with closing(psycopg2.connect(os.environ["WAREHOUSE_URL"])) as connection:
            connection.autocommit = True
            with connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
                cursor.execute(statement, values)
                return [dict(row) for row in cursor] if cursor.description else []

    def assert_hub_equals_desk(self) -> None:
        """Every object of every collection, whole."""
        for collection in COLLECTIONS:
            truth, hub = self.truth(collection), self.hub(collection)
            assert truth.keys() == hub.keys(), collection
            for object_id, item in truth.items():
                assert stands_for(item, hub[object_id]), (collection, object_id)

    def assert_warehouse_equals_hub(self) -> None:
        """Every row stands for the Hub's state of its object, one row per object."""
        for collection in COLLECTIONS:
            rows = {**self.table(collection), **self.table(collection, deleted=True)}
            stored = Object.objects.filter(collection__schema=self.source.schema, collection__name=collection)
            expected = {
                item.object_id: (item.version, str(item.payload_hash), item.deleted_at) for item in stored
            }
            found = {
                object_id: (row["_version"], str(row["uuid"]), row["_deleted_at"])
                for object_id, row in rows.items()
            }
            assert found == expected, collection
