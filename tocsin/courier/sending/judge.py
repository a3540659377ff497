"""Whether a refusal is the recipient's or the relay's own trouble. Pure.

A broken relay fails nobody. So a refusal for good waits until there is evidence:

- the relay then takes another message: it works, and whoever was refused is refused;
- it then refuses another recipient in other words that speak of that recipient: it looks at recipients, so refusals
  that speak of theirs are meant;
- the same refusal comes for the STREAKth time in a row: the relay is in trouble, all go back to be tried later;
- nothing more is to be sent: refusals that speak of the recipient stand, others are put off.

A refusal for now puts off who met it, at once. But the STREAKth of the same in a row is the relay's trouble, and so is the
LONG_STREAKth in whatever words, unless they speak of a mailbox (RFC 3463 4.1.x and 4.2.x).
"""

import re
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, TypeVar

STREAK = 10
LONG_STREAK = 100
LOST_STREAK = 20

Key = TypeVar("Key")

_ENHANCED = re.compile(r"^[45]\d\d[ -]([45]\.\d{1,3}\.\d{1,3})\b")
_MAILBOX_NOW = re.compile(r"4\d\d[ -]4\.[12]\.")
_SENDERS = {"5.1.7", "5.1.8"}
_OF_A_USER = re.compile(
    r"user|mailbox|recipient|account|inbox|no such|unknown|not exist|doesn't exist|not found|inactive|disabled",
    re.IGNORECASE,
)
_OF_US = re.compile(
    r"relay|denied|not permitted|not allowed|policy|spam|block|blacklist|reputation|authenticat|sender|"
    r"too many|limit|virus|content",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"<[^>]*>|\S+@\S+")
_WITH_DIGIT = re.compile(r"\S*\d\S*")


class Sentence(Enum):
    """What is to become of a refused delivery."""

    FAIL = "fail"  # refused, with the relay's words
    DEFER = "defer"  # put off until later, with a deadline
    ASIDE = "aside"  # stays what it was, for a while: the relay is in trouble


@dataclass(frozen=True)
class Case(Generic[Key]):
    """One refusal. `refused_us`: when this delivery was first refused, in an earlier attempt; None if it never was."""

    key: Key
    reply: str
    address: str
    refused_us: int | None = None


@dataclass(frozen=True)
class Ruling(Generic[Key]):
    """Sentences that follow from the latest evidence, and the relay's trouble if there is one."""

    cases: tuple[tuple[Case[Key], Sentence], ...] = ()
    trouble: str = ""


_NOTHING: Ruling[Any] = Ruling()


