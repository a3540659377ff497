"""Sessions as Django keeps them in the database, and whether a cookie is somebody's who is signed in."""

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.db import DatabaseError
from django.http import parse_cookie


class SessionStore(db.SessionStore):
    """Django's, but a key that Django never made is not looked up: PostgreSQL takes no NUL."""

    def _validate_session_key(self, key: str | None) -> bool:
        return bool(key) and str(key).isalnum() and bool(super()._validate_session_key(key))  # type: ignore[misc]


def is_signed_in(cookie: bytes) -> bool:
    """Whether this Cookie header is of somebody who is signed in. Asks the database; False while that is away."""
    key = parse_cookie(cookie.decode("latin-1")).get(settings.SESSION_COOKIE_NAME, "")
    try:
        return SESSION_KEY in SessionStore(key)
    except DatabaseError:
        return False
