"""What is known of mailboxes without asking anybody: many spellings of one, throw-away ones, slips of the finger. Pure.

All of it is guessing. It limits, flags and asks back; it never refuses an address, and never makes two people one.
"""

from functools import lru_cache
from typing import Final

from disposable_email_domains import blocklist

from tocsin.lib.addresses import EmailAddress

ALIASES: Final = {"googlemail.com": "gmail.com"}
PROVIDERS: Final = (
    "gmail.com",
    "googlemail.com",
    "outlook.com",
    "hotmail.com",
    "hotmail.co.uk",
    "hotmail.fr",
    "live.com",
    "msn.com",
    "yahoo.com",
    "yahoo.co.uk",
    "yahoo.fr",
    "ymail.com",
    "icloud.com",
    "aol.com",
    "mail.com",
    "email.com",
    "gmx.com",
    "gmx.net",
    "gmx.de",
    "gmx.at",
    "gmx.ch",
    "web.de",
    "t-online.de",
    "freenet.de",
    "posteo.de",
    "orange.fr",
    "wanadoo.fr",
    "laposte.net",
    "free.fr",
    "sfr.fr",
    "proton.me",
    "protonmail.com",
    "fastmail.com",
    "zoho.com",
    "comcast.net",
    "verizon.net",
    "ukr.net",
    "btinternet.com",
)
"""Where most mailboxes are. A domain in this list is never taken for a slip."""

ENDINGS: Final = {"con": "com", "cmo": "com", "ocm": "com", "vom": "com", "comm": "com", "nett": "net", "ogr": "org"}
"""Last labels that no registry has, and what the fingers meant."""

SHORTEST: Final = 9
"""A shorter domain has too many honest neighbours: live.com, love.com, line.com."""


def canonical(email: EmailAddress) -> str:
    """The mailbox that mail to this address most probably ends in: without dots, and without what follows a plus.

    For limits only. Some providers keep such mailboxes apart, and their owners then share one limit.
    """
    local, _, domain = email.key.rpartition("@")
    bare = local.partition("+")[0].replace(".", "") or local
    return f"{bare}@{ALIASES.get(domain, domain)}"


def is_disposable(email: EmailAddress) -> bool:
    """Whether its domain, or one above it, is on the list of those that give out mailboxes for minutes."""
    return _gives_out_mailboxes(email.key.rpartition("@")[2])


@lru_cache(maxsize=10_000)
def _gives_out_mailboxes(domain: str) -> bool:
    labels = domain.split(".")
    return any(".".join(labels[first:]) in blocklist for first in range(len(labels) - 1))


def likely_meant(email: EmailAddress) -> str | None:
    """The address somebody who typed this one probably has; None if nothing looks mistyped."""
    local, _, domain = email.value.rpartition("@")
    meant = _meant(domain.lower())
    return f"{local}@{meant}" if meant else None


def _meant(domain: str) -> str | None:
    if domain in PROVIDERS:
        return None
    name, _, ending = domain.rpartition(".")
    mended = f"{name}.{ENDINGS[ending]}" if ending in ENDINGS else domain
    near = (provider for provider in PROVIDERS if len(provider) >= SHORTEST and _is_one_slip(mended, provider))
    found = next(near, mended)
    return found if found != domain else None


def _is_one_slip(typed: str, meant: str) -> bool:
    """Whether one letter is missing, doubled, wrong, or has changed places with the next (Damerau's distance is 1)."""
    if typed == meant or abs(len(typed) - len(meant)) > 1:
        return typed == meant
    at = next((i for i, (a, b) in enumerate(zip(typed, meant, strict=False)) if a != b), min(len(typed), len(meant)))
    mine, theirs = typed[at:], meant[at:]
    return (
        mine[1:] == theirs  # one too many
        or mine == theirs[1:]  # one missing
        or mine[1:] == theirs[1:]  # one wrong
        or (mine[:2] == theirs[:2][::-1] and mine[2:] == theirs[2:])  # two swapped
    )
