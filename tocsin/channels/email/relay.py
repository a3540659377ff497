"""Relay URLs: what an operator writes in TOCSIN_RELAYS, read into plain data.

Messages about a bad URL name its place in the list and never quote it: a password with a `/` or `@` that was not
percent-encoded can end up anywhere in it.
"""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from tocsin.channels.email import options as behind
from tocsin.channels.email.options import Auth, Unclear
from tocsin.courier.channel import Policy
from tocsin.lib.errors import BadEnvironment

MEND = "Write smtp://USER:PASSWORD@HOST:PORT or smtps://...; in user and password write @ as %40, / as %2F, # as %23, % as %25."

_HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?")


class Tls(Enum):
    """When TLS begins."""

    NEVER = "never"
    OFFERED = "offered"  # by STARTTLS, if the relay offers it
    DEMANDED = "demanded"  # by STARTTLS, or not at all
    AT_ONCE = "at once"  # before the first word


@dataclass(frozen=True)
class RelaySettings:
    """One relay as configured. `auth`: the mechanism to log in with, None for the best on offer. With XOAUTH2 the
    password is the token. `ca`: trusted instead of the system's store. `policy`: how it may be used.
    """

    host: str
    port: int
    tls: Tls
    user: str = ""
    password: str = field(default="", repr=False)
    auth: Auth | None = None
    ca: Path | None = None
    policy: Policy = field(default_factory=Policy)

    @property
    def name(self) -> str:
        """host:port, never the credentials."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_all(urls: Sequence[str]) -> tuple[RelaySettings, ...]:
    """The relays of a configuration. Raises BadEnvironment with the mend."""
    relays = tuple(parse(url, number) for number, url in enumerate(urls, 1))
    names = [relay.name for relay in relays]
    for name in names:
        if names.count(name) > 1:
            raise BadEnvironment(f"TOCSIN_RELAYS names {name} twice.", "Keep one of them.")
    return relays


def parse(url: str, number: int = 1) -> RelaySettings:
    """Read one relay URL, the `number`th of its list. Raises BadEnvironment with the mend."""
    try:
        return _parse(url)
    except Unclear as fault:
        raise BadEnvironment(f"Relay {number} in TOCSIN_RELAYS: {fault}", fault.mend) from None


def _parse(url: str) -> RelaySettings:
    parts = _split(url)
    host = _host(parts)
    user, password = _credentials(parts)
    options = behind.read(parts.query)
    tls = _tls(parts.scheme, options, host, with_password=bool(user))
    usual_port = 465 if tls is Tls.AT_ONCE else 587 if user else 25
    return RelaySettings(
        host=host,
        port=_port(parts) or usual_port,
        tls=tls,
        user=user,
        password=password,
        auth=behind.auth(options, with_user=bool(user)),
        ca=behind.authority(options),
        policy=behind.policy(options),
    )


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
    except ValueError:
        raise Unclear("it cannot be read as a URL.", MEND) from None
    if parts.scheme not in {"smtp", "smtps"}:
        raise Unclear("it begins with neither smtp:// nor smtps://.", MEND)
    if parts.path.strip("/") or parts.fragment or "@" in parts.query or any(c <= " " for c in url):
        raise Unclear("there is more than host, port and options in it.", MEND)
    return parts


def _host(parts: SplitResult) -> str:
    try:
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not (_HOST.fullmatch(host) and len(host) <= 253) and not _is_ip(host):
        raise Unclear("its host is not a host name or an IP address.", MEND)
    return host


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _port(parts: SplitResult) -> int | None:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise Unclear("its port is not a number from 1 to 65535.", MEND)
    return port


def _credentials(parts: SplitResult) -> tuple[str, str]:
    if "@" not in parts.netloc:
        return "", ""
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if not user or not password:
        raise Unclear("it has a user without a password, or a password without a user.", MEND)
    if any(character < " " or character == "\x7f" for character in user + password):
        raise Unclear("its user or password contains control characters.", MEND)
    return user, password


def _tls(scheme: str, options: Mapping[str, str], host: str, *, with_password: bool) -> Tls:
    if "tls" not in options:
        return Tls.AT_ONCE if scheme == "smtps" else Tls.DEMANDED if with_password else Tls.OFFERED
    if options["tls"] != "none" or scheme == "smtps":
        raise Unclear(
            "its option tls is not understood.",
            "The only value is tls=none, with smtp://; smtps:// is TLS from the start.",
        )
    if with_password and not _is_loopback(host):
        raise Unclear("with tls=none its password would travel readable by anyone.", "Leave tls=none out.")
    return Tls.NEVER


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_ip(host) and ipaddress.ip_address(host).is_loopback)
