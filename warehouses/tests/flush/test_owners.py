"""Two workspaces in one database."""

from __future__ import annotations

import pytest

from warehouses.models import Connection
from warehouses.tests.flush.conftest import Flow, codes, make_flow
from workspace.models import Workspace
from workspace.tests.fixtures import entry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def other(flow: Flow) -> Flow:
    """The same schema of the same database, from another workspace."""
    return make_flow(Workspace.objects.create(name="Other", slug="other"), flow.bed)


def test_a_schema_that_another_workspace_fills_is_left_alone(flow: Flow, other: Flow) -> None:
    flow.put(entry("1", secret="ours"))
    other.put(entry("1", "2022-01-01T00:00:00Z", secret="theirs"))
    assert flow.flush().status == "success"
    run = other.flush()
    assert (run.status, codes(run)) == ("failed", ["schema_foreign"])
    assert flow.values("secret") == ["ours"]


def test_a_connection_made_anew_goes_on_in_its_schema(flow: Flow) -> None:
    flow.put(entry("1", secret="ours"))
    flow.flush()
    schema, warehouse = flow.connection.schema, flow.connection.warehouse
    flow.connection.delete()
    flow.connection = Connection.objects.create(schema=schema, warehouse=warehouse)
    assert flow.flush().status == "success"
