"""Where an SMTP conversation stands: pure tables, no bytes.

Rule 1: a command may be sent only in a phase that lists it in SENDABLE.
Rule 2: a reply moves the phase by ANSWERED alone; a pair that is not in the table is a protocol error.
Rule 3: 421 closes from anywhere, whatever it answers (RFC 5321 section 3.8). It is not in the tables.
Rule 4: no body without its 354: BODY can be sent in one phase only, and only DATA's 3xx leads there.
Rule 5: with PIPELINING (RFC 2920) the commands in HOPED may be sent while earlier ones of them, or a body, are
        unanswered: in the phase that can be counted on if those are answered well. BODY may only be the first of them, with
        nothing unanswered before it: rule 4 asks for a 354 that came.
"""

from enum import Enum
from functools import cache


class Word(Enum):
    """Names used as keys of the tables, which are looked into for every reply: Enum's own hash is Python code."""

    __hash__ = object.__hash__


class Phase(Word):
    """Where the conversation stands once every command sent so far is answered."""

    CONNECTED = "connected"  # the greeting has not come
    GREETED = "greeted"  # EHLO is due
    READY = "ready"  # no transaction is open
    AUTHENTICATING = "authenticating"  # the server asked for more credentials
    SECURING = "securing"  # TLS begins now; whatever else came in the clear is dropped
    ENVELOPE = "envelope"  # the sender is accepted, no recipient yet
    ADDRESSED = "addressed"  # at least one recipient is accepted
    BODY = "body"  # 354: the server waits for the message
    STALE = "stale"  # a chunk was refused; whether its transaction is still open differs, so RSET is due
    UNWANTED = "unwanted"  # refused at the greeting, or out of step: nothing is left but QUIT
    CLOSED = "closed"


class Verb(Word):
    """What a reply can answer. GREETING is sent by nobody; BODY is the message with its final dot.

    BDAT is a whole message in one chunk, said to be the last (RFC 3030).
    """

    GREETING = "greeting"
    EHLO = "EHLO"
    HELO = "HELO"
    STARTTLS = "STARTTLS"
    AUTH = "AUTH"
    AUTH_ANSWER = "AUTH answer"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    BODY = "body"
    BDAT = "BDAT"
    RSET = "RSET"
    QUIT = "QUIT"


class Verdict(Word):
    """The first digit of a reply (RFC 5321 section 4.2.1)."""

    DONE = 2
    MORE = 3
    NOT_NOW = 4
    NO = 5


P, V, R = Phase, Verb, Verdict

SENDABLE: dict[Phase, frozenset[Verb]] = {
    P.CONNECTED: frozenset(),
    P.GREETED: frozenset({V.EHLO, V.HELO, V.QUIT}),
    P.READY: frozenset({V.STARTTLS, V.AUTH, V.MAIL, V.RSET, V.QUIT}),
    P.AUTHENTICATING: frozenset({V.AUTH_ANSWER}),
    P.SECURING: frozenset(),
    P.ENVELOPE: frozenset({V.RCPT, V.RSET, V.QUIT}),
    P.ADDRESSED: frozenset({V.RCPT, V.DATA, V.BDAT, V.RSET, V.QUIT}),
    P.BODY: frozenset({V.BODY}),
    P.STALE: frozenset({V.RSET, V.QUIT}),
    P.UNWANTED: frozenset({V.QUIT}),
    P.CLOSED: frozenset(),
}

STAYS = None

ANSWERED: dict[tuple[Verb, Verdict], Phase | None] = {
    (V.GREETING, R.DONE): P.GREETED,
    (V.GREETING, R.NOT_NOW): P.UNWANTED,
    (V.GREETING, R.NO): P.UNWANTED,
    (V.EHLO, R.DONE): P.READY,
    (V.EHLO, R.NOT_NOW): STAYS,
    (V.EHLO, R.NO): STAYS,  # HELO may follow
    (V.HELO, R.DONE): P.READY,
    (V.HELO, R.NOT_NOW): STAYS,
    (V.HELO, R.NO): STAYS,
    (V.STARTTLS, R.DONE): P.SECURING,
    (V.STARTTLS, R.NOT_NOW): STAYS,
    (V.STARTTLS, R.NO): STAYS,
    (V.AUTH, R.DONE): P.READY,
    (V.AUTH, R.MORE): P.AUTHENTICATING,
    (V.AUTH, R.NOT_NOW): STAYS,
    (V.AUTH, R.NO): STAYS,
    (V.AUTH_ANSWER, R.DONE): P.READY,
    (V.AUTH_ANSWER, R.MORE): P.AUTHENTICATING,
    (V.AUTH_ANSWER, R.NOT_NOW): P.READY,
    (V.AUTH_ANSWER, R.NO): P.READY,
    (V.MAIL, R.DONE): P.ENVELOPE,
    (V.MAIL, R.NOT_NOW): STAYS,
    (V.MAIL, R.NO): STAYS,
    (V.RCPT, R.DONE): P.ADDRESSED,
    (V.RCPT, R.NOT_NOW): STAYS,
    (V.RCPT, R.NO): STAYS,
    (V.DATA, R.MORE): P.BODY,
    (V.DATA, R.NOT_NOW): STAYS,
    (V.DATA, R.NO): STAYS,
    (V.BODY, R.DONE): P.READY,
    (V.BODY, R.NOT_NOW): P.READY,
    (V.BODY, R.NO): P.READY,
    (V.BDAT, R.DONE): P.READY,
    (V.BDAT, R.NOT_NOW): P.STALE,
    (V.BDAT, R.NO): P.STALE,
    (V.RSET, R.DONE): P.READY,
    (V.RSET, R.NOT_NOW): P.UNWANTED,
    (V.RSET, R.NO): P.UNWANTED,
    (V.QUIT, R.DONE): P.CLOSED,
    (V.QUIT, R.NOT_NOW): P.CLOSED,
    (V.QUIT, R.NO): P.CLOSED,
}

HOPED: dict[Verb, Phase] = {
    V.RSET: P.READY,
    V.MAIL: P.ENVELOPE,
    V.RCPT: P.ADDRESSED,
    V.DATA: P.BODY,
    V.BODY: P.READY,
    V.BDAT: P.STALE,  # not READY: a message right behind one that is refused could leave under its sender
}
"""What can be said before earlier answers came, and the phase that can be counted on behind it."""


@cache
def reached(phase: Phase, verbs: tuple[Verb, ...], behind: bool, pipelining: bool, /) -> Phase | None:
    """The phase that can be counted on behind `verbs`, said in one go; None where rules 1 and 5 forbid them.

    `behind`: something is unanswered, and `phase` is what can be counted on behind that.
    """
    if len(verbs) == 1 and not behind:
        return HOPED.get(verbs[0], Phase.UNWANTED) if verbs[0] in SENDABLE[phase] else None
    if not pipelining:
        return None
    for verb in verbs:
        if verb not in HOPED or verb not in SENDABLE[phase] or (verb is V.BODY and behind):
            return None
        phase, behind = HOPED[verb], True
    return phase
