"""Relay URLs: what an operator writes in TOCSIN_RELAYS, read into plain data.

Messages about a bad URL name its place in the list and never quote it: a password with a `/` or `@` that was not
percent-encoded can end up anywhere in it.
"""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from tocsin.courier.lanes import Lane
from tocsin.lib.errors import BadEnvironment

LANES = {lane.name.lower(): lane.value for lane in Lane}
OPTIONS = ("tls", "ca", "lanes", "connections")
CONNECTIONS = 4
MAX_CONNECTIONS = 100
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
    """One relay as configured. `lanes`: the lanes it serves, None for all. `ca`: trusted instead of the system's store."""

    host: str
    port: int
    tls: Tls
    user: str = ""
    password: str = field(default="", repr=False)
    ca: Path | None = None
    lanes: frozenset[int] | None = None
    connections: int = CONNECTIONS

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
    except _Unclear as fault:
        raise BadEnvironment(f"Relay {number} in TOCSIN_RELAYS: {fault}", fault.mend) from None


class _Unclear(Exception):  # noqa: N818
    def __init__(self, message: str, mend: str = MEND) -> None:
        super().__init__(message)
        self.mend = mend


def _parse(url: str) -> RelaySettings:
    parts = _split(url)
    host = _host(parts)
    user, password = _credentials(parts)
    options = _options(parts.query)
    tls = _tls(parts.scheme, options, host, with_password=bool(user))
    usual_port = 465 if tls is Tls.AT_ONCE else 587 if user else 25
    return RelaySettings(
        host=host,
        port=_port(parts) or usual_port,
        tls=tls,
        user=user,
        password=password,
        ca=_ca(options["ca"]) if "ca" in options else None,
        lanes=_lanes(options["lanes"]) if "lanes" in options else None,
        connections=_connections(options["connections"]) if "connections" in options else CONNECTIONS,
    )


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
    except ValueError:
        raise _Unclear("it cannot be read as a URL.") from None
    if parts.scheme not in {"smtp", "smtps"}:
        raise _Unclear("it begins with neither smtp:// nor smtps://.")
    if parts.path.strip("/") or parts.fragment or "@" in parts.query or any(c <= " " for c in url):
        raise _Unclear("there is more than host, port and options in it.")
    return parts


def _host(parts: SplitResult) -> str:
    try:
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not (_HOST.fullmatch(host) and len(host) <= 253) and not _is_ip(host):
        raise _Unclear("its host is not a host name or an IP address.")
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
        raise _Unclear("its port is not a number from 1 to 65535.")
    return port


def _credentials(parts: SplitResult) -> tuple[str, str]:
    if "@" not in parts.netloc:
        return "", ""
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if not user or not password:
        raise _Unclear("it has a user without a password, or a password without a user.")
    if any(character < " " or character == "\x7f" for character in user + password):
        raise _Unclear("its user or password contains control characters.")
    return user, password


def _options(query: str) -> dict[str, str]:
    options: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in OPTIONS:
            named = f" {name}" if re.fullmatch(r"[a-z_]{1,20}", name) else ""
            raise _Unclear(f"there is no option{named}.", f"Known options: {', '.join(OPTIONS)}.")
        if name in options:
            raise _Unclear(f"it gives the option {name} twice.", "Keep one of them.")
        options[name] = value
    return options


def _tls(scheme: str, options: dict[str, str], host: str, *, with_password: bool) -> Tls:
    if "tls" not in options:
        return Tls.AT_ONCE if scheme == "smtps" else Tls.DEMANDED if with_password else Tls.OFFERED
    if options["tls"] != "none" or scheme == "smtps":
        raise _Unclear(
            "its option tls is not understood.",
            "The only value is tls=none, with smtp://; smtps:// is TLS from the start.",
        )
    if with_password and not _is_loopback(host):
        raise _Unclear("with tls=none its password would travel readable by anyone.", "Leave tls=none out.")
    return Tls.NEVER


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_ip(host) and ipaddress.ip_address(host).is_loopback)


def _ca(value: str) -> Path:
    path = Path(value)
    if not path.is_absolute() or not path.is_file():
        raise _Unclear("its option ca names no file.", "Write ca=/absolute/path/of/a/certificate.pem.")
    return path


def _lanes(value: str) -> frozenset[int]:
    names = value.split(",")
    if any(name not in LANES for name in names):
        raise _Unclear("its option lanes is not understood.", f"Write some of {','.join(LANES)}, separated by commas.")
    return frozenset(LANES[name] for name in names)


def _connections(value: str) -> int:
    if value.isascii() and value.isdigit() and len(value) <= 3 and 1 <= int(value) <= MAX_CONNECTIONS:
        return int(value)
    raise _Unclear("its option connections is not understood.", f"Write a number from 1 to {MAX_CONNECTIONS}.")
