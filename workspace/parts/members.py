"""Access: the members with their roles in words, and invitations."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from workspace import invitations
from workspace.access import Ability, Grant
from workspace.changing import change_workspace
from workspace.errors import ConfigError
from workspace.models import Membership, RoleGrant
from workspace.pages import MemberRequest, member_page
from workspace.parts.frame import address_of, show_part, why_not
from workspace.people import OF_SOURCES, explain, in_words, remove_member

Role = RoleGrant.Role


class RoleForm(forms.Form):
    """A role, for all sources or for one."""

    role = forms.ChoiceField(label="Role", choices=Role.choices, initial=Role.SOURCE_VIEWER)
    source = forms.ChoiceField(
        label="Source", required=False, help_text="Source roles can be held for one source only."
    )

    def __init__(self, *args: Any, sources: dict[UUID, str], **options: Any) -> None:
        super().__init__(*args, **options)
        names = [(str(pk), name) for pk, name in sources.items()]
        self.fields["source"].choices = [("", "All sources"), *names]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Only roles of sources have a source."""
        values = self.cleaned_data
        if values.get("source") and values.get("role") not in OF_SOURCES:
            self.add_error("source", "This role is for the whole workspace.")
        return values

    @property
    def source_id(self) -> UUID | None:
        """The source it is for; None for all."""
        return UUID(self.cleaned_data["source"]) if self.cleaned_data.get("source") else None


class InviteForm(RoleForm):
    """Whom to ask, and as what."""

    email = forms.EmailField(label="Email", widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    field_order = ["email", "role", "source"]


@member_page()
def show_access(request: MemberRequest) -> HttpResponse:
    """The list of members and open invitations; owners invite here."""
    workspace, sources = request.access.workspace, sources_of(request)
    form = InviteForm(request.POST or None, sources=sources)
    link = ""
    if request.method == "POST":
        request.access.require(Ability.OWN)
        if form.is_valid():
            link = _invite(request, form)
            form = InviteForm(sources=sources) if link else form
    context = {
        "form": form,
        "link": link,
        "members": [(one, badges(one, sources), words_of(one, sources)) for one in _members(request)],
        "invitations": [
            (one, invitations.state(one), explain(one.role, one.source_id, sources) if one.role else "")
            for one in invitations.open_ones(workspace).order_by("-created_at")
        ],
        "roles": [(role.label, explain(role, None, sources)) for role in Role],
        "why_not": why_not(request),
    }
    return show_part(request, "access", "workspace/settings/access.html", **context)


@require_POST
@member_page(Ability.OWN)
def revoke_invitation(request: MemberRequest, invitation_id: int) -> HttpResponse:
    """End an invitation before it is accepted."""
    workspace = request.access.workspace
    invitation = get_object_or_404(workspace.invitations, pk=invitation_id)
    invitations.revoke(invitation, request.user)
    messages.success(request, f"The invitation of {invitation.email} was revoked.")
    return redirect(address_of(workspace.slug, "access"))


@require_POST
@member_page(Ability.OWN)
def ask_two_factors(request: MemberRequest) -> HttpResponse:
    """Ask every member for two-factor sign-in, or stop to; who asks has it."""
    access, wanted = request.access, request.POST.get("wanted") == "on"
    if wanted and not access.two_factors:
        messages.error(request, "Set up two-factor sign-in for yourself first.")
    else:
        change_workspace(access.workspace, {"two_factors": wanted}, request.user)
        messages.success(request, "Saved.")
    return redirect(address_of(access.workspace.slug, "access"))


@require_POST
@member_page(while_closing=True)
def leave(request: MemberRequest) -> HttpResponse:
    """Anybody may go, but the last owner."""
    workspace = request.access.workspace
    try:
        remove_member(workspace.memberships.select_related("workspace").get(user=request.user), request.user)
    except ConfigError as error:
        messages.error(request, error.message)
        return redirect(address_of(workspace.slug, "access"))
    messages.success(request, f"You are no longer a member of {workspace.name}.")
    return redirect("home")


def sources_of(request: MemberRequest) -> dict[UUID, str]:
    """Names of the sources that this person may see, to tell scopes with."""
    return dict(request.access.sources().order_by("name").values_list("pk", "name"))


def badges(member: Membership, sources: dict[UUID, str]) -> list[str]:
    """The roles of a member, each with the source it is for."""
    return [role_label(grant, sources) for grant in member.grants.all()]


def role_label(grant: RoleGrant, sources: dict[UUID, str]) -> str:
    """`Source admin of Desk.com`."""
    if grant.source_id is None:
        return str(grant.get_role_display())
    return f"{grant.get_role_display()} of {sources.get(grant.source_id, 'one source')}"


def words_of(member: Membership, sources: dict[UUID, str]) -> list[str]:
    """What a member may do."""
    return in_words([Grant(grant.role, grant.source_id) for grant in member.grants.all()], sources)


def _members(request: MemberRequest) -> QuerySet[Membership]:
    protected = Exists(Authenticator.objects.filter(user=OuterRef("user")))
    members = request.access.workspace.memberships.annotate(two_factors=protected)
    return members.select_related("user").prefetch_related("grants").order_by("user__email")


def _invite(request: MemberRequest, form: InviteForm) -> str:
    """The link, which is shown this once; empty when the form now says what is wrong."""
    values = form.cleaned_data
    try:
        invitation, token = invitations.invite(
            request.access.workspace, values["email"], values["role"], form.source_id, request.user
        )
    except ConfigError as error:
        form.add_error("email", error.message)
        return ""
    link = request.build_absolute_uri(reverse("invitation", args=[token]))
    if invitations.send(invitation, link):
        messages.success(request, f"An invitation is on its way to {invitation.email}.")
    else:
        messages.warning(request, "The mail could not be sent: hand over the link below yourself.")
    return link
