"""Histories are filtered by status without reading what the filter leaves out."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sources", "0002_history")]

    operations = [
        migrations.AddIndex(
            "sourcesync", models.Index(fields=["source", "status", "-queued_at", "-id"], name="sources_sync_by_status")
        ),
        migrations.AddIndex(
            "sourcesync", models.Index(fields=["workspace", "status", "-queued_at", "-id"], name="sources_sync_statuses")
        ),
    ]
