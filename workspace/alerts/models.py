"""What a workspace is alerted about, the alerts there were, and where they went."""

from __future__ import annotations

from django.db import models

from workspace.models import User, Workspace
from workspace.secrets import SealedField


class AlertRules(models.Model):
    """What raises an alert in a workspace. Without a row the defaults hold: from the first failure on."""

    workspace = models.OneToOneField(Workspace, models.CASCADE, related_name="alert_rules")
    threshold = models.IntegerField(default=1, help_text="Failures of one pair in a row before an alert.")
    recovery = models.BooleanField(default=True, help_text="Say when a pair works again.")
    late = models.BooleanField(default=True, help_text="Nothing started though it was due.")
    held = models.BooleanField(default=True, help_text="Deletions wait for somebody to agree.")
    limited = models.BooleanField(
        default=True, db_default=True, help_text="A rate limit holds a sync up past its next slot."
    )
    columns = models.BooleanField(default=True, db_default=True, help_text="Columns come or become wider.")
    volume = models.BooleanField(
        default=True, db_default=True, help_text="A sync brings far more or less than those before."
    )
    freshness = models.PositiveSmallIntegerField(
        null=True, help_text="Hours that data may be old; NULL: twice the interval and ten minutes."
    )


class Channel(models.Model):
    """Where alerts go beside the bell: `email`, `slack` or `webhook`."""

    class Kind(models.TextChoices):
        EMAIL = "email", "E-mail"
        SLACK = "slack", "Slack-compatible webhook"
        WEBHOOK = "webhook", "Webhook, signed"

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="alert_channels")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    label = models.CharField(max_length=200, help_text="An address, or the host of one that is a secret.")
    settings = SealedField()
    created_at = models.DateTimeField(auto_now_add=True)


class Alert(models.Model):
    """Something that people should know; open until it is over. One for each cause at a time."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="alerts")
    cause = models.CharField(max_length=100, help_text="Such as source/<id>/failed.")
    title = models.CharField(max_length=300)
    text = models.TextField(blank=True)
    url = models.CharField(max_length=300, blank=True, help_text="Path of the page that helps.")
    opened_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True, help_text="When it went to the channels; NULL: not yet.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "cause"],
                condition=models.Q(closed_at=None),
                name="one_open_alert_a_cause",
            )
        ]
        indexes = [
            models.Index(fields=["workspace", "-opened_at", "-id"], name="alerts_newest"),
            models.Index(fields=["workspace", "told_at"], name="alerts_told"),
        ]


class Delivery(models.Model):
    """An alert, its end, or a test on its way through a channel."""

    channel = models.ForeignKey(Channel, models.CASCADE, related_name="deliveries")
    alert = models.ForeignKey(Alert, models.CASCADE, null=True, related_name="deliveries")
    event = models.CharField(max_length=10, help_text="opened, closed or test.")
    tries = models.IntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, help_text="When somebody should look at it again.")
    created_at = models.DateTimeField(auto_now_add=True)
    delivered_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["channel", "-created_at"], name="alerts_deliveries"),
            models.Index(fields=["next_try_at"], name="alerts_to_try", condition=models.Q(delivered_at=None)),
        ]


class LastRead(models.Model):
    """Up to when a person has read the alerts of a workspace."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "workspace"], name="one_last_read_each")]
