"""What a site says is shown to people; one that repeats our credentials, or a proxy before it, is not quoted."""

from __future__ import annotations

import html
import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from sources.connectors.desk.form import DeskForm
from workspace.forms import secret_fields

SECRET = secret_fields(DeskForm)
SHORTEST = 4
"""Shorter ones would blot out every other word."""


def blot(settings: Mapping[str, Any]) -> Callable[[str], str]:
    """A function that gives a text back without the secrets in `settings`, however they are spelled there."""
    secrets = [settings[name] for name in SECRET if len(settings.get(name) or "") >= SHORTEST]
    signed = [f"{settings.get('email')}:{secret}" for secret in secrets] + secrets
    spelled = {form for secret in signed for form in _forms(secret)}
    longest_first = sorted(spelled, key=len, reverse=True)

    def without(text: str) -> str:
        for form in longest_first:
            text = text.replace(form, "…")
        return text

    return without


def _forms(secret: str) -> tuple[str, ...]:
    encoded = b64encode(secret.encode()).decode()
    plain = (secret, repr(secret)[1:-1], json.dumps(secret)[1:-1], html.escape(secret))
    return (*plain, quote(secret), quote(secret, safe=""), quote_plus(secret), encoded, encoded.rstrip("="))
