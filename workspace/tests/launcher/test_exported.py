"""The address of a database taken apart."""

from __future__ import annotations

import pytest

from workspace.launcher.exported import warehouse_fields


@pytest.mark.parametrize(
    ("url", "user", "password", "port"),
    [
        ("postgres://app:a%2Fb%40c@db.example.com:6432/lake", "app", "a/b@c", 6432),
        ("postgres://an%20app@db.example.com/lake", "an app", "trusted", 5432),
    ],
)
def test_an_address_fills_the_form_of_a_warehouse(url: str, user: str, password: str, port: int) -> None:
    assert warehouse_fields(url) == {
        "host": "db.example.com",
        "port": port,
        "database": "lake",
        "user": user,
        "password": password,
        "tls": "disable",
    }
