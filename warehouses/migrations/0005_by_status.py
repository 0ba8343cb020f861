"""Histories are filtered by status without reading what the filter leaves out."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("warehouses", "0004_again")]

    operations = [
        migrations.AddIndex(
            "warehousesync", models.Index(fields=["connection", "status", "-queued_at", "-id"], name="warehouses_sync_by_status")
        ),
        migrations.AddIndex(
            "warehousesync", models.Index(fields=["workspace", "status", "-queued_at", "-id"], name="warehouses_sync_statuses")
        ),
    ]
