"""Pages travel small."""

from __future__ import annotations

import gzip

from django.test import Client

from workspace.models import Workspace


def test_a_page_is_compressed_for_who_can_read_it(as_alice: Client, acme: Workspace) -> None:
    answer = as_alice.get("/acme/overview", headers={"accept-encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip"
    assert "Overview" in gzip.decompress(answer.content).decode()
    assert "Content-Encoding" not in as_alice.get("/acme/overview")
