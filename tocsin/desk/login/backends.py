"""Which proof a session rests on. Django asks the backend that made a session for its user, on every request.

So this is where "no session without a code" is true, whichever page the password was given on, and from the moment
two-step login is switched on.
"""

from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.backends import BaseBackend, ModelBackend

from tocsin.desk.login import codes
from tocsin.desk.models import User


class Password(ModelBackend):
    """Checks passwords. Its sessions are nobody's once their account asks for a code."""

    def get_user(self, user_id: Any) -> User | None:
        user: User | None = super().get_user(user_id)
        return None if user is None or codes.is_on(user) else user

    async def aget_user(self, user_id: Any) -> User | None:
        return await sync_to_async(self.get_user)(user_id)


class PasswordAndCode(BaseBackend):
    """Checks nothing: `login(..., backend=PATH)` says that password and code were both given."""

    PATH = "tocsin.desk.login.backends.PasswordAndCode"

    def get_user(self, user_id: Any) -> User | None:
        return User.objects.filter(pk=user_id, is_active=True).first()
