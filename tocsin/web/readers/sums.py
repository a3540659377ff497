"""The sum a browser does to show that it is in no hurry, by the library altcha: posed here, and checked here.

A sum is posed for one mailbox: solving it opens that mailbox's limits and no other's, so a solution need not be
remembered. It takes a browser some 300 derivations of a key by PBKDF2, a second or a few, and the server two.
"""

import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import Final

from altcha import Payload, create_challenge, verify_solution

from tocsin.lib import config
from tocsin.lib.clock import SECOND, now_us
from tocsin.lib.tokens import BadToken, Signer

ALGORITHM: Final = "PBKDF2/SHA-256"
ITERATIONS: Final = 5_000
FEWEST: Final = 200
MOST: Final = 400
"""Between these lies how many keys are derived until the right one. The end is known, so nobody is unlucky."""

GOOD_SECONDS: Final = 3_600
FOR: Final = "for"
SHOWN: Final = "sum shown"


@dataclass(frozen=True)
class Sum:
    """What the page of a sum carries: the challenge as JSON, and the proof that the page was shown, for who cannot solve it."""

    challenge: str
    shown: str


def pose(mailbox: bytes) -> Sum:
    """A sum for `mailbox` (see `queries.mailbox_of`), good for an hour."""
    now = now_us() // SECOND
    challenge = create_challenge(
        ALGORITHM,
        ITERATIONS,
        counter=FEWEST + secrets.randbelow(MOST - FEWEST),
        expires_at=now + GOOD_SECONDS,
        data={FOR: mailbox.hex()},
        hmac_secret=_secret("challenge"),
        hmac_key_secret=_secret("key"),
    )
    shown = _signer().stamp(SHOWN, dated=True).token(mailbox, now).decode("ascii")
    return Sum(json.dumps(challenge.to_dict()), shown)


def is_solved(mailbox: bytes, solution: str) -> bool:
    """Whether `solution` (altcha's payload: base64 of JSON) solves a sum that was posed for `mailbox`."""
    if not solution:
        return False
    result = verify_solution(solution, _secret("challenge"), hmac_key_secret=_secret("key"))
    # Only what is verified is read: then it is ours.
    return bool(result.verified) and Payload.from_base64(solution).challenge.parameters.data == {FOR: mailbox.hex()}


def was_shown(mailbox: bytes, token: str) -> bool:
    """Whether `token` comes from the page of a sum for `mailbox`."""
    try:
        return _signer().verify(SHOWN, token, max_age=GOOD_SECONDS, now=now_us() // SECOND) == mailbox
    except BadToken:
        return False


def _secret(purpose: str) -> bytes:
    return hashlib.sha256(f"tocsin sums\0{purpose}\0{config.current().secret_keys[0]}".encode()).digest()


def _signer() -> Signer:
    return Signer(config.current().secret_keys)
