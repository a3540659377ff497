"""A message whose links lead through the publication's own counter, and the sentence that tells readers so.

Only the HTML part: in plain text a link is read by people, who want to see where it leads. Personal links and pictures are never
counted. What a followed link is counted by is `courier.counting`.
"""

import html
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from django.utils.translation import gettext as _

from tocsin.courier.message import Message
from tocsin.lib import config

KEY_OCTETS: Final = 9
LINK: Final = re.compile(r'(<a\b[^>]*?\shref=")(https?://[^"\x02]+)(")')


@dataclass(frozen=True)
class Counted:
    """A message to count by, and where its counted links lead: key -> address."""

    message: Message
    links: dict[str, str]


def counted(message: Message, new_key: Callable[[], str] = lambda: secrets.token_urlsafe(KEY_OCTETS)) -> Counted:
    """The message with its links counted. The same address is one link, however often it stands there."""
    keys: dict[str, str] = {}

    def through_the_counter(found: re.Match[str]) -> str:
        url = html.unescape(found[2])
        key = keys.setdefault(url, new_key())
        return f"{found[1]}{config.current().site_url}/go/{key}/{found[3]}"

    return Counted(
        replace(message, html=LINK.sub(through_the_counter, message.html)),
        {key: url for url, key in keys.items()},
    )


def notice() -> str:
    """What the foot of a counted mail says."""
    return _(
        "It is counted how often each link in this mail is followed, never by whom. You can refuse where you change what you get."
    )
