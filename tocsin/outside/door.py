"""The door: fetches what an address leads to, if that is somebody else's public server, and never anything else.

An editor may write any address, and a page may redirect to any other: to this machine, to the network around it, to a
cloud's metadata. So the name is resolved here, every address it has must be public, and the connection goes to the address
that was looked at and not to the name: between looking and going nobody can change it (DNS rebinding). Each redirect comes
through the door anew. Only http and https, on their own ports.
"""

import logging
import socket
import ssl
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin

import dns.exception
import dns.resolver
import h11
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tocsin.lib.errors import Refused
from tocsin.outside import networks
from tocsin.outside.destinations import PORTS, Destination, destination
from tocsin.outside.exchange import Answer, Deadline, Limits, exchange
from tocsin.outside.networks import Address

log = logging.getLogger(__name__)

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
TRIED_ADDRESSES: Final = 3
LATER: Final = gettext_lazy("Try again later, or write the words yourself.")

Resolve = Callable[[str, float], Sequence[Address]]


def resolve(host: str, seconds: float) -> Sequence[Address]:
    """The addresses of a name, from the DNS and nowhere else: what stands in this machine's hosts file is not public."""
    found = dns.resolver.resolve_name(f"{host}.", lifetime=seconds)
    return [address for text in found.addresses() if (address := Destination("http", text, 80, "/").literal)]


@dataclass(frozen=True)
class Door:
    """Fetches. Tests put something in place of the three: nothing else may."""

    resolve: Resolve = resolve
    is_allowed: Callable[[Address], bool] = networks.is_public
    ports: frozenset[int] = frozenset(PORTS.values())
    context: Callable[[], ssl.SSLContext] = ssl.create_default_context

    def fetch(self, url: str, *, accept: str, limits: Limits) -> Answer:
        """GET `url`, through at most `limits.redirects`. Raises Refused, with the reason in words for the editor."""
        deadline = Deadline(limits.seconds)
        at = destination(url)
        for _redirect in range(limits.redirects + 1):
            answer = self._visit(at, accept, limits, deadline)
            location = answer.headers.get("location", "")
            if answer.status not in REDIRECTS or not location:
                return _good(answer)
            at = _next(at, location)
        raise Refused(
            _("The address leads from one to the next without end."),
            _("Open it in a browser and copy where you arrive."),
        )

    def _visit(self, to: Destination, accept: str, limits: Limits, deadline: Deadline) -> Answer:
        if to.port not in self.ports:
            raise Refused(
                _("The address names the port {port}.").format(port=to.port),
                _("Only the ports of the web, 80 and 443, are visited."),
            )
        try:
            with self._connected(to, self._addresses(to, deadline), deadline) as connection:
                return exchange(connection, to, accept, limits, deadline)
        except (OSError, h11.RemoteProtocolError, zlib.error) as error:
            log.info("Looking up a page of %s failed: %r", to.host, error)
            raise Refused(_trouble(error).format(host=to.host), str(LATER)) from error

    def _addresses(self, to: Destination, deadline: Deadline) -> Sequence[Address]:
        try:
            found = [to.literal] if to.literal else self.resolve(to.host, deadline.left())
        except (dns.exception.DNSException, OSError) as error:
            raise Refused(
                _("There is no server {host}.").format(host=to.host),
                _("Look whether the address is written as it should be."),
            ) from error
        if not found:
            raise Refused(
                _("There is no server {host}.").format(host=to.host),
                _("Look whether the address is written as it should be."),
            )
        if not all(map(self.is_allowed, found)):
            raise Refused(
                _("{host} is no public server.").format(host=to.host),
                _("Only pages that anybody can open are looked up."),
            )
        return found[:TRIED_ADDRESSES]

    def _connected(self, to: Destination, addresses: Sequence[Address], deadline: Deadline) -> socket.socket:
        """A connection to one of the addresses that were looked at; TLS is for the name."""
        for place, address in enumerate(addresses, 1):
            share = deadline.left() / (len(addresses) - place + 1)
            try:
                plain = socket.create_connection((str(address), to.port), timeout=share)
                break
            except OSError:
                if place == len(addresses):
                    raise
        if to.scheme == "http":
            return plain
        plain.settimeout(deadline.left())
        try:
            return self.context().wrap_socket(plain, server_hostname=to.host)
        except BaseException:
            plain.close()
            raise


def _next(at: Destination, location: str) -> Destination:
    """Where a redirect leads. Many servers write addresses as UTF-8, which is no header's (RFC 9110, 5.5)."""
    try:
        return destination(urljoin(at.url, location.encode("latin-1").decode("utf-8", "replace")))
    except ValueError as error:
        raise Refused(_("{host} redirects to what is no address.").format(host=at.host), str(LATER)) from error


def _good(answer: Answer) -> Answer:
    if answer.status == 200:
        return answer
    raise Refused(
        _("The server answered with {status}: it does not give the page out.").format(status=answer.status), str(LATER)
    )


def _trouble(error: Exception) -> str:
    match error:
        case TimeoutError():
            return _("{host} took too long.")
        case ssl.SSLCertVerificationError():
            return _("{host} has a certificate that is not good.")
        case OSError():
            return _("{host} cannot be reached.")
        case _:
            return _("{host} answers in a way that is no HTTP.")
