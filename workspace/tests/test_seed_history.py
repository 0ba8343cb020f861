"""The invented workspace holds together as a real one does."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum

from sources.models import Source, SourceSync
from warehouses.models import CollectionResult, Connection, RowsPerDay, WarehouseSync
from workspace.audit import broken_entries
from workspace.hub.models import Collection, Object
from workspace.models import RunHour, Workspace
from workspace.runs import Run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def history(transactional_db: None) -> Workspace:
    """A small one."""
    sizes = {"sources": 8, "warehouses": 2, "runs": 600, "objects": 3_000, "audit": 30}
    call_command("seed_history", **sizes, stdout=StringIO())
    return Workspace.objects.get(slug="history")


def test_it_has_as_much_of_everything_as_was_asked_for(history: Workspace) -> None:
    ended = {"finished_at__isnull": False}
    runs = SourceSync.objects.filter(**ended).count() + WarehouseSync.objects.filter(**ended).count()
    assert (Source.objects.count(), runs, Object.objects.count()) == (8, 600, 3_000)
    assert {run.status for run in SourceSync.objects.all()} > {"success", "failed", "queued", "running"}
    assert Connection.objects.values("schema").distinct().count() == 8


def test_its_sums_are_those_of_its_rows(history: Workspace) -> None:
    rows = WarehouseSync.objects.aggregate(Sum("rows"))["rows__sum"]
    assert rows == CollectionResult.objects.aggregate(Sum("rows"))["rows__sum"] > 0
    ended = WarehouseSync.objects.exclude(status__in=Run.ACTIVE).count()
    hours = RunHour.objects.filter(side="warehouse").aggregate(runs=Sum("runs"), rows=Sum("rows"))
    assert hours == {"runs": ended, "rows": rows}
    days = RowsPerDay.objects.filter(collection=None).aggregate(runs=Sum("runs"), rows=Sum("rows"))
    assert days == hours
    for collection in Collection.objects.all():
        stored = Object.objects.filter(collection=collection)
        assert collection.objects_stored == stored.count()
        assert collection.objects_deleted == stored.exclude(deleted_at=None).count()


def test_its_audit_trail_is_sealed(history: Workspace) -> None:
    assert history.audit_events.count() == 30
    assert list(broken_entries(history)) == []


def test_a_workspace_that_exists_is_left_alone(acme: Workspace) -> None:
    with pytest.raises(CommandError, match="left as it is"):
        call_command("seed_history", workspace="acme")
    assert not acme.sources.exists()
