"""Where creators may be sent, and what is appended."""

import pytest

from houselights.rules.return_address import content_source, is_fit, is_listed, with_outcome


@pytest.mark.parametrize(
    "url",
    [
        "https://app.example.org",
        "https://app.example.org/back?shop=7&x=%20",
        "http://127.0.0.1:3000/",
        "http://[::1]/",
        "myapp://back",
        "myapp:/back",
        "org.example.app:/oauth?x=1",
    ],
)
def test_pages_and_apps_are_fit(url: str) -> None:
    assert is_fit(url)


@pytest.mark.parametrize(
    "url",
    [
        *("", " ", "back", "/back", "//example.org/", "https:", "https://", "https:/example.org", "https:example.org"),
        *(
            "https://a@example.org/",
            "https://a:b@example.org/",
            "myapp://a@b",
            "https://example.org/#end",
            "myapp://b#",
        ),
        *("javascript:alert(1)", "JavaScript:/alert(1)", "data:/x", "vbscript:/x", "file:///etc/passwd", "blob:/x"),
        *("intent://x", "mailto:/x", "tel:/1", "myapp:back", "1app://x", "my_app://x"),
        *(
            "https://example.org/ x",
            "https://example.org/\n",
            "https://example.org\\@evil.example/",
            "https://é.example",
        ),
        *("https://example.org:99999/", "https://[::1", "https://example.org/<script>", 'https://example.org/"'),
        "https://example.org/" + "a" * 2000,
    ],
)
def test_everything_else_is_not_fit(url: str) -> None:
    assert not is_fit(url)


def test_a_list_names_origins_and_schemes() -> None:
    listed = ["https://app.example.org/any/path", "http://shop.example.org:8080", "myapp:"]
    fine = ["https://app.example.org", "https://APP.EXAMPLE.ORG:443/x", "http://shop.example.org:8080/", "myapp://y"]
    other = ["http://app.example.org", "https://example.org", "http://shop.example.org", "yourapp://y", "https://[::1"]
    assert [url for url in fine if not is_listed(url, listed, sandbox=False)] == []
    assert [url for url in other if is_listed(url, listed, sandbox=False)] == []


def test_only_the_sandbox_may_return_to_its_own_machine_unlisted() -> None:
    local = ["http://localhost/", "https://127.0.0.5:1/", "http://[::1]:3000/x"]
    assert all(is_listed(url, [], sandbox=True) for url in local)
    assert not any(is_listed(url, [], sandbox=False) for url in local)
    assert not is_listed("http://10.0.0.1/", [], sandbox=True)
    assert not is_listed("myapp://localhost", [], sandbox=True)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example", "https://a.example?status=failed&reason=a+b%26c"),
        ("https://a.example/?", "https://a.example/?status=failed&reason=a+b%26c"),
        ("https://a.example/?x=%20&status=1", "https://a.example/?x=%20&status=1&status=failed&reason=a+b%26c"),
        ("myapp://back?x&", "myapp://back?x&status=failed&reason=a+b%26c"),
    ],
)
def test_the_outcome_comes_after_the_query_that_was_there(url: str, expected: str) -> None:
    assert with_outcome(url, [("status", "failed"), ("reason", "a b&c")]) == expected


def test_a_policy_names_pages_by_origin_and_apps_by_scheme() -> None:
    assert content_source("http://127.0.0.1:8421/instagram/x?y") == "http://127.0.0.1:8421"
    assert content_source("myapp://back") == "myapp:"
