"""When a request to subscribe looks like a machine's. Nobody is refused for it: they are asked to do a sum, or to wait.

What is looked at never depends on whether an address is known. The box on posts is in pages that everybody shares, so
it says nothing about who fills it in; the form at /subscribe/ is made for each reader, and says since when it is shown.
"""

from typing import Final

from django.http import HttpRequest

from tocsin.audience import limits, queries
from tocsin.lib import config
from tocsin.lib.addresses import EmailAddress
from tocsin.lib.clock import SECOND, now_us
from tocsin.lib.mailboxes import PROVIDERS
from tocsin.lib.tokens import BadToken, Signer

SINCE: Final = "form since"
QUICKEST_SECONDS: Final = 2
"""Nobody reads the form and writes an address in less."""

OLDEST_SECONDS: Final = 86_400
TIME_OCTETS: Final = 5


def since() -> str:
    """What a form carries that is shown from now on."""
    moment = (now_us() // SECOND).to_bytes(TIME_OCTETS, "big")
    return _signer().stamp(SINCE, dated=False).token(moment, 0).decode("ascii")


def network(request: HttpRequest) -> str:
    """The network a request comes from."""
    return limits.network(request.META.get("REMOTE_ADDR", ""))


def is_suspicious(request: HttpRequest, email: EmailAddress) -> bool:
    """Whether this request should not be answered at once. Counts it."""
    return (
        _is_hurried(request.POST.get("since"))
        or not limits.take(limits.CALM_NETWORK, network(request))
        or not _is_calm_domain(email)
        or not limits.take(limits.CALM_SITE)
    )


def _is_hurried(token: str | None) -> bool:
    """Whether a form says that it was filled in faster than people do, or says when it was shown in a way that is not ours."""
    if token is None:
        return False
    try:
        moment = int.from_bytes(_signer().verify(SINCE, token), "big")
    except BadToken:
        return True
    return not QUICKEST_SECONDS <= now_us() // SECOND - moment <= OLDEST_SECONDS


def _is_calm_domain(email: EmailAddress) -> bool:
    """Whoever owns a domain may get all mail to it, whatever stands before the @. The great providers are no such domain."""
    domain = email.key.rpartition("@")[2]
    return domain in PROVIDERS or limits.take(limits.CALM_DOMAIN, queries.domain_of(email).hex())


def _signer() -> Signer:
    return Signer(config.current().secret_keys)
