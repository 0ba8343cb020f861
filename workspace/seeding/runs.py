"""A few hundred made-up runs of each kind, and copies of them all over the past."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from workspace.models import Workspace
from workspace.runs import Run
from workspace.seeding import invented

TEMPLATES = 200
_STATUSES = ("success",) * 41 + ("partial",) * 3 + ("failed",) * 4 + ("cancelled",) + ("skipped",)
COUNTED = ("read", "new", "changed", "unchanged", "deleted", "stale", "quarantined", "mended", "requests")


def templates(
    model: type[Run], workspace: Workspace, owner: dict[str, Any], names: Sequence[str]
) -> list[Run]:
    """Runs of every outcome, most of them a success. Their log counts seconds since they were queued."""
    made = []
    for variant in range(TEMPLATES):
        status = _STATUSES[variant * 7 % len(_STATUSES)]
        if status == "skipped" and model.side == "source":
            status = "success"
        run = model(
            workspace=workspace, status=status, trigger="manual" if variant % 25 == 0 else "schedule", **owner
        )
        _tell(run, variant, names)
        made.append(run)
    return made


def _tell(run: Run, variant: int, names: Sequence[str]) -> None:
    """What it did, and how long that took."""
    waited = timedelta(seconds=variant % 5)
    if run.status != "skipped":
        run.started_at = run.queued_at + waited
    run.finished_at = run.queued_at + waited + timedelta(seconds=3 + variant * variant % 1400)
    lasted = (run.finished_at - run.queued_at).total_seconds()
    if run.side == "source":
        run.notices = invented.source_notices(run.status, names, variant)
        run.counts = {name: _counts(run, variant + place) for place, name in enumerate(names)}
        run.rows = sum(count["new"] + count["changed"] + count["deleted"] for count in run.counts.values())
        run.requests = sum(count["requests"] for count in run.counts.values())
        run.waited = variant % 7 * 9.5
    else:
        run.notices = invented.warehouse_notices(run.status, names, variant)
        run.rows = 0 if run.status in ("failed", "skipped") else variant * 37 % 4000
    step = lasted / (len(names) + 1)
    run.log = [
        [round(step * place, 3), f"{name}: going on from its cursor."] for place, name in enumerate(names)
    ]
    run.log.append([round(lasted, 3), f"Ended: {Run.Status(run.status).label}."])


def _counts(run: Run, variant: int) -> dict[str, Any]:
    changed = 0 if run.status == "failed" or variant % 3 == 0 else variant * 13 % 400
    count: dict[str, Any] = dict.fromkeys(COUNTED, 0) | {
        "read": changed + 40,
        "changed": changed,
        "unchanged": 40,
    }
    count |= {"requests": changed // 100 + 1, "total": 2000 + variant, "begun": True, "ended": True}
    if not changed:
        count["why"] = "Nothing has changed since the last sync."
    return count


def copy(
    model: type[Run], made: Sequence[Run], owner_field: str, owners: Sequence[Any], count: int, days: int
) -> None:
    """`count` copies of the runs, spread over the past `days` and over `owners`, whose first gets most."""
    if not owners or not count:
        return
    table = model._meta.db_table
    model._default_manager.bulk_create(made)
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0)")  # two seeds agree
        cursor.execute(
            f"""CREATE TEMP TABLE seed_run ON COMMIT DROP AS
                SELECT row_number() OVER () - 1 AS place, r.* FROM {table} r WHERE workspace_id = %s;
                DELETE FROM {table} WHERE workspace_id = %s""",
            [made[0].workspace_id] * 2,
        )
        values = {field.column: f't."{field.column}"' for field in model._meta.concrete_fields} | {
            "id": "gen_random_uuid()",
            f"{owner_field}_id": "(%(owners)s)[n.owner]",
            "queued_at": "n.at",
            "nudged_at": "n.at",
            "started_at": "n.at + (t.started_at - t.queued_at)",
            "finished_at": "n.at + (t.finished_at - t.queued_at)",
            "log": _LOG,
        }
        columns = ", ".join(f'"{column}"' for column in values)
        cursor.execute(
            f"INSERT INTO {table} ({columns}) SELECT {', '.join(values.values())} "
            f"FROM ({_SPREAD}) n JOIN seed_run t ON t.place = n.template",
            {
                "owners": list(owners),
                "many": len(owners),
                "count": count,
                "templates": len(made),
                "days": days,
                "now": timezone.now() - timedelta(hours=1),
            },
        )
        cursor.execute("DROP TABLE seed_run")


_SPREAD = """SELECT 1 + floor(%(many)s * random() * random())::int AS owner,
                    floor(%(templates)s * random())::int AS template,
                    %(now)s - %(days)s * interval '1 day' * random() AS at
             FROM generate_series(1, %(count)s)"""
_LOG = """(SELECT jsonb_agg(jsonb_build_array(
               to_char((n.at + (line->>0)::float * interval '1 second') AT TIME ZONE 'UTC',
                       'YYYY-MM-DD"T"HH24:MI:SS.MS"+00:00"'), line->>1) ORDER BY place)
           FROM jsonb_array_elements(t.log) WITH ORDINALITY AS lines (line, place))"""


def add_active(model: type[Run], workspace: Workspace, owner_field: str, owners: Sequence[Any]) -> None:
    """One that is queued, one at work and one that waits for its vendor, as long as no worker takes them over."""
    now = timezone.now()
    at_work: dict[str, Any] = {
        "status": "running",
        "started_at": now,
        "lease_until": now + timedelta(hours=1),
        "fence": 1,
    }
    limited = {"waiting_until": now + timedelta(minutes=50), "waiting_for": "rate_limited"}
    states: list[dict[str, Any]] = [{"status": "queued"}, at_work, at_work | limited]
    model._default_manager.bulk_create(
        model(workspace=workspace, **{owner_field: owner}, **state)
        for owner, state in zip(owners[1:], states, strict=False)
    )


def sum_hours(model: type[Run], workspace: Workspace) -> None:
    """The sums per hour that each run would have added when it ended."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO workspace_runhour (workspace_id, side, hour, status, runs, rows)
                SELECT workspace_id, %s, date_trunc('hour', finished_at, 'UTC'), status, count(*), sum(rows)
                FROM {model._meta.db_table} WHERE workspace_id = %s AND finished_at IS NOT NULL
                GROUP BY workspace_id, date_trunc('hour', finished_at, 'UTC'), status""",
            [model.side, workspace.pk],
        )


def add_results(syncs: type[Run], results: Any, workspace: Workspace) -> None:
    """What each warehouse sync did to each table: its rows, more of them to later tables."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO {results._meta.db_table}
                    (sync_id, collection_id, rows, preparation, loading, rows_hub, rows_warehouse)
                SELECT r.id, c.id, part.rows, part.rows / 9000.0, part.rows / 4000.0 + 0.2,
                       c.objects_stored, c.objects_stored
                FROM {syncs._meta.db_table} r
                JOIN warehouses_connection w ON w.id = r.connection_id
                JOIN LATERAL (SELECT c.*, row_number() OVER (ORDER BY position) AS nth, count(*) OVER () AS many
                              FROM hub_collection c WHERE c.schema_id = w.schema_id) c ON true
                JOIN LATERAL (SELECT r.rows * c.nth * c.nth / (c.many * c.many)
                                   - r.rows * (c.nth - 1) * (c.nth - 1) / (c.many * c.many) AS rows) part ON true
                WHERE r.workspace_id = %s AND part.rows > 0""",
            [workspace.pk],
        )


def sum_days(syncs: type[Run], results: Any, days: Any, workspace: Workspace) -> None:
    """The sums per day that each warehouse sync would have added: of all its rows, and of each table."""
    day, into = f"(r.finished_at AT TIME ZONE '{workspace.time_zone}')::date", days._meta.db_table
    head = f"INSERT INTO {into} (connection_id, collection_id, day, rows, runs, failures)"
    of = f"FROM {syncs._meta.db_table} r"
    where = "WHERE r.workspace_id = %s AND r.finished_at IS NOT NULL"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""{head} SELECT r.connection_id, NULL, {day}, sum(r.rows), count(*),
                count(*) FILTER (WHERE r.status = 'failed') {of} {where} GROUP BY 1, 3""",
            [workspace.pk],
        )
        cursor.execute(
            f"""{head} SELECT r.connection_id, c.collection_id, {day}, sum(c.rows), 0, 0 {of}
                JOIN {results._meta.db_table} c ON c.sync_id = r.id {where} GROUP BY 1, 2, 3""",
            [workspace.pk],
        )
