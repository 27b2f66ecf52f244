"""Where a client may connect: decided by the address about to be connected to, never by what a URL looks like.

Names, odd spellings of numbers and answers that change between two look-ups all end up as a socket address, and
`Egress.check_address` is asked about each of those (`client` puts it between the look-up and the connect).
`Egress.check_target` comes first and knows only the URL: scheme, host, port.
"""

import re
from collections.abc import Sequence
from ipaddress import ip_network

from msgspec import Struct, structs

from houselights.outbound.addresses import Kind, Network, kind_of, read_address
from houselights.outbound.errors import AddressRefused, BadTarget

_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_ONLY_BY_NAME = frozenset({Kind.LOOPBACK, Kind.LINK_LOCAL, Kind.METADATA})


class Origin(Struct, frozen=True):
    """Scheme, host and port of a URL. host: lower case, without a trailing dot; IPv6 without brackets."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.scheme}://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


class Egress(Struct, frozen=True):
    """What one client may reach. A client keeps one for life, so any connection that it reuses was allowed by it.

    loopback    this machine too (sandbox applications)
    networks    special ranges that the operator opened. They never open loopback, link-local or metadata addresses:
                an operator who opens 0.0.0.0/0 does not mean those
    hosts       names and addresses, exactly as in the URL, that the operator opened wherever they lead
    configured  no address is refused, but every call must name the configured base URL that it stays under
    """

    loopback: bool = False
    networks: tuple[Network, ...] = ()
    hosts: frozenset[str] = frozenset()
    configured: bool = False

    def opened(self, allow: Sequence[str]) -> "Egress":
        """This egress with an operator's list: networks (`10.1.0.0/16`), addresses and host names.

        raises  ValueError naming the entry that is neither
        """
        networks = tuple(_network(entry) for entry in allow if "/" in entry)
        hosts = frozenset(_host(entry) for entry in allow if "/" not in entry)
        return structs.replace(self, networks=self.networks + networks, hosts=self.hosts | hosts)

    def check_target(self, origin: Origin, base: Origin | None) -> None:
        """Refuse what the URL alone gives away.

        Ports below 1024 other than HTTP's are refused: our requests are no use there, and mail servers obey them.
        base    the configured URL of a `configured` egress; others have none
        raises  BadTarget
        """
        if origin.scheme not in {"http", "https"}:
            raise BadTarget("bad_url", "only http and https are called")
        if self.configured:
            if origin != base:
                raise BadTarget("unlisted_origin", f"{origin} is not the configured base URL")
        elif origin.host not in self.hosts and origin.port < 1024 and origin.port not in {80, 443}:
            raise BadTarget("refused_port", f"{origin}: no web server is called on that port")

    def check_address(self, host: str, address: str) -> None:
        """Refuse to connect `host` (as in the URL) to `address` (of a socket address).

        raises  AddressRefused
        """
        if self.configured or host in self.hosts:
            return
        found = read_address(address)
        if found is None:
            raise AddressRefused(host, "unreadable")
        kind = kind_of(found)
        if kind is None or (kind is Kind.LOOPBACK and self.loopback):
            return
        if kind in _ONLY_BY_NAME or not any(found in network for network in self.networks):
            raise AddressRefused(host, kind.value)


STRICT = Egress()
"""The public internet only."""
SANDBOX = Egress(loopback=True)
"""The public internet and this machine."""
CONFIGURED = Egress(configured=True)
"""Exactly the base URLs that the operator configured, wherever they are."""


def _host(entry: str) -> str:
    host = entry.lower().rstrip(".")
    if read_address(host) is None and not _NAME.fullmatch(host):
        raise ValueError(f"{entry!r} is neither a host name nor an address: no scheme, port, path or wildcard")
    return host


def _network(entry: str) -> Network:
    try:
        return ip_network(entry)
    except ValueError as error:
        raise ValueError(f"{entry!r} is neither a network such as 10.1.0.0/16 nor a host: {error}") from None
