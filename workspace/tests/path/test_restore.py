"""Our database comes back from a backup, older than the warehouse: the next runs make both whole again."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from warehouses import compare
from warehouses.models import Comparison, Connection
from warehouses.restored import repair_restored
from workspace import restored
from workspace.hub.models import Collection
from workspace.launcher.installs import postgres_installs
from workspace.runs import LeaseLost, Run, claim, hold
from workspace.tests.path.stretch import Stretch

pytestmark = pytest.mark.django_db(transaction=True)
GHOST = "as it was for a while, until it was taken back"


def postgres(program: str, *arguments: str) -> None:
    """One of PostgreSQL's own programs, of the server's version, on our database."""
    server = connection.cursor().connection.server_version // 10_000
    connection.close()
    known = connection.settings_dict
    installs = postgres_installs({**os.environ, "TRIBUTARY_SERVERS": ""})
    folder = next((install.program.parent for install in installs if install.major == server), None)
    if folder is None:
        pytest.skip(f"This machine has no {program} of PostgreSQL {server}.")
    where = [f"--host={known['HOST']}", f"--port={known['PORT']}", f"--username={known['USER']}"]
    environ = {**os.environ, "PGPASSWORD": known["PASSWORD"] or ""}
    command = [str(folder / program), *where, f"--dbname={known['NAME']}", *arguments]
    subprocess.run(command, env=environ, check=True, capture_output=True)


def back_up(file: Path) -> None:
    postgres("pg_dump", "--format=custom", f"--file={file}")


def restore(file: Path) -> None:
    postgres("pg_restore", "--clean", "--if-exists", "--no-owner", str(file))


def mutate(path: Stretch, action: str, **what: object) -> None:
    path.control("mutate", {"action": action, "collection": "cases", **what})


def go_on(path: Stretch) -> None:
    """What the schedulers do in their own time: a source sync, a flush, and the repair when its time has come."""
    path.sync()
    path.flush()
    wanted: list[object] = []
    while not repair_restored(wanted.append) and wanted:
        path.flush()
        wanted.clear()
    for run in Comparison.objects.filter(status=Run.Status.QUEUED):
        while not compare.run_slice(run.pk):
            pass


@pytest.fixture
def old(path: Stretch, tmp_path: Path) -> Path:
    """A backup, after which the vendor's data changed in every way and reached the warehouse."""
    assert not restored.look()
    path.sync()
    path.flush()
    file = tmp_path / "backup"
    back_up(file)
    mutate(path, "update", count=9, seed=1)
    mutate(path, "create", count=4, seed=2)
    mutate(path, "update", ids=[int(sorted(path.truth("cases"), key=int)[3])], set={"status": "deleted"})
    path.sync()
    path.flush()
    path.assert_warehouse_equals_hub()
    return file


def test_hub_and_warehouse_are_whole_after_the_next_runs(path: Stretch, old: Path) -> None:
    restore(old)
    assert restored.look()
    assert not restored.look()
    go_on(path)
    path.assert_hub_equals_desk()
    path.assert_warehouse_equals_hub()
    assert Connection.objects.get().restored_at is None


def test_a_row_whose_change_was_taken_back_meanwhile_is_set_right(path: Stretch, old: Path) -> None:
    """The Hub finds the object as it knows it; only the warehouse still has what came between."""
    restore(old)
    restored.look()
    case = min(path.truth("cases"), key=int)
    ghost = "_version = _version + 1000000, subject = %s, uuid = gen_random_uuid()"
    path.ask(f'UPDATE "{path.schema}".cases SET {ghost} WHERE id = %s', GHOST, case)
    go_on(path)
    path.assert_warehouse_equals_hub()
    assert path.table("cases")[case]["subject"] != GHOST


def test_versions_go_on_above_those_of_a_warehouse_filled_by_a_faster_clock(path: Stretch, old: Path) -> None:
    path.ask(f'UPDATE "{path.schema}".cases SET _version = _version + 3600000000')
    restore(old)
    restored.look()
    path.sync()
    path.flush()
    case = min(path.truth("cases"), key=int)
    mutate(path, "update", ids=[int(case)], set={"subject": GHOST})
    path.sync()
    path.flush()
    assert path.table("cases")[case]["subject"] == GHOST  # without waiting for the repair
    go_on(path)
    path.assert_warehouse_equals_hub()


def test_nothing_is_set_back_before_the_source_was_read_again(path: Stretch, old: Path) -> None:
    before = path.table("cases")
    restore(old)
    restored.look()
    path.flush()
    assert repair_restored(lambda run_id: None) == 0
    assert path.table("cases") == before


def test_a_version_that_nobody_can_have_made_is_not_gone_above(path: Stretch, old: Path) -> None:
    case = min(path.truth("cases"), key=int)
    path.ask(f'UPDATE "{path.schema}".cases SET _version = %s WHERE id = %s', 9 * 10**18, case)
    restore(old)
    restored.look()
    go_on(path)
    path.assert_warehouse_equals_hub()
    assert Collection.objects.get(name="cases").version < 10**18


def test_what_a_worker_reads_at_that_moment_is_not_committed(path: Stretch) -> None:
    path.sync()
    run = path.source.syncs.create(workspace_id=path.source.workspace_id)
    claimed = claim(type(run), run.pk)
    assert claimed is not None
    call_command("after_restore")
    with pytest.raises(LeaseLost), hold(claimed) as lease:
        lease.commit_point()


def test_where_it_cannot_be_seen_a_command_says_it(path: Stretch) -> None:
    path.sync()
    assert None not in path.source.cursors.values_list("full_read_at", flat=True)
    call_command("after_restore")
    assert set(path.source.cursors.values_list("full_read_at", flat=True)) == {None}
    path.sync()
    assert None not in path.source.cursors.values_list("full_read_at", flat=True)
