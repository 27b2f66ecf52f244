"""Which addresses are not on the public internet: a table of our own.

`ipaddress.is_global` alone is not safe: on the oldest Python we support, it calls multicast, AS112, NAT64 and 6to4
forms of loopback global. It is asked last, so that a newer Python may refuse more, never less.
Sources: IANA's registries of special-purpose IPv4 and IPv6 addresses, of IPv4 address space (multicast) and of IPv6
address space (only 2000::/3 is global unicast); the metadata services of the large clouds. Read 2026-11-23.
https://www.iana.org/assignments/iana-ipv4-special-registry https://www.iana.org/assignments/iana-ipv6-special-registry
"""

from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network


class Kind(StrEnum):
    """Why an address is special."""

    LOOPBACK = "loopback"
    METADATA = "metadata"
    """a cloud's service that hands out credentials"""
    LINK_LOCAL = "link-local"
    PRIVATE = "private"
    MULTICAST = "multicast"
    RESERVED = "reserved"
    """documentation, tests, tunnels, transition, infrastructure, and unassigned ranges"""


_SPECIAL: tuple[tuple[str, Kind], ...] = (
    ("0.0.0.0/8", Kind.RESERVED),  # "this network"; connecting to 0.0.0.0 reaches this machine
    ("10.0.0.0/8", Kind.PRIVATE),  # private use
    ("100.64.0.0/10", Kind.PRIVATE),  # shared by carriers
    ("100.100.100.200/32", Kind.METADATA),  # Alibaba Cloud
    ("127.0.0.0/8", Kind.LOOPBACK),  # loopback
    ("168.63.129.16/32", Kind.METADATA),  # Azure's platform address; in no registry
    ("169.254.0.0/16", Kind.LINK_LOCAL),  # link local
    ("169.254.169.254/32", Kind.METADATA),  # AWS, Azure, Google and others
    ("169.254.170.2/32", Kind.METADATA),  # AWS, credentials of container tasks
    ("169.254.170.23/32", Kind.METADATA),  # AWS, credentials of pods
    ("172.16.0.0/12", Kind.PRIVATE),  # private use
    ("192.0.0.0/24", Kind.RESERVED),  # IETF protocol assignments, with the anycast .9 and .10
    ("192.0.2.0/24", Kind.RESERVED),  # documentation 1
    ("192.31.196.0/24", Kind.RESERVED),  # AS112
    ("192.52.193.0/24", Kind.RESERVED),  # multicast tunnelling (AMT)
    ("192.88.99.0/24", Kind.RESERVED),  # 6to4 relays, deprecated
    ("192.168.0.0/16", Kind.PRIVATE),  # private use
    ("192.175.48.0/24", Kind.RESERVED),  # direct delegation AS112
    ("198.18.0.0/15", Kind.RESERVED),  # benchmarks
    ("198.51.100.0/24", Kind.RESERVED),  # documentation 2
    ("203.0.113.0/24", Kind.RESERVED),  # documentation 3
    ("224.0.0.0/4", Kind.MULTICAST),  # multicast
    ("240.0.0.0/4", Kind.RESERVED),  # future use, and broadcast
    ("::/128", Kind.RESERVED),  # unspecified; connecting to it reaches this machine
    ("::1/128", Kind.LOOPBACK),  # loopback
    ("2001::/23", Kind.RESERVED),  # IETF protocol assignments: Teredo, ORCHID, benchmarks
    ("2001:db8::/32", Kind.RESERVED),  # documentation
    ("2620:4f:8000::/48", Kind.RESERVED),  # direct delegation AS112
    ("3fff::/20", Kind.RESERVED),  # documentation
    ("fc00::/7", Kind.PRIVATE),  # unique local
    ("fd00:ec2::254/128", Kind.METADATA),  # AWS
    ("fd20:ce::254/128", Kind.METADATA),  # Google Cloud
    ("fe80::/10", Kind.LINK_LOCAL),  # link local
    ("fec0::/10", Kind.PRIVATE),  # site local, deprecated
    ("ff00::/8", Kind.MULTICAST),  # multicast
)

_MAPPED = IPv6Network("::ffff:0:0/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_SIX_TO_FOUR = IPv6Network("2002::/16")
_GLOBAL_UNICAST = IPv6Network("2000::/3")


def _narrowest_first() -> tuple[tuple[Network, Kind], ...]:
    rows = [(ip_network(text), kind) for text, kind in _SPECIAL]
    return tuple(sorted(rows, key=lambda row: row[0].prefixlen, reverse=True))


_TABLE = _narrowest_first()


def read_address(text: str) -> Address | None:
    """The address that a packet finally goes to; None for anything that is not an address in canonical notation.

    IPv6 forms that carry an IPv4 address (mapped, NAT64, 6to4) are that address: the network, or the kernel, unwraps
    them. Teredo and the compatible and translated forms are not unwrapped: their ranges are refused whole.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv4Address) or address.scope_id is not None:
        return address
    if address in _MAPPED or address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    if address in _SIX_TO_FOUR:
        return IPv4Address(int(address) >> 80 & 0xFFFF_FFFF)
    return address


def kind_of(address: Address) -> Kind | None:
    """Why the address is special; None for one on the public internet.

    An address with a zone id always counts as link-local: the zone names an interface of this machine.
    """
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        return Kind.LINK_LOCAL
    for network, kind in _TABLE:
        if address in network:
            return kind
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return Kind.RESERVED
    return None if address.is_global else Kind.RESERVED
