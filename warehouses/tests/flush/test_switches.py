"""What is turned off loads nothing more, whatever waits already."""

from __future__ import annotations

import pytest

from warehouses.models import Connection, Warehouse
from warehouses.tests.flush.conftest import Flow, codes
from workspace.tests.fixtures import entry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("switch", [Connection, Warehouse])
def test_a_run_queued_before_the_switch_was_turned_off_loads_nothing(
    flow: Flow, switch: type[Connection] | type[Warehouse]
) -> None:
    flow.put(entry("1"))
    switch.objects.update(enabled=False)
    run = flow.flush()
    assert (run.status, codes(run)) == ("cancelled", ["turned_off", "cancelled"])
    assert flow.bed.read(f"SELECT to_regnamespace('{flow.bed.schema}')") == [(None,)]
    switch.objects.update(enabled=True)
    assert flow.flush().rows == 1
