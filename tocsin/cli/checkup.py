"""What `tocsin doctor` looks at: each check says in words what it found, and how to mend it when that is wrong.

A check looks and changes nothing; the relays are greeted, logged in to, and sent nothing.
"""

import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from tocsin.cli import installation, relaycheck, state
from tocsin.cli.finding import Finding
from tocsin.lib.config import Config
from tocsin.lib.errors import TocsinError

ENOUGH_DISK = 500 * 1024 * 1024
RESERVED_DOMAINS = (".example.org", ".example.com", ".example.net", ".example", ".test", ".invalid", ".localhost")
LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")


def findings(config: Config) -> Iterator[Finding]:
    """Everything that can be looked at, in the order in which it is to be mended."""
    for look in (_state, _disk, _site):
        yield from look(config)
    relays = yield from _relays(config)
    database = _database(config)
    yield database
    if database.ok:
        yield from _publication(config)
        yield from relaycheck.readers_out_of_reach(relays)
        yield from relaycheck.used_up(relays)
        yield from _tellings()
        yield from _newsroom()


def _state(config: Config) -> Iterator[Finding]:
    folder = config.state_dir
    paths = (folder, folder / "env", *folder.glob("*.key"), *folder.glob("*.sqlite3*"))
    exposed = " ".join(str(path) for path in paths if _is_open_to_others(path))
    if exposed:
        yield Finding("state", False, f"Other users of this machine may use {exposed}.", f"Run: chmod go= {exposed}")
    else:
        yield Finding("state", True, f"{folder} is private. {_who_runs(folder)}")


def _is_open_to_others(path: Path) -> bool:
    return path.exists() and bool(path.stat().st_mode & 0o077)


def _who_runs(folder: Path) -> str:
    holder = state.holder(folder)
    return f"`tocsin up` runs on it ({holder})." if holder else "No `tocsin up` runs on it."


def _disk(config: Config) -> Iterator[Finding]:
    free = shutil.disk_usage(config.state_dir).free
    megabytes = f"{free // 1024 // 1024:,} MB are free below {config.state_dir}."
    if free >= ENOUGH_DISK:
        yield Finding("disk", True, megabytes)
    else:
        yield Finding("disk", False, megabytes, "Make room: a full disk stops publishing and sending.")


def _site(config: Config) -> Iterator[Finding]:
    secure = urlsplit(config.site_url).scheme == "https"
    message = f"Links in mail lead to {config.site_url}."
    if config.relays and (config.site_host in LOCAL_HOSTS or not secure):
        mend = "Set TOCSIN_SITE_URL=https://... in STATE/env and serve the site there over TLS: docs/guide/running.md."
        yield Finding("site", False, message, mend)
    elif secure and not config.trusted_proxies:
        mend = "Set TOCSIN_TRUSTED_PROXIES to the address of the web server in front, mostly 127.0.0.1."
        yield Finding("site", False, f"{message} But all its readers seem to come from one address.", mend)
    else:
        yield Finding("site", True, message)


def _relays(config: Config) -> Generator[Finding, None, tuple[relaycheck.Seen, ...]]:
    """Returns the relays as they were seen."""
    if not config.relays:
        yield _without_relay(config)
        return ()
    try:
        seen = relaycheck.look(config)
    except TocsinError as error:
        yield Finding("relays", False, error.message, error.mend)
        return ()
    yield from relaycheck.findings(seen)
    return seen


def _without_relay(config: Config) -> Finding:
    if state.CAUGHT in state.holder(config.state_dir):
        return Finding("relays", True, "None is configured; mail is caught in the demo's inbox.")
    mend = "Set TOCSIN_RELAYS=smtp://USER:PASSWORD@HOST:PORT in STATE/env and start again: docs/guide/relays.md."
    return Finding("relays", False, "No relay is configured: what is published waits and is sent to nobody.", mend)


def _database(config: Config) -> Finding:
    from django.db import DatabaseError

    try:
        installation.require_fitting(config)
    except TocsinError as error:
        return Finding("database", False, error.message, error.mend)
    except DatabaseError as error:
        mend = "Check TOCSIN_DATABASE_URL, and that the database runs and lets this user in."
        return Finding("database", False, f"It cannot be used: {error}".strip(), mend)
    return Finding("database", True, "It answers, is at this version, and fits the address key.")


def _publication(config: Config) -> Iterator[Finding]:
    """What mail in earnest needs; nothing is asked of a publication without a relay."""
    from tocsin.audience.queries import publication

    gazette = publication()
    domain = "." + gazette.sender_email.rpartition("@")[2]
    missing = [
        (not gazette.address_line, "Mail carries no postal address, which most laws on mail ask for."),
        (not gazette.staff_email, "Nobody is told when something needs a person: no staff address."),
        (domain.endswith(RESERVED_DOMAINS), f"Mail comes from {gazette.sender_email}, which is no real address."),
    ]
    for is_missing, message in missing:
        if config.relays and is_missing:
            yield Finding("publication", False, message, "In the newsroom: Settings, Publication.")


def _tellings() -> Iterator[Finding]:
    """What is held: by the rule that a restored database mails nobody by itself, or by a person."""
    from tocsin.courier.queries import is_held, paused

    held = paused(restored=True)
    if held or is_held():
        message = f"{len(held)} tellings are held, for this database was restored or copied: nobody is mailed."
        mend = "See `tocsin dispatch list`; cancel what was told before or is out of date, then `tocsin dispatch resume --all`."
        yield Finding("tellings", False, message, mend)
    if waiting := paused(restored=False):
        numbers = ", ".join(str(dispatch.pk) for dispatch in waiting)
        yield Finding("paused", True, f"Paused: telling {numbers}.", "`tocsin dispatch resume ID` lets it go on.")


def _newsroom() -> Iterator[Finding]:
    """What the watchdog would write to the staff: it may be the worker itself that does not run."""
    from tocsin.desk import watchdog

    found = watchdog.findings()
    for text in found.values():
        yield Finding("newsroom", False, text, "Read the log of `tocsin up`; it restarts by itself what has died.")
    if not found:
        yield Finding("newsroom", True, "Nothing is late: no alert, no mail, no schedule.")
