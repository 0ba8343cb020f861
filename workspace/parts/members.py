"""Access: members with their roles in words, and invitations."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from workspace import invitations
from workspace.access import Ability, Grant
from workspace.errors import ConfigError
from workspace.models import Membership, RoleGrant
from workspace.pages import MemberRequest, member_page
from workspace.parts.frame import address_of, show_part
from workspace.people import OF_SOURCES, add_role, explain, in_words, remove_member, remove_role


class RoleForm(forms.Form):
    """A role, for all sources or for one."""

    role = forms.ChoiceField(label="Role", choices=RoleGrant.Role.choices)
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

    email = forms.EmailField(label="Email")
    field_order = ["email", "role", "source"]


@member_page()
def show_access(request: MemberRequest) -> HttpResponse:
    """The list of members and open invitations; owners invite here."""
    workspace, sources = request.access.workspace, _sources(request)
    form = InviteForm(request.POST or None, sources=sources)
    link = ""
    if request.method == "POST":
        request.access.require(Ability.OWN)
        if form.is_valid():
            link = _invite(request, form)
            form = InviteForm(sources=sources) if link else form
    members = workspace.memberships.select_related("user").prefetch_related("grants").order_by("user__email")
    context = {
        "form": form,
        "link": link,
        "members": [(member, _grants(member, sources), _words(member, sources)) for member in members],
        "invitations": [
            (one, invitations.state(one), explain(one.role, one.source_id, sources) if one.role else "")
            for one in invitations.open_ones(workspace).order_by("-created_at")
        ],
        "role_form": RoleForm(sources=sources, auto_id=False),
        "why_not": "" if request.access.owner else request.access.refusal(Ability.OWN),
    }
    return show_part(request, "access", "workspace/settings/access.html", **context)


@require_POST
@member_page(Ability.OWN)
def change_member(request: MemberRequest, member_id: int) -> HttpResponse:
    """Add a role, take one away, or remove the member."""
    workspace = request.access.workspace
    member = get_object_or_404(workspace.memberships.select_related("user", "workspace"), pk=member_id)
    try:
        messages.success(request, _change(request, member))
    except ConfigError as error:
        messages.error(request, error.message)
    return redirect(address_of(workspace.slug, "access"))


@require_POST
@member_page(Ability.OWN)
def revoke_invitation(request: MemberRequest, invitation_id: int) -> HttpResponse:
    """End an invitation before it is accepted."""
    workspace = request.access.workspace
    invitation = get_object_or_404(workspace.invitations, pk=invitation_id)
    invitations.revoke(invitation, request.user)
    messages.success(request, f"The invitation of {invitation.email} was revoked.")
    return redirect(address_of(workspace.slug, "access"))


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


def _change(request: MemberRequest, member: Membership) -> str:
    action = request.POST.get("action")
    if action == "remove":
        remove_member(member, request.user)
        return f"{member.user.email} is no longer a member."
    if action == "drop":
        grant = get_object_or_404(member.grants, pk=request.POST.get("grant", "0"))
        remove_role(grant, request.user)
        return f"{member.user.email} lost the role {grant.get_role_display()}."
    if action != "add":
        raise Http404("There is no such action.")
    form = RoleForm(request.POST, sources=_sources(request))
    if not form.is_valid():
        raise ConfigError(" ".join(str(error[0]) for error in form.errors.values()), code="invalid")
    add_role(member, form.cleaned_data["role"], form.source_id, request.user)
    return f"{member.user.email} has the role {RoleGrant.Role(form.cleaned_data['role']).label}."


def _sources(request: MemberRequest) -> dict[UUID, str]:
    found = request.access.workspace.sources.order_by("name").values_list("pk", "name")
    return dict(found)


def _grants(member: Membership, sources: dict[UUID, str]) -> list[tuple[RoleGrant, str]]:
    return [
        (grant, sources.get(grant.source_id, "(deleted source)") if grant.source_id else "")
        for grant in member.grants.all()
    ]


def _words(member: Membership, sources: dict[UUID, str]) -> list[str]:
    return in_words([Grant(grant.role, grant.source_id) for grant in member.grants.all()], sources)
