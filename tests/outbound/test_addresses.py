"""The corpus of addresses: what must be refused, what must not, and how texts become addresses. Connects nothing."""

import re
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from houselights.outbound.addresses import kind_of
from houselights.outbound.egress import CONFIGURED, SANDBOX, STRICT, Egress, Origin
from houselights.outbound.errors import AddressRefused, BadTarget

LOOPBACK = [
    "127.0.0.1",
    "127.255.255.254",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
]
METADATA = [
    "169.254.169.254",
    "169.254.170.2",
    "169.254.170.23",
    "168.63.129.16",
    "100.100.100.200",
    "fd00:ec2::254",
    "fd20:ce::254",
    "::ffff:a9fe:a9fe",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::",
]
BLOCKED_RANGES = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "64:ff9b:1::/48",
    "100::/64",
    "100:0:0:1::/64",
    "2001::/23",
    "2001:db8::/32",
    "2620:4f:8000::/48",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
]
OTHERS = [
    "192.0.0.8",
    "192.0.0.9",
    "192.0.0.10",
    "239.255.255.250",
    "255.255.255.255",
    "::",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:0:127.0.0.1",
    "::ffff:0:8.8.8.8",
    "::ffff:10.0.0.1",
    "64:ff9b::10.0.0.1",
    "2002:a00:1::",
    "2001:0:808:808::f7f7:f7f7",
    "fe80::1%eth0",
    "fe80::1%1",
    "2606:4700::1111%eth0",
    "::ffff:8.8.8.8%eth0",
    "4000::1",
    "1fff::1",
]
EDGES = [str(edge) for text in BLOCKED_RANGES for edge in (ip_network(text)[0], ip_network(text)[-1])]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "2606:4700::1111",
    "2001:200::1",
    "2001:4860:4860::8888",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
    "1.0.0.0",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "168.63.129.15",
    "168.63.129.17",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
]
# What the C library makes a loopback or metadata address of, although it does not look like one.
SPELLINGS = [
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "017700000001",
    "0x7f.0.0.1",
    "127.1",
    "127.0.1",
    "00000177.1",
    "0",
    "0.0",
    "169.254.43518",
    "0xa9fea9fe",
    "①②⑦.⓪.⓪.①",
    "１２７.０.０.１",
    "127。0。0。1",
]
SPELLED_BADLY = [
    "",
    "localhost",
    "127.1",
    "2130706433",
    "0177.0.0.1",
    "0x7f000001",
    "8.8.8.8 ",
    "::1::",
    "[::1]",
    "8.8.8.8/32",
]


def kind(egress: Egress, address: str, host: str = "hooks.example") -> str | None:
    """The kind that a refusal names, or None where the address may be connected."""
    try:
        egress.check_address(host, address)
    except AddressRefused as refused:
        return str(refused).removeprefix(f"{host} leads to a ").removesuffix(" address")
    return None


@pytest.mark.rule("C-113")
@pytest.mark.parametrize("address", [*LOOPBACK, *METADATA, *OTHERS, *EDGES])
def test_no_special_address_is_connected(address: str) -> None:
    assert kind(STRICT, address) is not None


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_connected(address: str) -> None:
    assert kind(STRICT, address) is None


@pytest.mark.parametrize("address", LOOPBACK)
def test_sandbox_applications_reach_this_machine(address: str) -> None:
    assert kind(STRICT, address) == "loopback"
    assert kind(SANDBOX, address) is None


@pytest.mark.parametrize("address", [*METADATA, *OTHERS, *(edge for edge in EDGES if not edge.startswith("127."))])
def test_sandbox_applications_reach_nothing_else_that_is_special(address: str) -> None:
    assert kind(SANDBOX, address) is not None


@pytest.mark.parametrize("address", METADATA)
def test_a_service_that_hands_out_credentials_is_named_so(address: str) -> None:
    assert kind(STRICT, address) == "metadata"


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_that_the_c_library_understands_is_judged_by_what_it_leads_to(spelling: str) -> None:
    found = socket.getaddrinfo(spelling, 80, type=socket.SOCK_STREAM)
    assert found
    for *_, address in found:
        assert kind(STRICT, str(address[0])) is not None


