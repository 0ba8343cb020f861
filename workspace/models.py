"""The tenant: people, workspaces, who may do what, and what was done."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import connection, models


def validate_time_zone(name: str) -> None:
    """Refuse what is no name of the tz database."""
    if name not in available_timezones():
        raise ValidationError(f"{name} is not a time zone of the tz database.")


def default_plan() -> str:
    """The plan of a new workspace."""
    return str(settings.DEFAULT_PLAN)


class People(BaseUserManager["User"]):
    """Creates accounts by e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """An account that can sign in with this address; the password is stored hashed."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """An operator of the installation."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractUser):
    """A person, signed in by e-mail address; may belong to several workspaces."""

    username = first_name = last_name = None  # type: ignore[assignment]
    email = models.EmailField("e-mail address", unique=True)
    name = models.CharField(max_length=150, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[People] = People()  # type: ignore[assignment]

    def get_full_name(self) -> str:
        """The name as the person writes it; without one, the address."""
        return self.name or self.email

    def get_short_name(self) -> str:
        """The same: names are not taken apart."""
        return self.get_full_name()


class Workspace(models.Model):
    """The tenant: members, sources and warehouses, on a plan."""

    class Region(models.TextChoices):
        US = "us", "United States"
        EU = "eu", "European Union"

    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=60, unique=True)
    region = models.CharField(max_length=2, choices=Region.choices, default=Region.US)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    plan = models.CharField(max_length=30, default=default_plan, help_text="A key of the setting PLANS.")
    two_factors = models.BooleanField(
        default=False, db_default=False, help_text="Members need two-factor sign-in."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    closing_at = models.DateTimeField(null=True, editable=False, help_text="When it will be deleted.")

    def __str__(self) -> str:
        return self.slug

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which schedules are read and times are shown."""
        return ZoneInfo(self.time_zone)

    @property
    def mark(self) -> str:
        """A word that no other workspace has, of this installation or of another one."""
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"tributary {self.pk} {self.created_at.isoformat()}"))

    @property
    def allowance(self) -> dict[str, Any]:
        """What the plan allows: see the setting PLANS. One that the operator has taken out counts as the default."""
        plans: dict[str, dict[str, Any]] = settings.PLANS
        return plans.get(self.plan) or plans[settings.DEFAULT_PLAN]


class FormerSlug(models.Model):
    """A slug that a workspace had before: addresses with it lead to the present one."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="former_slugs")
    slug = models.SlugField(max_length=60, unique=True)

    def __str__(self) -> str:
        return self.slug


class Membership(models.Model):
    """A person in a workspace; what it may do there is the sum of its grants."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="memberships")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "member"
        constraints = [models.UniqueConstraint(fields=["user", "workspace"], name="one_membership_each")]

    def __str__(self) -> str:
        return f"{self.user} in {self.workspace}"


class RoleGrant(models.Model):
    """A role of a member, for everything in the workspace or for one source."""

    class Role(models.TextChoices):
        OWNER = "owner", "Owner"
        SOURCE_ADMIN = "source_admin", "Source admin"
        SOURCE_VIEWER = "source_viewer", "Source viewer"
        WAREHOUSE_ADMIN = "warehouse_admin", "Warehouse admin"
        WAREHOUSE_VIEWER = "warehouse_viewer", "Warehouse viewer"

    membership = models.ForeignKey(Membership, models.CASCADE, related_name="grants")
    role = models.CharField(max_length=20, choices=Role.choices)
    source_id = models.UUIDField(null=True, blank=True, help_text="Scope: this source only.")

    class Meta:
        verbose_name = "role"
        constraints = [
            models.UniqueConstraint(
                fields=["membership", "role", "source_id"], nulls_distinct=False, name="one_grant_each"
            )
        ]

    def __str__(self) -> str:
        return str(self.get_role_display())


class Invitation(models.Model):
    """An e-mail address that is asked to join. The link is kept as a hash only, and works once."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=20, choices=RoleGrant.Role.choices, blank=True)
    source_id = models.UUIDField(null=True, blank=True, help_text="Scope of the role: this source only.")
    token_hash = models.CharField(max_length=64, unique=True, help_text="SHA-256 of what the link ends with.")
    invited_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "email"],
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="one_open_invitation_each",
            )
        ]

    def __str__(self) -> str:
        return self.email


class Hours(models.Manager["RunHour"]):
    """Adds to the sums per hour."""

    def add(self, workspace_id: int, side: str, at: datetime | None, status: str, rows: int) -> None:
        """One more run of this side that ended at this moment with this status and so many rows."""
        with connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO workspace_runhour AS h (workspace_id, side, hour, status, runs, rows)
                   VALUES (%s, %s, date_trunc('hour', %s::timestamptz, 'UTC'), %s, 1, %s)
                   ON CONFLICT (workspace_id, side, hour, status)
                   DO UPDATE SET runs = h.runs + 1, rows = h.rows + EXCLUDED.rows""",
                [workspace_id, side, at, status, rows],
            )


class RunHour(models.Model):
    """Runs of one side that ended in one hour with one status: charts read these and no history."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="run_hours", db_index=False)
    side = models.CharField(max_length=10)
    hour = models.DateTimeField()
    status = models.CharField(max_length=10)
    runs = models.IntegerField()
    rows = models.BigIntegerField()

    objects: ClassVar[Hours] = Hours()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "side", "hour", "status"], name="one_sum_an_hour")
        ]


class AuditEvent(models.Model):
    """Something somebody changed. Only ever added, by `workspace.audit`; each entry seals the one before it."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="audit_events", db_index=False)
    number = models.BigIntegerField(help_text="1, 2, 3 … in the workspace, without a gap.")
    at = models.DateTimeField()
    actor = models.CharField(max_length=254, help_text="An e-mail address, or the part of the product.")
    action = models.CharField(max_length=60, help_text="What was done, e.g. source.created.")
    target = models.CharField(max_length=200, blank=True)
    details = models.JSONField(default=dict, help_text="Before and after, never a secret.")
    seal = models.CharField(max_length=64, help_text="SHA-256 over this entry and the seal before it.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "number"], name="one_event_of_a_number")]
        indexes = [
            models.Index(fields=["workspace", "-at", "-id"], name="audit_timeline"),
            models.Index(fields=["workspace", "actor", "-at", "-id"], name="audit_by_actor"),
            models.Index(fields=["workspace", "action", "-at", "-id"], name="audit_by_action"),
        ]
