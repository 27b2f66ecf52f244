"""Which hosts and addresses can be called at all."""

import pytest

from houselights.core.hosts import is_base, is_callable, is_host


@pytest.mark.parametrize(
    "host",
    ["a", "a.b-c.example", "hooks_1.internal.", "localhost", "127.0.0.1", "127.0.0.1.", "10.0.0.1", "::1", "7.a"],
)
def test_names_and_addresses_in_their_one_notation_are_hosts(host: str) -> None:
    assert is_host(host)


@pytest.mark.parametrize(
    "host",
    [
        *("", ".", "-", "a..b", ".a", "a..", "A", "a b", "a" * 64, "a." * 127 + "aa", "%31", "ü", "a/b", "a@b"),
        *("2130706433", "0x7f.1", "127.1", "0177.0.0.1", "0", "1.2.3.4.5", "256.1.1.1", "a.0x", "a.7", "::1%lo", "::z"),
    ],
)
def test_what_libraries_read_in_different_ways_or_not_at_all_is_no_host(host: str) -> None:
    assert not is_host(host)


@pytest.mark.parametrize("url", ["https://a:65535", "http://[::1]:1/", "https://api.example.org/", "http://10.1.1.1"])
def test_a_base_is_a_host_and_perhaps_a_port(url: str) -> None:
    assert is_base(url)
    assert is_callable(url)


@pytest.mark.parametrize(
    "url", ["https://a:65536", "https://a:0", "https://a/b", "https://u@a", "a", "ftp://a", "https://"]
)
def test_anything_else_is_no_base(url: str) -> None:
    assert not is_base(url)
