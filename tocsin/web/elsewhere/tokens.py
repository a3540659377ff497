"""How keys are written: `tocsin_`, a public start to find them by, and 256 secret random bits. Pure but for the randomness."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final

WRITTEN: Final = re.compile(r"(tocsin_[a-z2-7]{10})_([A-Za-z0-9_-]{43})")
LETTERS: Final = "abcdefghijklmnopqrstuvwxyz234567"


@dataclass(frozen=True)
class Token:
    """A key as its owner has it."""

    start: str
    secret: str

    @property
    def digest(self) -> bytes:
        """What is kept of it. It is no password: with 256 random bits a quick hash is as good as a slow one."""
        return hashlib.sha256(self.written.encode()).digest()

    @property
    def written(self) -> str:
        """All of it, shown once."""
        return f"{self.start}_{self.secret}"

    def matches(self, digest: bytes) -> bool:
        """Whether this is the key that `digest` was kept of; in constant time."""
        return hmac.compare_digest(self.digest, digest)


def new() -> Token:
    """A key that nobody else has."""
    return Token("tocsin_" + "".join(secrets.choice(LETTERS) for _ in range(10)), secrets.token_urlsafe(32))


def read(text: str) -> Token | None:
    """A written key; None for what is not written like one."""
    found = WRITTEN.fullmatch(text)
    return Token(found[1], found[2]) if found else None
