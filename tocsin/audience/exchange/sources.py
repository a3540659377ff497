"""What the files of other programs look like: one table per program, and where each fact is from. No logic but the look-up.

Headings and values are written as `columns.folded` gives them. A heading that a program's table does not name is looked
for in PLAIN. Values: "" says nothing unless it is named, and ANY stands for whatever else there is.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from tocsin.audience.exchange.columns import Column, Standing

ANY: Final = "*"
Values = Mapping[str, Standing]

SUBSCRIBED, PART, UNCONFIRMED = Standing.SUBSCRIBED, Standing.PART, Standing.UNCONFIRMED
UNSUBSCRIBED, BOUNCED, COMPLAINED, BLOCKED = (
    Standing.UNSUBSCRIBED,
    Standing.BOUNCED,
    Standing.COMPLAINED,
    Standing.BLOCKED,
)

WORDS: Final[Values] = {
    **dict.fromkeys(
        ("subscribed", "active", "enabled", "confirmed", "regular", "yes", "true", "1", "opted in"), SUBSCRIBED
    ),
    **dict.fromkeys(("unconfirmed", "pending", "unactivated", "not confirmed", "not confirmed yet"), UNCONFIRMED),
    **dict.fromkeys(("unsubscribed", "left", "opted out", "optout", "inactive", "no", "false", "0"), UNSUBSCRIBED),
    **dict.fromkeys(("bounced", "cleaned", "hard bounce", "undeliverable", "invalid"), BOUNCED),
    **dict.fromkeys(("complained", "complaint", "spam", "abuse", "reported spam"), COMPLAINED),
    **dict.fromkeys(("blocked", "blocklisted", "blacklisted", "suppressed", "banned", "disabled", "removed"), BLOCKED),
}
"""What a column called status says in plain files."""


@dataclass(frozen=True)
class Source:
    """One program. A file is its when all headings of one of `marks` are there."""

    key: str
    name: str
    marks: tuple[frozenset[str], ...] = ()
    columns: Mapping[str, Column] = field(default_factory=dict)
    standings: Mapping[str, Values] = field(default_factory=dict)
    unnamed: tuple[str, ...] = ()
    """The headings its files have when they name none."""


def _marks(*headings: str) -> frozenset[str]:
    return frozenset(headings)


def _named(column: Column, *headings: str) -> dict[str, Column]:
    return dict.fromkeys(headings, column)


PLAIN: Final = Source(
    key="plain",
    name="a plain file",
    columns={
        **_named(Column.EMAIL, "email", "e mail", "email address", "e mail address", "emailaddress", "mail"),
        **_named(Column.EMAIL, "courriel", "adresse e mail", "e mail adresse", "електронна пошта", "электронная почта"),
        **_named(Column.NAME, "name", "full name", "fullname", "nom complet", "ім'я", "имя"),
        **_named(Column.FIRST_NAME, "first name", "firstname", "fname", "given name", "vorname", "prénom"),
        **_named(Column.LAST_NAME, "last name", "lastname", "lname", "surname", "family name", "nachname", "nom"),
        **_named(Column.TOPICS, "topics"),
        **_named(Column.CADENCE, "cadence"),
        **_named(Column.STATUS, "status", "subscription status"),
        **_named(Column.LANGUAGE, "language", "lang", "locale", "sprache", "langue", "мова"),
        **_named(Column.TIME_ZONE, "time zone", "timezone"),
        **_named(Column.DIGEST_HOUR, "digest hour"),
        **_named(Column.DIGEST_WEEKDAY, "digest weekday"),
        **_named(Column.QUIET_FROM, "quiet from"),
        **_named(Column.QUIET_UNTIL, "quiet until"),
        **_named(Column.ALERTS, "alerts"),
        **_named(Column.UNCOUNTED, "uncounted"),
        **_named(Column.PAUSED_UNTIL, "paused until"),
        **_named(Column.SIGNED_UP_AT, "signed up at", "created at", "subscribed at", "opt in time", "optin time"),
        **_named(Column.CONFIRMED_AT, "confirmed at", "confirm time"),
        **_named(Column.IP, "ip", "ip address", "optin ip", "opt in ip"),
        **_named(Column.CONSENT, "consent"),
    },
)

# Ours: tocsin/audience/exchange/exporting.py.
TOCSIN: Final = Source(key="tocsin", name="Tocsin", marks=(_marks("email", "topics", "cadence"),))

# Three files: subscribed, unsubscribed, cleaned; each says by its columns which, even where the moment is empty. Merge fields
# carry the names people gave
# them. Columns as in exports kept in public repositories (2013 to 2026).
MAILCHIMP: Final = Source(
    key="mailchimp",
    name="Mailchimp",
    marks=(_marks("leid", "euid"), _marks("member rating"), _marks("optin time", "confirm time")),
    columns={
        **_named(Column.EMAIL, "email address"),
        **_named(Column.SIGNED_UP_AT, "optin time"),
        **_named(Column.CONFIRMED_AT, "confirm time"),
        **_named(Column.IP, "confirm ip", "optin ip"),
    },
    standings={
        "unsub time": {"": UNSUBSCRIBED, ANY: UNSUBSCRIBED},
        "clean time": {"": BOUNCED, ANY: BOUNCED},
    },
)

# email_list.*.csv of an export. active_subscription, expiry and plan are about paying. Columns as in exports and in the
# importers of TryGhost/migrate (packages/mg-substack).
SUBSTACK: Final = Source(
    key="substack",
    name="Substack",
    marks=(_marks("email", "active subscription"), _marks("email", "email disabled")),
    columns=_named(Column.SIGNED_UP_AT, "created at"),
    standings={"email disabled": {"true": UNSUBSCRIBED, "false": SUBSCRIBED}},
)

# members.*.csv. Columns as in TryGhost/Ghost (@tryghost/members-csv).
GHOST: Final = Source(
    key="ghost",
    name="Ghost",
    marks=(_marks("email", "subscribed to emails"), _marks("email", "complimentary plan")),
    columns=_named(Column.SIGNED_UP_AT, "created at"),
    standings={
        "subscribed to emails": {"true": SUBSCRIBED, "false": UNSUBSCRIBED},
        "deleted at": {ANY: UNSUBSCRIBED},
    },
)

# Types as in buttondown/openapi (enums.json), columns as in its subscriber schema.
_BUTTONDOWN_TYPES: Final[Values] = {
    **dict.fromkeys(
        ("regular", "premium", "trialed", "unpaid", "gifted", "churning", "churned", "paused", "past due"), SUBSCRIBED
    ),
    "unactivated": UNCONFIRMED,
    "unsubscribed": UNSUBSCRIBED,
    "undeliverable": BOUNCED,
    "complained": COMPLAINED,
    **dict.fromkeys(("spammy", "removed", "blocked"), BLOCKED),
}
BUTTONDOWN: Final = Source(
    key="buttondown",
    name="Buttondown",
    marks=(
        _marks("creation date", "type"),
        _marks("creation date", "subscriber type"),
        _marks("unsubscription date"),
        _marks("undeliverability date"),
    ),
    columns={
        **_named(Column.SIGNED_UP_AT, "creation date"),
        **_named(Column.IP, "ip address"),
    },
    standings={
        "type": _BUTTONDOWN_TYPES,
        "subscriber type": _BUTTONDOWN_TYPES,
        "unsubscription date": {ANY: UNSUBSCRIBED},
        "undeliverability date": {ANY: BOUNCED},
    },
)

# Quotation marks are written \". Columns as in mailpoet/mailpoet (Subscribers/ImportExport). "Inactive" there are people who
# did not open for a while.
_MAILPOET_STATUSES: Final[Values] = {
    "subscribed": SUBSCRIBED,
    "inactive": SUBSCRIBED,
    "unconfirmed": UNCONFIRMED,
    "unsubscribed": UNSUBSCRIBED,
    "bounced": BOUNCED,
}
MAILPOET: Final = Source(
    key="mailpoet",
    name="MailPoet",
    marks=(_marks("email", "global status"), _marks("email", "list status"), _marks("subscription ip")),
    columns={
        **_named(Column.SIGNED_UP_AT, "subscription time"),
        **_named(Column.CONFIRMED_AT, "confirmation time"),
        **_named(Column.IP, "confirmation ip", "subscription ip"),
    },
    standings={"global status": _MAILPOET_STATUSES, "list status": _MAILPOET_STATUSES},
)

# Who unsubscribes from everything is blocklisted there. Columns as in knadh/listmonk (cmd/subscribers.go).
LISTMONK: Final = Source(
    key="listmonk",
    name="listmonk",
    marks=(_marks("uuid", "email", "attributes", "status"),),
    columns=_named(Column.SIGNED_UP_AT, "created at"),
    standings={"status": {"enabled": SUBSCRIBED, "disabled": BLOCKED, "blocklisted": UNSUBSCRIBED}},
)

# Version 6 and later write columns of #__acym_user, version 5 of #__acymailing_subscriber; its dates are seconds since 1970.
ACYMAILING: Final = Source(
    key="acymailing",
    name="AcyMailing",
    marks=(
        _marks("email", "creation date", "confirmed"),
        _marks("email", "cms id"),
        _marks("email", "active", "confirmed"),
        _marks("email", "subid"),
        _marks("email", "confirmed", "enabled"),
        _marks("email", "accept"),
    ),
    columns={
        **_named(Column.SIGNED_UP_AT, "creation date", "created"),
        **_named(Column.CONFIRMED_AT, "confirmation date", "confirmed date"),
        **_named(Column.IP, "confirmation ip", "confirmed ip", "ip"),
    },
    standings={
        "active": {"1": SUBSCRIBED, "0": BLOCKED},
        "enabled": {"1": SUBSCRIBED, "0": BLOCKED},
        "accept": {"1": SUBSCRIBED, "0": UNSUBSCRIBED},
        "confirmed": {"1": SUBSCRIBED, "0": UNCONFIRMED},
    },
)

# Its export names no columns (com_easyblog, models/subscription.php); the table has more. A subscription to one blogger, category
# or post is not one to everything.
EASYBLOG: Final = Source(
    key="easyblog",
    name="EasyBlog",
    marks=(_marks("email", "utype"),),
    columns={**_named(Column.NAME, "fullname"), **_named(Column.SIGNED_UP_AT, "created")},
    standings={"utype": {"site": SUBSCRIBED, ANY: PART}},
    unnamed=("fullname", "email", "utype", "uid"),
)

SOURCES: Final[Mapping[str, Source]] = {
    source.key: source
    for source in (
        TOCSIN,
        MAILCHIMP,
        SUBSTACK,
        GHOST,
        BUTTONDOWN,
        MAILPOET,
        LISTMONK,
        ACYMAILING,
        EASYBLOG,
        PLAIN,
    )
}
EASYBLOG_TYPES: Final = frozenset({"site", "blogger", "entry", "category", "team", "teamblog"})


def recognise(headings: Collection[str]) -> Source:
    """Whose file has these headings (folded); PLAIN if nobody's."""
    there = frozenset(headings)
    return next((source for source in SOURCES.values() if any(mark <= there for mark in source.marks)), PLAIN)
