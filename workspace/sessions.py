"""Sessions in the database, with what is secret in them sealed like any other credential."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY as SEED
from django.contrib.sessions.backends import db

from workspace.secrets import Unreadable, open_sealed, seal

log = logging.getLogger(__name__)


class SessionStore(db.SessionStore):
    """The seed of an authenticator that somebody sets up waits here until the first code has come, or for ever.

    The name of the class is Django's: it salts the signature of what is stored.
    """

    def encode(self, session_dict: Mapping[str, Any]) -> str:
        """As Django does, the seed sealed for this session."""
        stored = dict(session_dict)
        if SEED in stored:
            stored[SEED] = seal({"text": stored[SEED]}, self._row()).decode()
        return super().encode(stored)

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """What `encode` was given; a seed that cannot be read, or was not sealed, is made anew by who asks for it."""
        session: dict[str, Any] = super().decode(session_data)
        if SEED in session:
            try:
                session[SEED] = open_sealed(str(session[SEED]).encode(), self._row())["text"]
            except Unreadable:
                log.warning("The seed in a session cannot be read.")
                del session[SEED]
        return session

    def _row(self) -> str:
        return f"sessions.session/{self.session_key}/{SEED}"
