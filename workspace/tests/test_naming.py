"""Slugs and schema names."""

from __future__ import annotations

import pytest

from workspace.errors import ConfigError
from workspace.naming import schema_of, slug_of, unused, validate_name, validate_schema_name


@pytest.mark.parametrize(
    ("name", "slug", "schema"),
    [
        ("Desk.com", "desk-com", "desk_com"),
        ("Facebook Ads - Prod", "facebook-ads-prod", "facebook_ads_prod"),
        ("3 Doors", "3-doors", "_3_doors"),
        ("PG Support", "pg-support", "_pg_support"),
        ("Information Schema", "information-schema", "_information_schema"),
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


def test_a_derived_schema_is_one_that_every_warehouse_takes_even_with_a_number_behind() -> None:
    for name in ("PG Support", "3" * 200, "desk" * 50, "", "Ünïcode"):
        validate_schema_name(f"{schema_of(name)}_999")


@pytest.mark.parametrize("name", ["", "  ", "x" * 101])
def test_a_name_that_is_empty_or_too_long_is_refused_in_a_sentence(name: str) -> None:
    with pytest.raises(ConfigError, match="1 to 100 characters"):
        validate_name(name)
