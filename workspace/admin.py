"""The operator's view of tenants and people. What is changed here is on the workspace's record too."""

from __future__ import annotations

from typing import Any, cast

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from workspace import closing
from workspace.changing import change_workspace, obstacles
from workspace.models import AuditEvent, Membership, RoleGrant, User, Workspace
from workspace.operator import ReadOnly, as_block, as_table
from workspace.people import add_role
from workspace.plans import told

# Theirs, which we do not use, or which would show seeds of one-time codes.
admin.site.unregister([Group, EmailAddress, Authenticator])


class PlanForm(forms.ModelForm):
    """The plan is all there is to change: the rest is the owners' in Settings."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [
            (key, f"{plan['label']}: {', '.join(told(plan)[1:3])}") for key, plan in settings.PLANS.items()
        ]
        self.fields["plan"] = forms.ChoiceField(choices=choices)

    def clean_plan(self) -> str:
        """A plan that the workspace fits into."""
        plan = str(self.cleaned_data["plan"])
        if plan != self.instance.plan and (why := obstacles(self.instance, plan)):
            raise ValidationError(why)
        return plan


class ByPlan(admin.SimpleListFilter):
    """Workspaces of one plan."""

    title = "plan"
    parameter_name = "plan"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """All plans of the installation."""
        return [(key, plan["label"]) for key, plan in settings.PLANS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Workspace]) -> QuerySet[Workspace]:
        """Those on the chosen one."""
        return queryset.filter(plan=self.value()) if self.value() else queryset


@admin.register(Workspace)
class WorkspaceAdmin(ReadOnly):
    """Tenants and their plans."""

    form = PlanForm
    list_display = ("slug", "name", "plan", "region", "created_at", "closing_at")
    list_filter = (ByPlan, "region")
    search_fields = ("slug", "name")
    fields = ("name", "slug", "region", "time_zone", "plan", "created_at", "closing_at", "members")
    readonly_fields = ("name", "slug", "region", "time_zone", "created_at", "closing_at", "members")
    actions = ("close", "keep")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The plan, and the end."""
        return True

    def save_model(self, request: HttpRequest, obj: Workspace, form: Any, change: bool) -> None:
        """The way an owner would, with everything that follows from it."""
        for sentence in change_workspace(obj, {"plan": form.cleaned_data["plan"]}, operator(request)):
            self.message_user(request, sentence)

    @admin.display(description="Members")
    def members(self, workspace: Workspace) -> str:
        """Who is in it, and as what."""
        members = workspace.memberships.select_related("user").prefetch_related("grants")
        rows = [(member.user.email, roles_of(member)) for member in members.order_by("user__email")[:200]]
        return as_table("Members", ("Member", "Roles"), rows)

    @admin.action(description="Delete in five days")
    def close(self, request: HttpRequest, queryset: QuerySet[Workspace]) -> None:
        """Its owners see when, and can keep it until then."""
        for workspace in queryset.filter(closing_at=None):
            closing.close(workspace, operator(request))
            self.message_user(request, f"{workspace} will be deleted in five days.", messages.WARNING)

    @admin.action(description="Keep after all")
    def keep(self, request: HttpRequest, queryset: QuerySet[Workspace]) -> None:
        """While there is time."""
        for workspace in queryset.exclude(closing_at=None):
            closing.keep(workspace, operator(request))
            self.message_user(request, f"{workspace} stays.")


@admin.register(Membership)
class MembershipAdmin(ReadOnly):
    """Who is in which workspace, and as what."""

    list_display = ("user", "workspace", "created_at")
    list_select_related = ("user", "workspace")
    search_fields = ("user__email", "workspace__slug")
    fields = ("user", "workspace", "created_at", "roles")
    readonly_fields = ("roles",)
    actions = ("make_owner",)

    @admin.display(description="Roles")
    def roles(self, membership: Membership) -> str:
        """As what."""
        return roles_of(membership)

    @admin.action(description="Make owners")
    def make_owner(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        """For a workspace whose last owner has left the company."""
        for membership in queryset:
            add_role(membership, RoleGrant.Role.OWNER, None, operator(request))
            self.message_user(request, f"{membership.user} owns {membership.workspace}.")


@admin.register(User)
class UserAdmin(ReadOnly):
    """Accounts. They come from invitations, `bootstrap` and the first run; each sets its own password."""

    list_display = ("email", "name", "is_active", "is_superuser", "last_login")
    list_filter = ("is_active", "is_superuser")
    search_fields = ("email", "name")
    fields = ("email", "name", "time_zone", "is_active", "is_superuser", "date_joined", "last_login")
    actions = ("turn_off_second_factor",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether it may sign in, and whether it operates the installation."""
        return True

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Nobody locks itself out."""
        own = ("is_active", "is_superuser") if obj == request.user else ()
        return ("email", "name", "time_zone", "date_joined", "last_login", *own)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """An operator may do everything here, or is none."""
        obj.is_staff = obj.is_superuser
        super().save_model(request, obj, form, change)

    @admin.action(description="Turn off two-factor sign-in")
    def turn_off_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """For somebody who lost the phone and the recovery codes, once you know who is asking."""
        others = queryset.exclude(pk=operator(request).pk)
        for user in others.filter(authenticator__isnull=False).distinct():
            Authenticator.objects.filter(user=user).delete()
            get_adapter(request).send_notification_mail("mfa/email/totp_deactivated", user)
            self.log_change(request, user, "Turned off two-factor sign-in.")
            self.message_user(
                request,
                f"{user} signs in with the password alone until it is set up again.",
                messages.WARNING,
            )


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly):
    """The trails of all workspaces."""

    ordering = ("-pk",)
    list_display = ("at", "workspace", "number", "actor", "action", "target")
    list_select_related = ("workspace",)
    search_fields = ("workspace__slug__exact",)
    search_help_text = "The slug of a workspace."
    fields = ("workspace", "number", "at", "actor", "action", "target", "told_details", "seal")
    readonly_fields = ("told_details",)

    @admin.display(description="Details")
    def told_details(self, event: AuditEvent) -> str:
        """Before and after."""
        return as_block(event.details)


def operator(request: HttpRequest) -> User:
    """Who is at work here."""
    return cast(User, request.user)


def roles_of(membership: Membership) -> str:
    """Its roles; those for one source say so."""
    told = [f"{grant}{' of one source' if grant.source_id else ''}" for grant in membership.grants.all()]
    return ", ".join(told) or "none"
