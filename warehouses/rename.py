"""A schema that gets another name gets it in every warehouse, or nowhere."""

from __future__ import annotations

import logging
from typing import Any

from django.dispatch import receiver

from warehouses.models import Connection
from workspace.errors import ConfigError, PublicError
from workspace.hub.models import Schema
from workspace.hub.signals import schema_renaming
from workspace.runs import Run

log = logging.getLogger(__name__)


@receiver(schema_renaming)
def rename_everywhere(schema: Schema, name: str, **kwargs: Any) -> None:
    """Rename the schema in each warehouse; what was renamed before one refuses is renamed back.

    Raises what the warehouse that refuses says, and ConfigError while a sync of this schema is under way.
    """
    connections = list(Connection.objects.filter(schema=schema).select_related("warehouse"))
    _refuse_while_syncing(connections)
    renamed: list[Connection] = []
    try:
        for connection in connections:
            _rename(connection, schema.name, name)
            renamed.append(connection)
    except PublicError:
        for connection in renamed:
            _rename_back(connection, name, schema.name)
        raise


def _refuse_while_syncing(connections: list[Connection]) -> None:
    if any(connection.syncs.filter(status__in=Run.ACTIVE).exists() for connection in connections):
        message = "A warehouse sync of this schema is under way. Try again when it has ended."
        raise ConfigError(message, code="syncing")


def _rename(connection: Connection, old: str, new: str) -> None:
    with connection.warehouse.engine().open() as session:
        session.rename_schema(old, new, connection.warehouse.workspace.mark)
        session.commit()


def _rename_back(connection: Connection, old: str, new: str) -> None:
    try:
        _rename(connection, old, new)
    except PublicError as error:
        log.warning("The schema %s of %s stays renamed: %s", old, connection, error.code)
