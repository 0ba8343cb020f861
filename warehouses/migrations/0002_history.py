"""Runs know their workspace, who started them, what they wrote and said."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FILL = """UPDATE warehouses_warehousesync r SET workspace_id = w.workspace_id FROM warehouses_connection c JOIN warehouses_warehouse w ON w.id = c.warehouse_id WHERE c.id = r.connection_id"""


class Migration(migrations.Migration):
    dependencies = [
        ("warehouses", "0001_initial"),
        ("workspace", "0002_pages"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "warehousesync",
            "workspace",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="%(class)ss", to="workspace.workspace"
            ),
        ),
        migrations.RunSQL(["SET CONSTRAINTS ALL IMMEDIATE", FILL], migrations.RunSQL.noop),
        migrations.AlterField(
            "warehousesync",
            "workspace",
            models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="%(class)ss", to="workspace.workspace"
            ),
        ),
        migrations.AddField(
            "warehousesync",
            "started_by",
            models.ForeignKey(
                help_text="NULL: a schedule.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            "warehousesync", "rows", models.BigIntegerField(default=0, help_text="Objects or rows that were written.")
        ),
        migrations.AddField(
            "warehousesync",
            "log",
            models.JSONField(default=list, help_text="What happened when: pairs of a moment and a sentence."),
        ),
        migrations.RemoveIndex("warehousesync", "warehouses_sync_history"),
        migrations.AddIndex("warehousesync", models.Index(fields=["connection", "-queued_at", "-id"], name="warehouses_sync_history")),
        migrations.AddIndex("warehousesync", models.Index(fields=["workspace", "-queued_at", "-id"], name="warehouses_sync_timeline")),
    ]
