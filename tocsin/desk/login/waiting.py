"""A login between its two steps: the password was right, the code is awaited. Kept in an anonymous session."""

import time
from dataclasses import asdict, dataclass

from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from tocsin.desk.login import codes
from tocsin.desk.models import User

KEY = "tocsin.login.waiting"
SECONDS = 600


@dataclass(frozen=True)
class Waiting:
    """Who waits, and what they asked for. `password` is Django's session hash: a new password ends the wait."""

    user_id: int
    password: str
    since: float
    next_url: str
    remember: bool

    def user(self) -> User | None:
        """The one who waits, unless time, a new password or an administrator ended it."""
        user = User.objects.filter(pk=self.user_id, is_active=True).first()
        if user is None or not codes.is_on(user) or time.time() - self.since > SECONDS:
            return None
        return user if constant_time_compare(self.password, user.get_session_auth_hash()) else None


def begin(request: HttpRequest, user: User, *, next_url: str, remember: bool) -> None:
    """Await the code. Nothing of an earlier session is kept, and its cookie is worth nothing any more."""
    request.session.flush()
    waiting = Waiting(user.pk, user.get_session_auth_hash(), time.time(), next_url, remember)
    request.session[KEY] = asdict(waiting)
    request.session.set_expiry(SECONDS)


def current(request: HttpRequest) -> Waiting | None:
    """The login this session is in the middle of."""
    kept = request.session.get(KEY)
    return Waiting(**kept) if kept else None