class Judge(Generic[Key]):
    """Judges the refusals of one relay."""

    def __init__(self) -> None:
        self._waiting: list[Case[Key]] = []
        self._streaks: Counter[str] = Counter()
        self._suspect = ""
        self._put_off = 0  # in a row
        self._lost = 0
        self._last_taken_us = 0

    @property
    def suspicious(self) -> bool:
        """Whether the relay was found to be in trouble with messages, and nothing has shown yet that it is over."""
        return bool(self._suspect) or self._lost >= LOST_STREAK

    @property
    def waiting(self) -> int:
        """How many refusals wait for evidence."""
        return len(self._waiting)

    def taken(self, now_us: int) -> Ruling[Key]:
        """The relay took a message."""
        self._last_taken_us = now_us
        self._lost = self._put_off = 0
        if not self._streaks and not self._waiting:
            return _NOTHING
        self._suspect = ""
        self._streaks.clear()
        return self._sentence(Sentence.FAIL)

    def lost(self, words: str) -> Ruling[Key]:
        """The connection died where a message may have been taken."""
        self._lost += 1
        return Ruling(trouble=words) if self._lost >= LOST_STREAK else Ruling()

    def refused(self, case: Case[Key]) -> Ruling[Key]:
        """The relay refused a recipient or a message for good."""
        self._lost = 0
        words, personal = normalised(case), speaks_of_recipient(case.reply)
        if personal and case.refused_us is not None and self._last_taken_us > case.refused_us:
            return Ruling(((case, Sentence.FAIL),))  # it took others since it first refused this one
        self._count(words)
        if self._suspect and (words == self._suspect or not personal):
            return Ruling(((case, Sentence.ASIDE),), nameless(case.reply))
        meant = self._convict_others(words) if personal else ()
        self._waiting.append(case)
        if self._streaks[words] >= STREAK or self._impersonal() >= STREAK:
            self._suspect = words
            ruling = self._sentence(Sentence.ASIDE)
            return Ruling(meant + ruling.cases, nameless(case.reply))
        return Ruling(meant)

    def put_off(self, case: Case[Key]) -> Ruling[Key]:
        """The relay refused a recipient or a message for now. Who is so refused is put off; not when everybody is."""
        self._lost = 0
        again = case.refused_us is not None and self._last_taken_us > case.refused_us
        if again or _MAILBOX_NOW.match(case.reply):
            return Ruling(((case, Sentence.DEFER),))  # it took others meanwhile, or speaks of this mailbox
        words = normalised(case)
        self._count(words)
        self._put_off += 1
        if words != self._suspect and self._streaks[words] < STREAK and self._put_off < LONG_STREAK:
            return Ruling(((case, Sentence.DEFER),))
        self._suspect = words
        return Ruling(((case, Sentence.ASIDE),), nameless(case.reply))

    def idle(self) -> Ruling[Key]:
        """Nothing more is to be sent and nothing is on the wire."""
        return self._sentence(None)

    def _count(self, words: str) -> None:
        if len(self._streaks) >= LONG_STREAK:
            self._streaks.clear()  # every refusal in words of its own: none of them comes in a row
        self._streaks[words] += 1

    def _convict_others(self, words: str) -> tuple[tuple[Case[Key], Sentence], ...]:
        """A refusal in other words that speaks of its recipient shows that the relay looks at recipients."""
        self._suspect = ""
        meant = [case for case in self._waiting if speaks_of_recipient(case.reply) and normalised(case) != words]
        self._waiting = [case for case in self._waiting if case not in meant]
        for other in [other for other in self._streaks if other != words]:
            del self._streaks[other]
        return tuple((case, Sentence.FAIL) for case in meant)

    def _impersonal(self) -> int:
        return sum(not speaks_of_recipient(case.reply) for case in self._waiting)

    def _sentence(self, sentence: Sentence | None) -> Ruling[Key]:
        cases, self._waiting = self._waiting, []
        usual = {True: Sentence.FAIL, False: Sentence.DEFER}
        return Ruling(tuple((case, sentence or usual[speaks_of_recipient(case.reply)]) for case in cases))


def speaks_of_recipient(reply: str) -> bool:
    """Whether a refusal is about its recipient's mailbox (RFC 3463 5.1.x and 5.2.x, or 550/551/553 in such words)."""
    enhanced = _ENHANCED.match(reply)
    if enhanced:
        return enhanced[1].startswith(("5.1.", "5.2.")) and enhanced[1] not in _SENDERS
    return reply[:3] in {"550", "551", "553"} and bool(_OF_A_USER.search(reply)) and not _OF_US.search(reply)


def nameless(reply: str) -> str:
    """A relay's words without the addresses in them, as they may be logged."""
    return _ADDRESS.sub("<address>", reply)


def normalised(case: Case[Key]) -> str:
    """The reply without what differs from recipient to recipient: addresses, names, numbers."""
    code, _, text = case.reply.partition(" ")
    enhanced = _ENHANCED.match(case.reply)
    local_part = case.address.rpartition("@")[0].casefold()
    words = _WITH_DIGIT.sub("", _ADDRESS.sub("", text)).casefold().split()
    kept = [word for word in words if word.strip("\"'<>()[]:;,.") != local_part]
    return " ".join((code, enhanced[1] if enhanced else "", *kept))