@pytest.mark.parametrize("text", SPELLED_BADLY)
def test_what_is_no_address_in_its_usual_notation_is_refused(text: str) -> None:
    assert kind(STRICT, text) == "unreadable"
    assert kind(SANDBOX, text) == "unreadable"


@given(st.ip_addresses(v=4) | st.ip_addresses(v=6))
def test_nothing_passes_that_python_itself_calls_special(address: IPv4Address | IPv6Address) -> None:
    assert address.is_global or kind_of(address) is not None


@given(st.integers(0, 2**32 - 1), st.sampled_from(["::ffff:0:0", "64:ff9b::", "2002::"]))
def test_an_ipv4_address_inside_an_ipv6_one_is_judged_as_itself(number: int, carrier: str) -> None:
    shift = 80 if carrier == "2002::" else 0
    carried = IPv6Address(int(ip_address(carrier)) | number << shift)
    assert kind(STRICT, str(carried)) == kind(STRICT, str(IPv4Address(number)))


def test_an_operator_opens_a_network_and_only_that() -> None:
    opened = STRICT.opened(["10.1.0.0/16", "fd12::/16"])
    assert kind(opened, "10.1.2.3") is None
    assert kind(opened, "::ffff:10.1.2.3") is None
    assert kind(opened, "fd12::1") is None
    assert kind(opened, "10.2.0.1") == "private"
    assert kind(opened, "fd13::1") == "private"


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "169.254.169.254", "169.254.1.1", "168.63.129.16", "fe80::1"])
def test_not_even_an_open_network_leads_to_this_machine_or_to_credentials(address: str) -> None:
    opened = STRICT.opened(["0.0.0.0/0", "::/0"])
    assert kind(opened, "10.0.0.1") is None
    assert kind(opened, address) is not None


def test_a_host_opened_by_name_leads_anywhere_and_no_other_name_does() -> None:
    opened = STRICT.opened(["Hooks.Internal.", "169.254.169.254"])
    assert kind(opened, "127.0.0.1", "hooks.internal") is None
    assert kind(opened, "169.254.169.254", "169.254.169.254") is None
    assert kind(opened, "127.0.0.1", "other.internal") == "loopback"
    assert kind(opened, "169.254.169.254", "other.internal") == "metadata"


def test_opening_keeps_what_was_open() -> None:
    assert kind(SANDBOX.opened(["10.0.0.0/8"]), "127.0.0.1") is None
    assert kind(STRICT.opened(["10.0.0.0/8"]).opened(["172.16.0.0/12"]), "10.0.0.1") is None


@pytest.mark.parametrize(
    "entry", ["10.0.0.1/8", "10.0.0.0/33", "hooks.internal/x", "hooks.internal:80", "[::1]", "hooks internal", ""]
)
def test_an_entry_that_is_neither_network_nor_host_is_named(entry: str) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(entry))):
        STRICT.opened([entry])


@pytest.mark.parametrize("port", [1, 22, 25, 79, 81, 442, 587, 1023])
def test_ports_of_other_services_are_not_called(port: int) -> None:
    with pytest.raises(BadTarget) as refused:
        SANDBOX.check_target(Origin("http", "hooks.example", port), None)
    assert refused.value.code == "refused_port"


@pytest.mark.parametrize("port", [80, 443, 1024, 8443, 65535])
def test_ports_of_web_servers_are_called(port: int) -> None:
    STRICT.check_target(Origin("https", "hooks.example", port), None)


BASE = Origin("http", "127.0.0.1", 8421)


@pytest.mark.parametrize(
    "origin",
    [
        Origin("https", "127.0.0.1", 8421),
        Origin("http", "127.0.0.1", 8422),
        Origin("http", "localhost", 8421),
        Origin("http", "127.0.0.1.example", 8421),
    ],
)
def test_a_platform_is_called_at_its_configured_scheme_host_and_port_only(origin: Origin) -> None:
    CONFIGURED.check_target(BASE, BASE)
    for base in (BASE, None):
        with pytest.raises(BadTarget) as refused:
            CONFIGURED.check_target(origin, base)
        assert refused.value.code == "unlisted_origin"


def test_a_configured_address_is_called_wherever_it_is() -> None:
    assert kind(CONFIGURED, "127.0.0.1") is None
    assert kind(CONFIGURED, "10.0.0.1") is None
