"""Sessions in the database: how long they last, and what is secret in them sealed like any other credential.

Two limits end one. Seven days after signing in it is over whatever happens, and so is the cookie. Before that it is
over when nobody came for SESSION_IDLE_SECONDS: the row's `expire_date` says until when, and moves while somebody comes.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY as SEED
from django.conf import settings
from django.contrib.sessions.backends import db
from django.contrib.sessions.base_session import AbstractBaseSession
from django.utils import timezone

from workspace.secrets import Unreadable, open_sealed, seal

log = logging.getLogger(__name__)

BEGAN = "began"
"""When somebody signed in, or a stranger's session was made: from then on the seven days count."""
ACCURACY = 100
"""The row is written again when a hundredth of the idle limit is used up, not at every request."""


class SessionStore(db.SessionStore):
    """The seed of an authenticator that somebody sets up waits here until the first code has come, or for ever.

    The name of the class is Django's: it salts the signature of what is stored.
    """

    def load(self) -> dict[str, Any]:
        """What is stored; that somebody came is noted. A session from before there was a limit ends when it said."""
        row = self._get_session_from_db()  # type: ignore[attr-defined]  # django-stubs do not know it
        if row is None:
            return {}
        session = self.decode(row.session_data)
        if BEGAN in session:
            self._keep(row, _last_moment(session))
        return session

    def cycle_key(self) -> None:
        """Somebody signed in, or changed the password: another session begins."""
        self[BEGAN] = int(time.time())
        super().cycle_key()

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        """The row as Django makes it, over when nobody comes."""
        data.setdefault(BEGAN, int(time.time()))
        row: AbstractBaseSession = super().create_model_instance(data)
        row.expire_date = _until(_last_moment(data))
        return row

    def get_expiry_age(self, **kwargs: Any) -> int:
        """Seconds for which the browser keeps the cookie: all that is left, idle or not."""
        left: float = self.get(BEGAN, time.time()) + settings.SESSION_COOKIE_AGE - time.time()
        return max(ceil(left), 0)

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

    def _keep(self, row: AbstractBaseSession, last: datetime) -> None:
        """Put off the end; who signs out at this very moment is not signed in again by it."""
        until = _until(last)
        if until - row.expire_date > timedelta(seconds=settings.SESSION_IDLE_SECONDS / ACCURACY):
            self.model.objects.filter(pk=row.pk, expire_date=row.expire_date).update(expire_date=until)

    def _row(self) -> str:
        return f"sessions.session/{self.session_key}/{SEED}"


def _last_moment(session: Mapping[str, Any]) -> datetime:
    return datetime.fromtimestamp(session[BEGAN] + settings.SESSION_COOKIE_AGE, UTC)


def _until(last: datetime) -> datetime:
    """The end if nobody comes from now on."""
    return min(timezone.now() + timedelta(seconds=settings.SESSION_IDLE_SECONDS), last)
