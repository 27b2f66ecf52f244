"""Which pages may show the dialog."""

import pytest

from houselights.rules.page_origin import ancestors, is_origin, may_show

LISTED = ("https://app.example.org", "https://shop.example.org:8443")


@pytest.mark.parametrize("origin", LISTED)
def test_listed_pages_may_and_no_others(origin: str) -> None:
    assert may_show(origin, LISTED)
    assert not may_show("http://localhost:3000", LISTED)
    for other in (f"{origin}.evil.org", f"{origin}/", origin.replace("https", "http"), origin.upper(), "null", ""):
        assert not may_show(other, LISTED)
    assert ancestors(LISTED) == "https://app.example.org https://shop.example.org:8443"


def test_without_a_list_pages_of_the_own_machine_may_alone() -> None:
    for origin in ("http://localhost", "http://localhost:3000", "https://127.0.0.1:8443"):
        assert may_show(origin, ())
    for origin in ("https://app.example.org", "http://localhost.example.org", "http://127.0.0.1.example.org", "null"):
        assert not may_show(origin, ())
    assert ancestors(()).split() == [
        "http://localhost:*",
        "http://127.0.0.1:*",
        "https://localhost:*",
        "https://127.0.0.1:*",
    ]


@pytest.mark.parametrize("text", ["https://a b", "https://a'b", "https://a;b", "https://a/b", "ftp://a", "https://*"])
def test_what_is_no_origin_gets_into_no_policy(text: str) -> None:
    assert not is_origin(text)
    assert not may_show(text, (text,))
