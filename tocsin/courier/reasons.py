"""A relay's words without what is one delivery's own, so that the same refusal of a thousand readers is one line. Pure."""

import re

LONGEST = 160
LEFT_OUT = "…"

_OWN = re.compile(
    r"""
    <[^<>\s]*@[^<>\s]*> | [^\s<>()\[\]:;,"']+@[^\s<>()\[\]:;,"']+   # an address
    | \b\d{1,3}(?:\.\d{1,3}){3}\b | \b(?:[0-9a-f]*:){3,}[0-9a-f]*   # an IP address
    | \b(?=\w*\d)\w{10,}(?:-\w+)*                                   # a queue id, a session id
    | \b\d{5,}\b                                                    # a time, a counter
    """,
    re.VERBOSE | re.IGNORECASE,
)


def gist(reply: str) -> str:
    """What `reply` says of more than one delivery: codes and words, no address and no id."""
    words = " ".join(_OWN.sub(LEFT_OUT, reply).split())
    return words if len(words) <= LONGEST else f"{words[:LONGEST].rstrip()}{LEFT_OUT}"
