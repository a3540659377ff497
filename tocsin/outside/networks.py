"""Which network addresses are the public internet, and which are this machine, its neighbours, or a way to them. Pure.

Lists of our own, after IANA's special-purpose registries (RFC 6890): what the standard library knows of them differs
between versions of Python. For IPv6 the list says what is allowed: 2000::/3 without the ways around (RFC 3056, 4380).
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

Address = IPv4Address | IPv6Address

NOT_PUBLIC_4: Final = tuple(
    IPv4Network(written)
    for written in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # behind a carrier's NAT
        "127.0.0.0/8",  # this machine
        "169.254.0.0/16",  # link-local: here clouds keep their secrets
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",
    )
)
GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
"""Outside of it lie loopback, link-local, private (fc00::/7), multicast, IPv4-mapped and NAT64 addresses."""

NOT_PUBLIC_6: Final = tuple(
    IPv6Network(written)
    for written in (
        "2001::/23",  # Teredo and other protocols' own
        "2001:db8::/32",
        "2002::/16",  # 6to4: an IPv4 address in disguise
        "3fff::/20",
    )
)


def is_public(address: Address) -> bool:
    """Whether a server there is somebody else's, as far as an address can tell."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in NOT_PUBLIC_4)
    return address in GLOBAL_UNICAST and not any(address in network for network in NOT_PUBLIC_6)
