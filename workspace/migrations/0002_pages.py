"""What pages show beside the data: sums of runs per hour, and the audit trail."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workspace", "0001_initial")]

    operations = [
        migrations.CreateModel(
            "RunHour",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("side", models.CharField(max_length=10)),
                ("hour", models.DateTimeField()),
                ("status", models.CharField(max_length=10)),
                ("runs", models.IntegerField()),
                ("rows", models.BigIntegerField()),
                (
                    "workspace",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="run_hours",
                        to="workspace.workspace",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("workspace", "side", "hour", "status"), name="one_sum_an_hour")
                ]
            },
        ),
        migrations.CreateModel(
            "AuditEvent",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.BigIntegerField(help_text="1, 2, 3 … in the workspace, without a gap.")),
                ("at", models.DateTimeField()),
                (
                    "actor",
                    models.CharField(help_text="An e-mail address, or the part of the product.", max_length=254),
                ),
                ("action", models.CharField(help_text="What was done, e.g. source.created.", max_length=60)),
                ("target", models.CharField(blank=True, max_length=200)),
                ("details", models.JSONField(default=dict, help_text="Before and after, never a secret.")),
                (
                    "seal",
                    models.CharField(help_text="SHA-256 over this entry and the seal before it.", max_length=64),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="audit_events",
                        to="workspace.workspace",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("workspace", "number"), name="one_event_of_a_number")
                ]
            },
        ),
    ]
