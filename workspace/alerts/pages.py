"""The bell's list, and the rules and channels of a workspace."""

from __future__ import annotations

import secrets
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from workspace import audit
from workspace.access import Ability
from workspace.alerts.models import Alert, AlertRules, Channel, Delivery
from workspace.alerts.raising import begin_delivery, count_unread, mark_read, rules_of
from workspace.errors import ConfigError
from workspace.outbound import host_of
from workspace.pages import Crumb, MemberRequest, member_page, page_by_time
from workspace.parts.frame import address_of, show_part


class RulesForm(forms.ModelForm):  # type: ignore[type-arg]
    """What raises an alert."""

    threshold = forms.IntegerField(
        label="Failures in a row before an alert",
        min_value=1,
        max_value=20,
        help_text="Counted for each source and each pair of source and warehouse.",
    )

    freshness = forms.IntegerField(
        label="Hours that data may be old",
        min_value=1,
        max_value=720,
        required=False,
        help_text="Empty: twice the time between two syncs, and ten minutes.",
    )

    class Meta:
        model = AlertRules
        fields = ("threshold", "recovery", "late", "freshness", "held", "limited", "columns", "volume")
        labels = {
            "recovery": "Tell when it works again",
            "late": "Alert when a sync was due and did not start, or data are older than they may be",
            "held": "Alert when deletions wait for somebody to agree",
            "limited": "Alert when a vendor’s rate limit holds a sync up past its next one",
            "columns": "Alert when columns come or become wider",
            "volume": "Alert when a sync brings far more or far less than the 30 before it",
        }
        help_texts = dict.fromkeys(labels, "")  # the labels say it


class ChannelForm(forms.Form):
    """A new channel."""

    kind = forms.ChoiceField(label="Channel", choices=Channel.Kind.choices)
    target = forms.CharField(
        label="Address", max_length=500, help_text="An e-mail address, or the https address of a webhook."
    )

    def clean(self) -> dict[str, Any]:
        """An address of the kind chosen."""
        values = self.cleaned_data
        kind, target = values.get("kind"), values.get("target", "").strip()
        if kind == Channel.Kind.EMAIL:
            try:
                validate_email(target)
            except ValidationError as error:
                self.add_error("target", error)
        else:
            try:
                host_of(target)
            except ConfigError as error:
                self.add_error("target", error.message)
        return {**values, "target": target}


@member_page()
def show_alerts(request: MemberRequest) -> HttpResponse:
    """All alerts, newest first; looking at them is reading them."""
    workspace = request.access.workspace
    unread = count_unread(request.user, workspace)
    if request.method == "POST":
        mark_read(request.user, workspace)
        return redirect(request.path)
    slab = page_by_time(Alert.objects.filter(workspace=workspace), request, 25, "opened_at")
    context = {"title": "Alerts", "crumbs": [Crumb("Alerts")], "slab": slab, "unread": unread}
    return render(request, "workspace/alerts.html", context)


@member_page()
def show_settings(request: MemberRequest) -> HttpResponse:
    """Rules, channels, and what was delivered of late."""
    workspace = request.access.workspace
    rules = rules_of(workspace)
    form = RulesForm(request.POST or None, instance=rules)
    if request.method == "POST":
        request.access.require(Ability.OWN)
        if form.is_valid():
            with transaction.atomic():
                form.save()
                audit.record(
                    workspace, request.user, "alerts.rules_changed", workspace.slug, after=form.cleaned_data
                )
            messages.success(request, "Saved.")
            return redirect(request.path)
    return _show(request, form, ChannelForm())


@require_POST
@member_page(Ability.OWN)
def add_channel(request: MemberRequest) -> HttpResponse:
    """Add a channel; the secret that signs a webhook is shown this once."""
    workspace, form = request.access.workspace, ChannelForm(request.POST)
    if not form.is_valid():
        return _show(request, RulesForm(instance=rules_of(workspace)), form)
    kind, target = form.cleaned_data["kind"], form.cleaned_data["target"]
    secret = secrets.token_urlsafe(32) if kind == Channel.Kind.WEBHOOK else ""
    label = target if kind == Channel.Kind.EMAIL else host_of(target)
    kept = {"address": target} if kind == Channel.Kind.EMAIL else {"url": target, "secret": secret}
    with transaction.atomic():
        channel = Channel.objects.create(workspace=workspace, kind=kind, label=label)
        channel.settings = kept
        channel.save(update_fields=["settings"])
        audit.record(workspace, request.user, "alerts.channel_added", label, kind=kind)
    messages.success(request, f"{label} is told from now on.")
    return _show(request, RulesForm(instance=rules_of(workspace)), ChannelForm(), secret=secret)


@require_POST
@member_page(Ability.OWN)
def change_channel(request: MemberRequest, channel_id: int) -> HttpResponse:
    """Send a test through a channel, or remove it."""
    workspace = request.access.workspace
    channel = get_object_or_404(workspace.alert_channels, pk=channel_id)
    if request.POST.get("action") == "remove":
        with transaction.atomic():
            audit.record(workspace, request.user, "alerts.channel_removed", channel.label, kind=channel.kind)
            channel.delete()
        messages.success(request, f"{channel.label} is told no more.")
    else:
        begin_delivery(channel, "test")
        messages.success(request, f"A test is on its way to {channel.label}; see below what becomes of it.")
    return redirect(address_of(workspace.slug, "alerts"))


def _show(request: MemberRequest, rules: RulesForm, channel: ChannelForm, secret: str = "") -> HttpResponse:
    workspace = request.access.workspace
    deliveries = Delivery.objects.filter(channel__workspace=workspace).select_related("channel", "alert")
    context = {
        "form": rules,
        "channel_form": channel,
        "channels": workspace.alert_channels.order_by("created_at"),
        "deliveries": deliveries.order_by("-created_at")[:20],
        "secret": secret,
        "why_not": "" if request.access.owner else request.access.refusal(Ability.OWN),
    }
    return show_part(request, "alerts", "workspace/settings/alerts.html", **context)
