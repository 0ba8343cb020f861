"""Sums per day, filled from the history there is."""

import django.db.models.deletion
from django.db import migrations, models

FILL = """
INSERT INTO warehouses_rowsperday (connection_id, collection_id, day, rows, runs, failures)
SELECT s.connection_id, NULL::bigint, (s.finished_at AT TIME ZONE w.time_zone)::date, sum(s.rows), count(*),
       count(*) FILTER (WHERE s.status = 'failed')
FROM warehouses_warehousesync s JOIN workspace_workspace w ON w.id = s.workspace_id
WHERE s.finished_at IS NOT NULL AND s.status <> 'skipped' GROUP BY 1, 2, 3
UNION ALL
SELECT s.connection_id, r.collection_id, (s.finished_at AT TIME ZONE w.time_zone)::date, sum(r.rows), 0, 0
FROM warehouses_collectionresult r JOIN warehouses_warehousesync s ON s.id = r.sync_id
JOIN workspace_workspace w ON w.id = s.workspace_id
WHERE s.finished_at IS NOT NULL AND r.rows > 0 GROUP BY 1, 2, 3"""


class Migration(migrations.Migration):
    dependencies = [("hub", "0002_storage"), ("warehouses", "0005_by_status")]

    operations = [
        migrations.CreateModel(
            "RowsPerDay",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("rows", models.BigIntegerField()),
                ("runs", models.IntegerField()),
                ("failures", models.IntegerField()),
                (
                    "collection",
                    models.ForeignKey(
                        help_text="NULL: all of them, and the runs.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="hub.collection",
                    ),
                ),
                (
                    "connection",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="days",
                        to="warehouses.connection",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("connection", "collection", "day"), name="one_sum_a_day", nulls_distinct=False
                    )
                ]
            },
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
