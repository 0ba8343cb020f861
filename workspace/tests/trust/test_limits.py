"""What is longer or deeper than anybody needs is refused, or taken for nothing; never for a failure of ours."""

from __future__ import annotations

import base64

import pytest
from django.test import Client

from sources.connectors.desk.answers import parse_listing
from sources.connectors.desk.transport import Reply
from workspace.errors import TransientError
from workspace.models import Workspace
from workspace.tests.overview.conftest import add_run, add_source
from workspace.tests.trust.tenants import Tenant, addresses

DEEP = 100_000
PARAMETERS = (
    "q", "after", "before", "id", "name", "part", "category", "chart", "warehouse", "connection", "schema_name",
    "actor", "action", "period", "status", "next",
)  # fmt: skip


def key(text: str) -> str:
    """As an address of the next page holds it."""
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "text",
    [
        "[" * 20_000,
        '["' + "9" * 5000 + '", 1]',
        "9" * 5000,
        '[{"a":' * 5000,
        '["2020-01-01T00:00:00Z", [[]]]',
    ],
    ids=["deep", "long", "a long number", "deep objects", "no id"],
)
def test_a_position_nobody_handed_out_shows_the_first_page(
    text: str, acme: Workspace, as_alice: Client
) -> None:
    source = add_source(acme)
    run = add_run(source)
    for side in ("before", "after"):
        page = as_alice.get("/acme/sources/desk-com/overview", {side: key(text)})
        assert page.status_code == 200
        assert str(run.pk) in page.content.decode()


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"_embedded":{"entries":['], ids=repr)
def test_an_answer_of_desk_without_a_bottom_is_a_bad_answer(opening: bytes) -> None:
    with pytest.raises(TransientError) as caught:
        parse_listing(Reply(200, {}, opening * DEEP), "https://wxyz.desk.com", "/api/v2/cases")
    assert caught.value.code == "malformed_answer"


@pytest.mark.parametrize("field", ["name", "schema_name"])
def test_a_text_longer_than_its_field_is_refused_with_a_sentence(
    field: str, acme: Workspace, as_alice: Client
) -> None:
    typed = {"name": "Desk", "schema_name": "desk", field: "x" * 100_000}
    page = as_alice.post("/acme/sources/setup/desk", typed)
    assert page.status_code == 200
    assert "at most" in page.content.decode()
    assert not acme.sources.exists()


@pytest.mark.parametrize(
    "hostile", ["\0", "\ud800", "%_" * 1000, "-1", "9" * 400, "[]", "x" * 3000, "²"], ids=ascii
)
def test_no_search_filter_or_position_makes_a_page_fail(
    hostile: str, acme: Workspace, as_alice: Client
) -> None:
    tenant, query = Tenant(acme), dict.fromkeys(PARAMETERS, hostile.encode("utf-8", "surrogatepass"))
    as_alice.raise_request_exception = False
    failed = []
    for address in addresses():
        if address.of_tenant:
            path = address.within(tenant.values(address))
            if as_alice.get(path, query).status_code >= 500:
                failed.append(path)
    assert failed == []


def test_an_id_that_no_database_keeps_is_a_bad_request(acme: Workspace, as_alice: Client) -> None:
    Tenant(acme)
    page = as_alice.get("/acme/sources/acme-desk/collections/cases/objects/%00")
    assert page.status_code == 400
