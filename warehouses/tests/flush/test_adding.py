"""Adding a warehouse is not in the way of what works meanwhile."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection

from warehouses.setup import add_warehouse
from warehouses.tests.engines.conftest import Bed
from workspace.hub.models import Schema
from workspace.models import Workspace

pytestmark = pytest.mark.django_db(transaction=True)


def test_rows_of_the_workspace_are_made_while_a_warehouse_is_being_added(acme: Workspace, bed: Bed) -> None:
    made = threading.Event()

    def make_a_row() -> None:
        Schema.objects.create(workspace=acme, name="desk_com")
        made.set()
        connection.close()

    def meanwhile(warehouse: Any) -> None:
        threading.Thread(target=make_a_row, daemon=True).start()
        assert made.wait(30)

    add_warehouse(acme, "postgres", "W", dict(bed.engine.settings), then=meanwhile)
