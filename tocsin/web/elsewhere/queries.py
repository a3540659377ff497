"""What can be asked of this room. Nothing here writes."""

from urllib.parse import urlsplit

import idna

from tocsin.web.elsewhere import tokens
from tocsin.web.elsewhere.models import FriendlySite, Key


def key_of(written: str) -> Key | None:
    """The key somebody shows, valid or not; None if there is none like it."""
    token = tokens.read(written)
    key = Key.objects.filter(start=token.start).first() if token else None
    return key if token and key and token.matches(bytes(key.digest)) else None


def origins() -> list[str]:
    """The sites whose pages carry our form."""
    return list(FriendlySite.objects.order_by("origin").values_list("origin", flat=True))


def way_back(url: str) -> str:
    """`url` if it leads to a friendly site; else nothing: we send nobody just anywhere."""
    origin = origin_of(url)
    return url if origin and FriendlySite.objects.filter(origin=origin).exists() else ""


def origin_of(url: str) -> str:
    """The origin of an http(s) URL as browsers write it (RFC 6454); empty for anything else."""
    try:
        parts = urlsplit(url)
        port = parts.port
        host = _host(parts.hostname or "")
    except ValueError:  # UnicodeError, which idna raises, is one
        return ""
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or parts.username is not None
        or not url.isprintable()
    ):
        return ""
    shown = "" if port in {None, 80 if parts.scheme == "http" else 443} else f":{port}"
    return f"{parts.scheme}://{host}{shown}"


def _host(name: str) -> str:
    """The name of a server as browsers write it in an origin: literal addresses in brackets, international names in ASCII."""
    if ":" in name:
        return f"[{name}]"
    return name if name.isascii() else idna.encode(name, uts46=True).decode("ascii")
