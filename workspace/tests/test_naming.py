"""Slugs and schema names."""

from __future__ import annotations

import pytest

from workspace.errors import ConfigError
from workspace.naming import schema_of, slug_of, unused, validate_schema_name


@pytest.mark.parametrize(
    ("name", "slug", "schema"),
    [
        ("Desk.com", "desk-com", "desk_com"),
        ("Facebook Ads - Prod", "facebook-ads-prod", "facebook_ads_prod"),
        ("3 Doors", "3-doors", "_3_doors"),
    ],
)
def test_slug_and_schema_follow_from_the_name(name: str, slug: str, schema: str) -> None:
    assert (slug_of(name), schema_of(name)) == (slug, schema)


def test_a_taken_name_gets_the_first_free_number() -> None:
    assert unused("desk_com", {"desk_com", "desk_com_2"}.__contains__, "_") == "desk_com_3"


@pytest.mark.parametrize(
    "name", ["Desk", "1desk", "desk-com", "pg_desk", "information_schema", "", 'x"; DROP']
)
def test_a_name_that_not_every_warehouse_takes_is_refused(name: str) -> None:
    with pytest.raises(ConfigError):
        validate_schema_name(name)
