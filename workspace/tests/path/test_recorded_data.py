"""The recorded exchanges of the real service, served by the sandbox, synced and flushed: every property arrives.

Many objects were recorded in several states over three years; the newest is what the warehouse must show.
This reads the files and the tables by itself, with none of the product's code in between.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from sources.sandbox.export import read_export
from workspace.tests.path.stretch import COLLECTIONS, Stretch

pytestmark = pytest.mark.django_db(transaction=True)
RECORDED = Path(__file__).parents[4] / "shared" / "desk-recorded"
CLASSES = {
    "article": "articles",
    "brand": "brands",
    "case": "cases",
    "company": "companies",
    "customer": "customers",
    "user": "users",
    "customer_feedback": "feedbacks",
    "feedback": "feedbacks",
}


def recorded_objects() -> dict[tuple[str, str], list[dict[str, Any]]]:
    """All states of every object of the seven collections in the files, by collection and id."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for file in sorted(RECORDED.glob("*.json")):
        exchange = json.loads(file.read_text())
        if exchange["request"]["method"] == "GET" and exchange["response"]["status"] == 200:
            for item in objects_in(exchange["response"]["body"]):
                _, _, _, name, object_id = item["_links"]["self"]["href"].split("?")[0].split("/")
                found.setdefault((name, object_id), []).append(item)
    return found


def objects_in(body: Any) -> Iterator[dict[str, Any]]:
    """Every object with a self link of one of the seven collections, however deep."""
    if isinstance(body, list):
        for item in body:
            yield from objects_in(item)
    if isinstance(body, dict):
        link = (body.get("_links") or {}).get("self") or {}
        if link.get("class") in CLASSES and str(link.get("href", "")).count("/") == 4:
            yield {key: value for key, value in body.items() if key != "_embedded"}
        for value in body.values():
            yield from objects_in(value)


def as_column(value: Any) -> Any:
    """A JSON value as a customer would expect to read it in SQL."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if isinstance(value, list) else value


def leaves(item: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in item.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{key}_")
        elif value is not None:
            yield prefix + key, as_column(value)


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded exchanges are not at hand")
def test_every_recorded_object_is_in_the_warehouse_with_every_property(
    make_path: Callable[..., Stretch],
) -> None:
    path = make_path(items=read_export(RECORDED))
    run, flushed = path.sync(), path.flush()
    assert (run.status, flushed.status) == ("success", "success"), (run.notices, flushed.notices)
    tables = {name: path.table(name) for name in COLLECTIONS if path.truth(name)}
    objects = recorded_objects()
    assert len(objects) > 100
    for (name, object_id), states in objects.items():
        row = tables[name][object_id]
        newest = max(state.get("updated_at", "") for state in states)
        latest = [state for state in states if state.get("updated_at", "") == newest]
        assert any(matches(row, state) for state in latest), (name, object_id)


def matches(row: dict[str, Any], state: dict[str, Any]) -> bool:
    """Whether every property of this state stands in the row."""
    for key, value in leaves({k: v for k, v in state.items() if k not in ("_links", "id")}):
        column = {"received_at": "_received_at"}.get(key, key)
        if as_read(row.get(column)) != as_read(value):
            return False
    return True


def as_read(value: Any) -> str:
    """Timestamps as Desk writes them, everything else as text."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value).lower() if isinstance(value, bool) else str(value)
