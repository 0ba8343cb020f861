"""The audit trail: who changed what, when. Entries are only ever added, each sealed over the one before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from workspace.models import AuditEvent, User, Workspace

GENESIS = "0" * 64
COMMAND_LINE = "command line"
"""The actor of what a management command does: whoever may run one is nobody of the workspace."""

_NEXT = """
    WITH RECURSIVE found (value) AS (
        (SELECT {column} FROM workspace_auditevent WHERE workspace_id = %s ORDER BY {column} LIMIT 1)
        UNION ALL
        SELECT (SELECT {column} FROM workspace_auditevent
                WHERE workspace_id = %s AND {column} > found.value ORDER BY {column} LIMIT 1)
        FROM found WHERE found.value IS NOT NULL
    )
    SELECT value FROM found WHERE value IS NOT NULL LIMIT 500"""


def record(
    workspace: Workspace, actor: User | str, action: str, target: object = "", **details: Any
) -> AuditEvent:
    """Add an entry, in the caller's transaction if there is one.

    `action` reads `source.created`; `details` say what changed, such as `before` and `after`, and never a secret.
    """
    who = actor if isinstance(actor, str) else actor.email
    with transaction.atomic():
        Workspace.objects.select_for_update(no_key=True).only("pk").get(pk=workspace.pk)
        last = AuditEvent.objects.filter(workspace=workspace).order_by("-number").first()
        event = AuditEvent(
            workspace=workspace,
            number=last.number + 1 if last else 1,
            at=timezone.now(),
            actor=who[:254],
            action=action,
            target=str(target)[:200],
            details=json.loads(json.dumps(details, default=str)),
        )
        event.seal = seal(event, last.seal if last else GENESIS)
        event.save()
    return event


def known(workspace: Workspace, column: str) -> list[str]:
    """Every value there is of `actor` or `action`, found from one to the next by the index, not by reading it all."""
    if column not in ("actor", "action"):
        raise ValueError(column)
    with connection.cursor() as cursor:
        cursor.execute(_NEXT.format(column=column), [workspace.pk, workspace.pk])
        return [row[0] for row in cursor]


def seal(event: AuditEvent, before: str) -> str:
    """SHA-256 over the seal `before` and everything the entry says."""
    said = [
        event.number,
        event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        event.actor,
        event.action,
        event.target,
        event.details,
    ]
    text = json.dumps(said, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(f"{before}\n{text}".encode()).hexdigest()


def broken_entries(workspace: Workspace) -> Iterator[str]:
    """A sentence for every entry that was edited, removed or moved since it was written."""
    expected, before = 1, GENESIS
    for event in AuditEvent.objects.filter(workspace=workspace).order_by("number").iterator():
        if event.number != expected:
            yield f"Entry {expected} is missing: the next one is number {event.number}."
        elif event.seal != seal(event, before):
            yield f"Entry {event.number} of {event.at:%Y-%m-%d %H:%M} UTC is not what was written."
        expected, before = event.number + 1, event.seal
