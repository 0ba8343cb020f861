"""Who is asking: HTTP Basic, OAuth 1.0a with a single access token, and the API token of the mobile SDKs.

Chosen, as nothing is known: OAuth timestamps and nonces are not checked; the API token opens articles,
topics, brands and inbound mailboxes and is refused with 401 elsewhere.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, unquote

from sources.sandbox.request import Request

_API_TOKEN_OPENS = ("articles", "topics", "brands", "inbound_mailboxes")


@dataclass(frozen=True)
class Login:
    """A person who may sign in; `level` is what `users/current` says of them."""

    email: str
    password: str
    level: str = "siteadmin_billing"


@dataclass(frozen=True)
class OAuthKeys:
    """The four values that Desk's admin pages showed as "Your Access Token"."""

    key: str = "desk-sandbox-key"
    secret: str = "desk-sandbox-secret"  # noqa: S105 - a demo value, printed at start
    token: str = "desk-sandbox-token"  # noqa: S105
    token_secret: str = "desk-sandbox-token-secret"  # noqa: S105


class Door:
    """Knows the logins; tokens act for the first of them."""

    def __init__(self, logins: Iterable[Login], keys: OAuthKeys, api_token: str) -> None:
        self.logins, self.keys, self.api_token = tuple(logins), keys, api_token
        self._basic = {(login.email, login.password): login for login in self.logins}

    def who(self, request: Request) -> Login | None:
        """The login behind a request; None is a 401."""
        kind, _, rest = request.header(b"authorization").partition(" ")
        match kind.lower():
            case "basic":
                return self._basic.get(_basic(rest))
            case "oauth":
                return self.logins[0] if _signed(request, rest, self.keys) else None
            case "bearer":
                opens = (request.segments or ("",))[0] in _API_TOKEN_OPENS
                return self.logins[0] if opens and _same(rest, self.api_token) else None
        return None


def _basic(encoded: str) -> tuple[str, str]:
    try:
        email, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return email, password


def _signed(request: Request, header: str, keys: OAuthKeys) -> bool:
    """Verifies HMAC-SHA1 over method, address and the sorted parameters; the body is not part of it."""
    given = dict(_quoted(part) for part in header.split(",") if "=" in part)
    signature = given.pop("oauth_signature", "")
    given.pop("realm", None)
    if (given.get("oauth_consumer_key"), given.get("oauth_token")) != (keys.key, keys.token):
        return False
    if given.get("oauth_signature_method") != "HMAC-SHA1":
        return False
    told = _base(request, [*request.pairs, *given.items()])
    secret = f"{_escaped(keys.secret)}&{_escaped(keys.token_secret)}"
    digest = hmac.new(secret.encode(), told.encode(), hashlib.sha1).digest()
    return _same(base64.b64encode(digest).decode(), signature)


def _base(request: Request, params: Iterable[tuple[str, str]]) -> str:
    """The signature base string of RFC 5849, section 3.4.1."""
    address = f"http://{request.header(b'host').lower()}{request.path}"
    pairs = sorted((_escaped(name), _escaped(value)) for name, value in params)
    told = "&".join(f"{name}={value}" for name, value in pairs)
    return "&".join(_escaped(part) for part in (request.method.upper(), address, told))


def _quoted(part: str) -> tuple[str, str]:
    name, _, value = part.strip().partition("=")
    return unquote(name), unquote(value.strip('"'))


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _escaped(text: str) -> str:
    return quote(text, safe="-._~")
