"""Runs know their workspace, who started them, what they wrote and said."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FILL = """UPDATE sources_sourcesync r SET workspace_id = s.workspace_id FROM sources_source s WHERE s.id = r.source_id"""


class Migration(migrations.Migration):
    dependencies = [
        ("sources", "0001_initial"),
        ("workspace", "0002_pages"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "sourcesync",
            "workspace",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="%(class)ss", to="workspace.workspace"
            ),
        ),
        migrations.RunSQL(["SET CONSTRAINTS ALL IMMEDIATE", FILL], migrations.RunSQL.noop),
        migrations.AlterField(
            "sourcesync",
            "workspace",
            models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="%(class)ss", to="workspace.workspace"
            ),
        ),
        migrations.AddField(
            "sourcesync",
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
            "sourcesync", "rows", models.BigIntegerField(default=0, help_text="Objects or rows that were written.")
        ),
        migrations.AddField(
            "sourcesync",
            "log",
            models.JSONField(default=list, help_text="What happened when: pairs of a moment and a sentence."),
        ),
        migrations.RemoveIndex("sourcesync", "sources_sync_history"),
        migrations.AddIndex("sourcesync", models.Index(fields=["source", "-queued_at", "-id"], name="sources_sync_history")),
        migrations.AddIndex("sourcesync", models.Index(fields=["workspace", "-queued_at", "-id"], name="sources_sync_timeline")),
    ]
