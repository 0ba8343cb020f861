"""The list of what was erased of a source."""

from __future__ import annotations

from django.test import Client
from django.utils import timezone

from sources.erasing import ask
from sources.models import Source
from workspace.hub.models import Erasure

AT = "/acme/sources/desk-com/settings/erasures"


def look(client: Client, *, again: bool = False) -> str:
    """The page, or the part of it that a page that is open fetches."""
    answer = client.get(AT, HTTP_HX_REQUEST="true") if again else client.get(AT)
    return answer.content.decode()


def test_the_list_looks_again_as_long_as_something_is_waited_for(desk: Source, as_alice: Client) -> None:
    ask(desk, "customers", "1", "test")
    assert f'hx-get="{AT}"' in look(as_alice)
    part = look(as_alice, again=True)
    assert (f'hx-get="{AT}"' in part, "About to begin" in part, "<html" in part) == (True, True, False)
    Erasure.objects.update(erased_at=timezone.now(), ended_at=timezone.now())
    part = look(as_alice, again=True)
    assert ("hx-get" in part, "Erased everywhere" in part) == (False, True)


def test_without_javascript_a_link_shows_how_far_it_is(desk: Source, as_alice: Client) -> None:
    ask(desk, "customers", "1", "test")
    assert f'<a href="{AT}">Show how far it is now</a>' in look(as_alice)


def test_a_list_without_anything_to_wait_for_asks_once(desk: Source, as_alice: Client) -> None:
    page = look(as_alice)
    assert ("Nothing was erased" in page, f'hx-get="{AT}"' in page) == (True, False)
