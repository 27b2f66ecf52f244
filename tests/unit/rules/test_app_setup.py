"""What is said of a platform app without asking the platform."""

import pytest

from houselights.rules import app_setup
from houselights.rules.findings import Finding, has_failed

PATH = "/connect/callback"


@pytest.mark.parametrize(
    ("public_url", "address", "status"),
    [
        ("https://creators.example.org", f"https://creators.example.org{PATH}", "ok"),
        ("https://creators.example.org/", f"https://creators.example.org{PATH}", "ok"),
        ("https://203.0.113.7", f"https://203.0.113.7{PATH}", "failed"),
        ("https://8.8.8.8", f"https://8.8.8.8{PATH}", "ok"),
        ("http://creators.example.org", f"http://creators.example.org{PATH}", "failed"),
        ("https://localhost:8420", f"https://localhost:8420{PATH}", "failed"),
        ("https://api.internal", f"https://api.internal{PATH}", "failed"),
        ("https://creators.example.org", f"https://creators.example.org.evil.example{PATH}", "failed"),
        (None, f"https://creators.example.org{PATH}", "failed"),
    ],
)
def test_a_redirect_address_is_below_the_public_one_by_https_and_reachable(
    public_url: str | None, address: str, status: str
) -> None:
    found, _ = app_setup.redirect(address, public_url, "production")
    assert found.status == status
    assert address in found.says
    assert ("HOUSELIGHTS_PUBLIC_URL" in found.do) == (status == "failed")


def test_a_sandbox_may_live_on_this_machine() -> None:
    found, asked = app_setup.redirect(f"http://127.0.0.1:8420{PATH}", None, "sandbox")
    assert found.status == "ok"
    assert asked.status == "unverified"
    assert f"http://127.0.0.1:8420{PATH}" in asked.do


def test_a_product_whose_scopes_are_not_asked_for_is_named() -> None:
    needed = {"IDENTITY": ("read",), "IDENTITY.AUDIENCE": ("read", "insights", "more")}
    identity, audience = app_setup.scopes({"read", "more", "else"}, needed)
    assert (identity.status, audience.status) == ("ok", "warning")
    assert "does not ask for insights, so" in audience.says
    (nobody, _) = app_setup.scopes({"insights"}, needed)
    assert nobody.status == "failed"


def test_only_what_failed_counts_as_failed() -> None:
    fine = [Finding("x", status, "") for status in ("ok", "warning", "unverified")]
    assert not has_failed(fine)
    assert has_failed([*fine, Finding("x", "failed", "")])
