"""What to do about a relay that does not let us in, by its own words or the system's."""

import re

from tocsin.channels.email.relay import RelaySettings

GUIDE = "docs/guide/relays.md says what each part of its URL means."

MENDS: tuple[tuple[str, str], ...] = (
    (
        r"^connecting: .*(name or service|name resolution|no address|nodename|not known)",
        "There is no host of that name: look for a typo in TOCSIN_RELAYS, then try `getent hosts {host}` on this machine.",
    ),
    (
        r"^connecting: connection refused",
        "Nothing listens there. Submission is mostly at port 587, smtps:// at 465, a Postfix of your own at 25; does it run?",
    ),
    (
        r"^connecting: (no connection within|network is unreachable|no route|.*timed out)",
        "A firewall may be in between; many hosters block port 25. Try port 587 or 465, or ask your hoster.",
    ),
    (r"certificate not accepted: .*expired", "The relay's certificate has expired: whoever runs {host} must renew it."),
    (
        r"certificate not accepted: .*not yet valid",
        "Is this machine's clock right? If it is, the relay's certificate is not.",
    ),
    (
        r"certificate not accepted: .*(mismatch|not valid for)",
        "Write the name that the certificate is for as HOST in TOCSIN_RELAYS, or let the relay show a certificate for {host}.",
    ),
    (
        r"certificate not accepted",
        "If the relay is your own, name its certificate, or its authority's, by ca=/path/ca.pem. If not, do not trust it.",
    ),
    (
        r"^connecting: .*(wrong.version|unknown.protocol|record.layer)",
        "No TLS is spoken there at first: write smtp:// for smtps://.",
    ),
    (
        r"^greeting: no answer",
        "Does it speak SMTP? A port that begins with TLS, mostly 465, needs smtps:// for smtp://.",
    ),
    (
        r"^STARTTLS.* not offered",
        "Use the relay's submission port, mostly 587, or smtps:// at port 465. Without TLS a password is sent only on this machine.",
    ),
    (r"^STARTTLS", "TLS does not work there: whoever runs {host} must mend it."),
    (
        r"AUTH.*not offered",
        "Leave the option auth out or choose what the relay offers; some offer a login at port 587 or 465 only.",
    ),
    (
        r"^AUTH: 5",
        "Check user and password: @ is written %40, / %2F, % %25. Some providers want a password made for mail programs.",
    ),
    (r"^AUTH: 4", "The relay cannot check passwords now. Try again later; if it stays so, ask whoever runs it."),
    (
        r"^greeting: [45]",
        "The relay refuses this machine before anything was said: let it accept this machine's address, or ask whoever runs it.",
    ),
    (
        r"^(EHLO|HELO): [45]",
        "The relay does not like the name we greet it with, the host of TOCSIN_SITE_URL: it must be one that the DNS knows.",
    ),
)


def mend_of(trouble: str, settings: RelaySettings) -> str:
    """How to mend it, as sentences."""
    for pattern, mend in MENDS:
        if re.search(pattern, trouble, re.IGNORECASE):
            return mend.format(host=settings.host)
    return GUIDE
