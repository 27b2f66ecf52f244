"""What can be said about an operator's app without asking the platform: its redirect address and its scopes."""

from collections.abc import Collection, Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from houselights.rules.findings import Finding

_REDIRECT = "redirect address"
_SET = "set HOUSELIGHTS_PUBLIC_URL to the https address at which creators' browsers reach the connect pages"


def redirect(address: str, public_url: str | None, environment: str) -> list[Finding]:
    """Whether platforms and browsers can send creators back to `address`.

    public_url   as set by the operator, None where it is not set
    environment  for a sandbox, an address on this machine is fine
    """
    asked = Finding(
        "redirect address at the platform",
        "unverified",
        "platforms tell only a creator's browser whether it is registered",
        f"register it with the app, to the letter: {address}",
    )
    return [_address(address, public_url, environment), asked]


def scopes(asked: Collection[str] | None, needed: Mapping[str, Collection[str]]) -> list[Finding]:
    """Whether the consent of this app asks for what each product needs.

    asked   scopes in the consent's address; None where a configuration at the platform decides what is asked for
    needed  by product
    """
    if asked is None:
        every = ", ".join(dict.fromkeys(name for names in needed.values() for name in names))
        says = "a configuration at the platform says what its consent asks for, and nothing tells that here"
        return [Finding("scopes", "unverified", says, f"see that the configuration has {every}")]
    return [_product(product, sorted(set(names) - set(asked)), len(names)) for product, names in needed.items()]


def _address(address: str, public_url: str | None, environment: str) -> Finding:
    if environment == "sandbox":
        return Finding(_REDIRECT, "ok", f"{address}, for the invented platforms")
    if public_url is None:
        return Finding(_REDIRECT, "failed", f"{address} is made of the address that this process listens on", _SET)
    if not address.startswith(f"{public_url.rstrip('/')}/"):
        return Finding(_REDIRECT, "failed", f"{address} is not below HOUSELIGHTS_PUBLIC_URL, {public_url}", _SET)
    place = urlsplit(address)
    if place.scheme != "https":
        return Finding(_REDIRECT, "failed", f"{address} is not https, which platforms insist on", _SET)
    if not _is_public(place.hostname or ""):
        return Finding(_REDIRECT, "failed", f"{address} leads nowhere from a creator's browser", _SET)
    return Finding(_REDIRECT, "ok", f"{address}, below HOUSELIGHTS_PUBLIC_URL")


def _is_public(host: str) -> bool:
    """A name with a dot, or an address of the open network."""
    try:
        return ip_address(host).is_global
    except ValueError:
        return "." in host.strip(".") and not host.endswith((".localhost", ".local", ".internal"))


def _product(product: str, missing: list[str], count: int) -> Finding:
    check = f"scopes of {product}"
    if not missing:
        return Finding(check, "ok", f"the consent asks for all {count}" if count else "none is needed")
    return Finding(
        check,
        "failed" if product == "IDENTITY" else "warning",
        f"the consent of this app does not ask for {', '.join(missing)}, so {product} is never granted",
        "use an app of the product that has them, or do without",
    )
