"""Changing the key of an installation that works, and proving that it was changed."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django.fixtures import Settings

from sources.models import Source
from warehouses.models import Warehouse
from workspace.keyring import rotate, sealed_columns
from workspace.tests.people.conftest import SECRET


def run(command: str) -> str:
    """What it says; raises CommandError when it exits 1."""
    said = StringIO()
    try:
        call_command(command, stdout=said, stderr=said)
    except CommandError as error:
        error.args = (f"{said.getvalue()}{error}",)
        raise
    return said.getvalue()


def store(row: Any, column: str, value: bytes) -> None:
    """Write past the model, as a restored dump or a hand in psql would."""
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {row._meta.db_table} SET {column} = %s WHERE id = %s", [value, row.pk])


def test_every_sealed_column_of_the_installation_is_found(db: None) -> None:
    assert {column.label for column in sealed_columns()} == {
        "sources.source.credentials",
        "warehouses.warehouse.settings",
        "alerts.channel.settings",
        "hub.schema.erasing",
        "hub.erasure.sealed",
        "mfa.authenticator.data",
    }


def test_after_a_rotation_the_old_key_can_go(new_key: str, settings: Settings, sealed: list[Any]) -> None:
    run("rotate_keys")
    settings.CREDENTIAL_KEYS = [new_key]
    assert "All sealed" in run("verify_secrets")
    assert Source.objects.get().credentials["password"] == "geheim-desk"
    assert Warehouse.objects.get().settings["password"] == "geheim-warehouse"
    assert get_adapter().decrypt(Authenticator.objects.get().data["secret"]) == SECRET


def test_what_is_sealed_with_an_old_key_is_named_without_its_value(new_key: str, desk: Source) -> None:
    with pytest.raises(CommandError) as caught:
        run("verify_secrets")
    assert f"sources.source/{desk.pk}/credentials is sealed with an old key." in str(caught.value)
    assert "4 values are not sealed" in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_a_credential_that_changed_meanwhile_is_not_overwritten(new_key: str, desk: Source) -> None:
    column = next(one for one in sealed_columns() if one.model is Source)
    [place] = column.places()
    renewed = column.renewed(place.stored)
    desk.credentials = {"password": "entered-meanwhile"}
    desk.save()
    assert column.swap(place, renewed) is False
    assert Source.objects.get().credentials["password"] == "entered-meanwhile"


def test_a_rotation_goes_on_where_it_was_cut_short(new_key: str, sealed: list[Any]) -> None:
    columns = [column for column in sealed_columns() if list(column.places())]
    for column in columns[:2]:
        list(rotate(column))
    said = run("rotate_keys")
    assert f"{columns[0].label}: 0 moved, 1 under the first key already" in said
    assert f"{columns[2].label}: 1 moved, 0 under the first key already" in said


def test_a_run_that_began_before_still_reads_what_it_has_in_hand(new_key: str, desk: Source) -> None:
    in_hand = Source.objects.get(pk=desk.pk)
    run("rotate_keys")
    assert in_hand.credentials["password"] == "geheim-desk"


def test_what_is_stored_in_plain_is_found(sealed: list[Any], desk: Source, authenticator: Any) -> None:
    store(desk, "credentials", b'{"password": "geheim-desk"}')
    authenticator.data = {"secret": SECRET}
    authenticator.save()
    with pytest.raises(CommandError) as caught:
        run("verify_secrets")
    assert f"sources.source/{desk.pk}/credentials is not sealed." in str(caught.value)
    assert f"mfa.authenticator/{authenticator.pk}/data is not sealed." in str(caught.value)
    assert "geheim" not in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_token_of_another_row_is_found_and_never_moved(new_key: str, desk: Source, warehouse: Any) -> None:
    foreign = bytes(warehouse.__dict__["settings"])
    store(desk, "credentials", foreign)
    with pytest.raises(CommandError, match="1 values could not be moved: keep the old keys"):
        run("rotate_keys")
    with pytest.raises(CommandError, match="belong to another row"):
        run("verify_secrets")


@pytest.mark.parametrize("damage", [slice(0, -5), slice(1, None), slice(0, 0)])
def test_a_damaged_token_is_left_and_told(damage: slice, new_key: str, desk: Source) -> None:
    store(desk, "credentials", bytes(desk.__dict__["credentials"])[damage])
    with pytest.raises(CommandError, match=f"sources.source/{desk.pk}/credentials cannot be read"):
        run("rotate_keys")
