"""What allauth's second factor needs to know of us: how its secrets are stored, and what an authenticator app shows."""

import base64
import hashlib
from typing import TYPE_CHECKING

from allauth.mfa.adapter import DefaultMFAAdapter

from tocsin.audience.queries import publication
from tocsin.desk.models import User
from tocsin.lib import config

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet


class Unreadable(Exception):  # noqa: N818
    """No secret key of ours has encrypted this."""


class Adapter(DefaultMFAAdapter):
    """Secrets are stored encrypted: the database alone is not enough to make codes."""

    def encrypt(self, text: str) -> str:
        return _box().encrypt(text.encode()).decode("ascii")

    def decrypt(self, encrypted_text: str) -> str:
        """Raises Unreadable."""
        from cryptography.fernet import InvalidToken  # noqa: PLC0415 - 6 MB that a process needs once somebody has codes

        try:
            return _box().decrypt(encrypted_text.encode("ascii")).decode()
        except InvalidToken as error:
            raise Unreadable from error

    def get_totp_issuer(self) -> str:
        return publication().name

    def get_totp_label(self, user: User) -> str:
        return user.get_username()


def _box() -> "MultiFernet":
    """The first secret key encrypts, all decrypt, so keys can be rotated."""
    from cryptography.fernet import Fernet, MultiFernet  # noqa: PLC0415 - see above

    return MultiFernet([Fernet(_derived(key)) for key in config.current().secret_keys])


def _derived(key: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(b"tocsin.two-step\0" + key.encode()).digest())
