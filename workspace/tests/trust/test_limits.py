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

DEEP = 100_000


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
