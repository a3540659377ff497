"""Reads an address strictly: what two programs might read differently is refused instead of interpreted. Pure."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final
from urllib.parse import quote, urlsplit

import idna
from django.utils.translation import gettext as _

from tocsin.lib.errors import Refused
from tocsin.outside.networks import Address

PORTS: Final = {"http": 80, "https": 443}
LONGEST: Final = 2_000

_NOT_IN_AN_ADDRESS: Final = re.compile(r"[\x00-\x20\x7f\\\s]")
_NUMBER: Final = re.compile(r"(0x[0-9a-f]*|[0-9]+)", re.IGNORECASE)
_AS_IT_IS: Final = "/:?#[]@!$&'()*+,;=%-._~"


@dataclass(frozen=True)
class Destination:
    """Where a request goes. `host` is a name of ASCII letters in lower case or a literal address; `target` path and query."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def literal(self) -> Address | None:
        """The network address, if the host is one."""
        try:
            return ip_address(self.host)
        except ValueError:
            return None

    @property
    def authority(self) -> str:
        """The Host header (RFC 9110, 7.2)."""
        host = f"[{self.host}]" if isinstance(self.literal, IPv6Address) else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The address in its one spelling."""
        return f"{self.scheme}://{self.authority}{self.target}"


def destination(url: str) -> Destination:
    """Where `url` leads. Raises Refused, saying why."""
    if len(url) > LONGEST:
        raise _too_long()
    if _NOT_IN_AN_ADDRESS.search(url):
        raise Refused(
            _("There is a space, a backslash or a control character in the address."),
            _("Copy it anew from the browser."),
        )
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise Refused(
            _("This is no web address: {reason}.").format(reason=error), _("Copy it anew from the browser.")
        ) from error
    scheme = parts.scheme.lower()
    if scheme not in PORTS:
        raise Refused(_("Only web addresses can be looked up."), _("Write an address that begins with https://."))
    if "@" in parts.netloc:
        raise Refused(_("There is a name or a password in the address."), _("Take out what stands before the @."))
    query = f"?{parts.query}" if parts.query else ""
    target = quote(f"{parts.path or '/'}{query}", safe=_AS_IT_IS.replace("#", ""))
    found = Destination(scheme, _host(host), PORTS[scheme] if port is None else port, target)
    if len(found.url) > LONGEST:  # letters that are not ASCII take three to nine times as much
        raise _too_long()
    return found


def _too_long() -> Refused:
    return Refused(
        _("The address is too long."), _("The longest address has {number} characters.").format(number=LONGEST)
    )


def _host(written: str) -> str:
    """The host in its one spelling. Numbers that browsers take for an address, such as 2130706433 or 0x7f.1, are none."""
    host = written.removesuffix(".")
    if "%" in host:
        raise Refused(_("There is a % in the name of the server."), _("Copy the address anew from the browser."))
    try:
        return str(ip_address(host))
    except ValueError:
        pass
    try:
        name = idna.encode(host, uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError) as error:
        raise Refused(_("The name of the server is none."), _("Copy the address anew from the browser.")) from error
    last = name.rpartition(".")[2]
    if not last or _NUMBER.fullmatch(last):
        raise Refused(_("The name of the server is a number."), _("Write the name the site is known by."))
    try:
        IPv4Address(name)  # full-width digits and the like become an address only now
    except ValueError:
        return name
    raise Refused(_("The name of the server is a number."), _("Write the name the site is known by."))
