"""The second step of a login: codes of an authenticator app (RFC 6238) and recovery codes. No requests, no pages.

allauth stores the secrets and does the arithmetic. That a code counts once and guessing is limited is kept here, in
the authenticator's row and under its lock: true for every process and after a restart, which a cache's word is not.
"""

import logging
import time
from enum import Enum
from typing import Any

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.utils import decrypt, encrypt
from django.db import transaction

from tocsin.desk.login.adapter import Unreadable
from tocsin.desk.models import User

WRONG_IN_A_ROW = 10
PAUSE_SECONDS = 3600

log = logging.getLogger(__name__)


class Verdict(Enum):
    """What became of a code."""

    ACCEPTED = "accepted"
    WRONG = "wrong"
    PAUSED = "paused"
    UNREADABLE = "unreadable"


def is_on(user: User) -> bool:
    """Whether the account asks for a code."""
    return bool(Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.TOTP).exists())


def recovery_codes_left(user: User) -> int:
    """How many recovery codes were not used yet."""
    row = Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.RECOVERY_CODES).first()
    return len(RecoveryCodes(row).get_unused_codes()) if row else 0


def new_secret() -> str:
    """A secret for an authenticator app, in base32. It means nothing until it is switched on."""
    return str(totp.generate_totp_secret())


def matching_counter(secret: str, code: str) -> int | None:
    """The time step `code` belongs to (RFC 6238 section 4.2), if it is one of those that count now."""
    for counter in totp.yield_hotp_counters_from_time():
        if compare_user_code(actual=code, expected=totp.format_hotp_value(totp.hotp_value(secret, counter))):
            return int(counter)
    return None


@transaction.atomic
def switch_on(user: User, secret: str, counter: int) -> list[str]:
    """Ask for codes of `secret` from now on; the recovery codes. `counter` was shown in proof and is used up."""
    switch_off(user)
    Authenticator.objects.create(
        user=user, type=Authenticator.Type.TOTP, data={"secret": encrypt(secret), "used": counter}
    )
    log.info("two-step login switched on: user %s", user.pk)
    return list(RecoveryCodes.activate(user).generate_codes())


def switch_off(user: User) -> bool:
    """Ask for no code any more; whether one was asked for."""
    removed, _ = Authenticator.objects.filter(user_id=user.pk).delete()
    if removed:
        log.info("two-step login switched off: user %s", user.pk)
    return bool(removed)


@transaction.atomic
def check(user: User, code: str) -> Verdict:
    """Use up a code. A wrong one is counted; after WRONG_IN_A_ROW none is looked at for PAUSE_SECONDS."""
    row = Authenticator.objects.select_for_update().filter(user_id=user.pk, type=Authenticator.Type.TOTP).first()
    if row is None:
        return Verdict.WRONG
    if _is_paused(row.data):
        return Verdict.PAUSED
    try:
        accepted = _use_app_code(row, code) or _use_recovery_code(user, code)
    except Unreadable:
        log.error("no secret key given opens the two-step secrets of user %s: reset it with tocsin staff", user.pk)
        return Verdict.UNREADABLE
    row.data |= {"wrong": 0} if accepted else {"wrong": _wrong(row.data) + 1, "wrong_at": time.time()}
    row.save(update_fields=["data"])
    if not accepted:
        log.warning("wrong two-step code: user %s, %s in a row", user.pk, row.data["wrong"])
    return Verdict.ACCEPTED if accepted else Verdict.WRONG


def _is_paused(data: dict[str, Any]) -> bool:
    return _wrong(data) >= WRONG_IN_A_ROW


def _wrong(data: dict[str, Any]) -> int:
    """Wrong codes in a row. After a pause counting begins anew."""
    wrong = int(data.get("wrong", 0))
    over = wrong >= WRONG_IN_A_ROW and time.time() - data["wrong_at"] >= PAUSE_SECONDS
    return 0 if over else wrong


def _use_app_code(row: Authenticator, code: str) -> bool:
    """Each time step counts once, and none before the last one used (RFC 6238 section 5.2)."""
    counter = matching_counter(decrypt(row.data["secret"]), code)
    if counter is None or counter <= row.data["used"]:
        return False
    row.data["used"] = counter
    return True


def _use_recovery_code(user: User, code: str) -> bool:
    row = Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.RECOVERY_CODES).first()
    return row is not None and bool(RecoveryCodes(row).validate_code(code))
