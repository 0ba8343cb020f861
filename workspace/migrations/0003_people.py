"""Names, invitations, former slugs, closing workspaces, and how the audit trail is asked."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

ROLES = [
    ("owner", "Owner"),
    ("source_admin", "Source admin"),
    ("source_viewer", "Source viewer"),
    ("warehouse_admin", "Warehouse admin"),
    ("warehouse_viewer", "Warehouse viewer"),
]


class Migration(migrations.Migration):
    dependencies = [("workspace", "0002_pages")]

    operations = [
        migrations.AddField("user", "name", models.CharField(blank=True, max_length=150)),
        migrations.RunSQL(
            "UPDATE workspace_user SET name = left(trim(first_name || ' ' || last_name), 150)", migrations.RunSQL.noop
        ),
        migrations.RemoveField("user", "first_name"),
        migrations.RemoveField("user", "last_name"),
        migrations.AddField(
            "workspace",
            "closing_at",
            models.DateTimeField(editable=False, help_text="When it will be deleted.", null=True),
        ),
        migrations.CreateModel(
            "FormerSlug",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(max_length=60, unique=True)),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="former_slugs",
                        to="workspace.workspace",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            "Invitation",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.EmailField(max_length=254)),
                ("role", models.CharField(blank=True, choices=ROLES, max_length=20)),
                (
                    "source_id",
                    models.UUIDField(blank=True, help_text="Scope of the role: this source only.", null=True),
                ),
                (
                    "token_hash",
                    models.CharField(help_text="SHA-256 of what the link ends with.", max_length=64, unique=True),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField()),
                ("accepted_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                (
                    "invited_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invitations",
                        to="workspace.workspace",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("workspace", "email"),
                        condition=models.Q(("accepted_at", None), ("revoked_at", None)),
                        name="one_open_invitation_each",
                    )
                ]
            },
        ),
        migrations.AddIndex(
            "auditevent", models.Index(fields=["workspace", "-at", "-id"], name="audit_timeline")
        ),
        migrations.AddIndex(
            "auditevent", models.Index(fields=["workspace", "actor", "-at", "-id"], name="audit_by_actor")
        ),
        migrations.AddIndex(
            "auditevent", models.Index(fields=["workspace", "action", "-at", "-id"], name="audit_by_action")
        ),
    ]
