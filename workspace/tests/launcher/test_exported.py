"""The address of a database taken apart."""

from __future__ import annotations

import pytest

from workspace.launcher.exported import warehouse_fields


@pytest.mark.parametrize(
    ("account", "server", "user", "password", "port"),
    [
        ("app:a%2Fb%40c", "db.example.com:6432", "app", "a/b@c", 6432),
        ("an%20app", "db.example.com", "an app", "trusted", 5432),
    ],
)
def test_an_address_fills_the_form_of_a_warehouse(
    account: str, server: str, user: str, password: str, port: int
) -> None:
    assert warehouse_fields(f"postgres://{account}@{server}/lake") == {
        "host": "db.example.com",
        "port": port,
        "database": "lake",
        "user": user,
        "password": password,
        "tls": "disable",
    }
