"""Invitations: an address, a role, a link that works once within seven days. Only the link's hash is kept."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Callable
from datetime import timedelta
from smtplib import SMTPException
from uuid import UUID

from django.core.mail import send_mail
from django.db import transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils import timezone

from workspace import audit
from workspace.errors import ConfigError
from workspace.models import Invitation, Membership, User, Workspace
from workspace.people import grant_role

log = logging.getLogger(__name__)

VALID_FOR = timedelta(days=7)


def invite(
    workspace: Workspace, email: str, role: str, source_id: UUID | None, by: User
) -> tuple[Invitation, str]:
    """An invitation and its token, which nobody can read again; an earlier one to the address ends.

    Raises ConfigError(code="member") for somebody who is in the workspace.
    """
    email = email.lower()
    with transaction.atomic():
        Workspace.objects.select_for_update(no_key=True).only("pk").get(pk=workspace.pk)
        if workspace.memberships.filter(user__email=email).exists():
            raise ConfigError(f"{email} is a member already.", code="member")
        open_ones(workspace).filter(email=email).update(revoked_at=timezone.now())
        token = secrets.token_urlsafe(32)
        invitation = Invitation.objects.create(
            workspace=workspace,
            email=email,
            role=role,
            source_id=source_id,
            invited_by=by,
            token_hash=_hash(token),
            expires_at=timezone.now() + VALID_FOR,
        )
        audit.record(workspace, by, "invitation.created", email, role=role, source=source_id)
    return invitation, token


def send(invitation: Invitation, url: str) -> bool:
    """Mail the link; False when the mail server did not take it."""
    context = {"invitation": invitation, "url": url, "days": VALID_FOR.days}
    subject = f"Join the workspace {invitation.workspace.name} on Tributary"
    try:
        send_mail(
            " ".join(subject.split()),
            render_to_string("workspace/email/invitation.txt", context),
            None,
            [invitation.email],
        )
    except (OSError, SMTPException) as error:
        log.error("An invitation could not be sent: %s", type(error).__name__)
        return False
    return True


def find(token: str) -> Invitation | None:
    """The invitation that this token was made for, whatever has become of it."""
    return Invitation.objects.select_related("workspace").filter(token_hash=_hash(token)).first()


def open_ones(workspace: Workspace) -> QuerySet[Invitation]:
    """Neither accepted nor revoked; they may have expired."""
    return workspace.invitations.filter(accepted_at=None, revoked_at=None)


def state(invitation: Invitation) -> str:
    """`open`, `accepted`, `revoked` or `expired`."""
    if invitation.accepted_at:
        return "accepted"
    if invitation.revoked_at:
        return "revoked"
    return "expired" if invitation.expires_at <= timezone.now() else "open"


def revoke(invitation: Invitation, by: User) -> None:
    """End it before it is accepted."""
    with transaction.atomic():
        changed = open_ones(invitation.workspace).filter(pk=invitation.pk).update(revoked_at=timezone.now())
        if changed:
            audit.record(invitation.workspace, by, "invitation.revoked", invitation.email)


def accept(invitation: Invitation, user: User) -> Membership:
    """Make this person a member with the role it was invited for; once.

    Raises ConfigError(code="invitation") when the invitation is no longer open or was meant for another address.
    """
    with transaction.atomic():
        locked = Invitation.objects.select_for_update(of=("self",)).select_related("workspace")
        invitation = locked.get(pk=invitation.pk)
        if state(invitation) != "open" or user.email.lower() != invitation.email:
            raise ConfigError("This invitation cannot be accepted.", code="invitation")
        workspace = invitation.workspace
        invitation.accepted_at = timezone.now()
        invitation.save(update_fields=["accepted_at"])
        membership, _ = Membership.objects.get_or_create(user=user, workspace=workspace)
        if invitation.role and _scope_exists(invitation):
            grant_role(workspace, user, invitation.role, invitation.source_id)
        facts = {"role": invitation.role, "source": invitation.source_id}
        audit.record(workspace, user, "invitation.accepted", invitation.email, **facts)
    return membership


def accept_as_new(invitation: Invitation, create: Callable[[], User]) -> User:
    """The same for somebody whose account `create` makes: both or neither."""
    with transaction.atomic():
        locked = Invitation.objects.select_for_update().get(pk=invitation.pk)
        if state(locked) != "open":
            raise ConfigError("This invitation cannot be accepted.", code="invitation")
        user = create()
        accept(invitation, user)
    return user


def _scope_exists(invitation: Invitation) -> bool:
    """The source may have been deleted in the meantime."""
    if invitation.source_id is None:
        return True
    sources = invitation.workspace.sources
    return bool(sources.filter(pk=invitation.source_id).exists())


def _hash(token: str) -> str:
    """A token has 256 random bits: no salt or stretching is needed."""
    return hashlib.sha256(token.encode()).hexdigest()
