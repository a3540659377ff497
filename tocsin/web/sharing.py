"""Where a reader may pass a post on to: plain links that load nothing and tell nobody before they are followed.

Each service's documented address for sharing, filled with the post's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from django.utils.translation import gettext_lazy


@dataclass(frozen=True)
class Share:
    """A link that shares."""

    label: str
    url: str


# {url} and {title} stand percent-encoded, {both} is the title, a space and the address.
_SERVICES = (
    (gettext_lazy("E-mail"), "mailto:?subject={title}&body={url}"),
    ("Mastodon", "https://share.joinmastodon.org/?text={both}"),
    ("Bluesky", "https://bsky.app/intent/compose?text={both}"),
    ("X", "https://x.com/intent/post?text={title}&url={url}"),
    ("Facebook", "https://www.facebook.com/sharer/sharer.php?u={url}"),
    ("LinkedIn", "https://www.linkedin.com/sharing/share-offsite/?url={url}"),
    ("Telegram", "https://t.me/share/url?url={url}&text={title}"),
    ("WhatsApp", "https://wa.me/?text={both}"),
)


def shares(title: str, url: str) -> Sequence[Share]:
    """The links for a post. `url` is absolute."""
    words = {"title": quote(title, safe=""), "url": quote(url, safe=""), "both": quote(f"{title} {url}", safe="")}
    return [Share(str(label), address.format(**words)) for label, address in _SERVICES]
