"""One member: what it may do here, its roles, and its removal."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from workspace.access import Ability, owners_of
from workspace.errors import ConfigError
from workspace.models import Membership
from workspace.pages import MemberRequest, member_page
from workspace.parts.frame import address_of, show_part
from workspace.parts.members import RoleForm, role_label, sources_of, words_of
from workspace.people import add_role, remove_member, remove_role


@member_page(Ability.OWN)
def show_member(request: MemberRequest, member_id: int) -> HttpResponse:
    """The page of a member. Posting `action` adds a role, drops one, or removes the member."""
    members = request.access.workspace.memberships.select_related("user", "workspace")
    member = get_object_or_404(members, pk=member_id)
    sources = sources_of(request)
    form = RoleForm(request.POST if request.POST.get("action") == "add" else None, sources=sources)
    if request.method == "POST" and (not form.is_bound or form.is_valid()):
        return _change(request, member, form)
    context = {
        "title": member.user.get_full_name(),
        "member": member,
        "form": form,
        "words": words_of(member, sources),
        "grants": [(grant, role_label(grant, sources)) for grant in member.grants.all()],
        "last_owner": owners_of(member.workspace) == [member.user],
    }
    return show_part(request, "access", "workspace/settings/member.html", **context)


def _change(request: MemberRequest, member: Membership, form: RoleForm) -> HttpResponse:
    action = request.POST.get("action")
    try:
        if action == "add":
            messages.success(request, _add(request, member, form))
        elif action == "drop":
            messages.success(request, _drop(request, member))
        elif action == "remove":
            remove_member(member, request.user)
            messages.success(request, f"{member.user.email} is no longer a member.")
            return redirect(address_of(member.workspace.slug, "access"))
        else:
            raise Http404("There is no such action.")
    except ConfigError as error:
        messages.error(request, error.message)
    return redirect(request.path)


def _add(request: MemberRequest, member: Membership, form: RoleForm) -> str:
    role = form.cleaned_data["role"]
    add_role(member, role, form.source_id, request.user)
    return f"{member.user.email} has the role now."


def _drop(request: MemberRequest, member: Membership) -> str:
    number = request.POST.get("grant", "")
    grant = get_object_or_404(member.grants, pk=int(number) if number.isdecimal() else 0)
    remove_role(grant, request.user)
    return f"{member.user.email} has the role no longer."
