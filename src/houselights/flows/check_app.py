"""Everything about an operator's app at a platform that can be verified without a creator, and what cannot."""

from msgspec import Struct, structs

from houselights.core.errors import AppRefused, PlatformError, RateLimited
from houselights.core.secret import Secret
from houselights.flows import platform_app
from houselights.flows.platform_app import OpenApp
from houselights.flows.rooms import Rooms
from houselights.outbound.drive import Link, drive
from houselights.port import app_check
from houselights.port.platform import Platform, Redirect
from houselights.rules import app_setup
from houselights.rules.findings import Finding

NOBODY = Redirect("", "a-check-without-a-creator", Secret("a-check-without-a-creator-needs-a-verifier"))


class Installation(Struct, frozen=True):
    """public_url: as the operator set it, None if it is not set."""

    public_url: str | None


async def run(app: OpenApp, platform: Platform, installation: Installation, rooms: Rooms) -> list[Finding]:
    """Check an app. Whatever the platform answers is reported in the findings and never raised."""
    redirect = structs.replace(NOBODY, uri=rooms.callback_url)
    manifest = platform.manifest
    # An operator asks and wants to know now, so this neither waits for a budget nor spends one.
    link = structs.replace(platform_app.link(rooms, platform, app), meter=None)
    hosts = [await _host(host, link, app.environment) for host in manifest.hosts]
    return [
        *app_setup.redirect(redirect.uri, installation.public_url, app.environment),
        *app_setup.scopes(app_check.asked_for(platform, app.keys, redirect), manifest.oauth.needed(app.keys.kind)),
        *hosts,
        await _keys(app, platform, redirect, link),
        Finding(
            "approval",
            "unverified",
            "platforms do not say before a consent whether they let the app ask creators beyond its own team",
            f"see docs/platforms/{manifest.name}.md for what its review wants",
        ),
    ]


async def _host(host: str, link: Link, environment: str) -> Finding:
    """Whether anything answers there, over TLS; the answer itself does not matter."""
    base = link.base_urls[host]
    called = "" if base == host else f" (called at {base})"
    try:
        await drive(app_check.reached(host), link)
    except RateLimited:
        pass  # only a host that is up can ask us to wait
    except PlatformError as error:
        return Finding(f"host {host}", "failed", f"{error}{called} [{error.code}]", _WAY)
    if environment != "sandbox" and not base.startswith("https://"):
        return Finding(f"host {host}", "warning", f"answers without TLS{called}", "give an https --base-url")
    return Finding(f"host {host}", "ok", f"answers{called}")


_WAY = "see that this machine reaches it, and look at --base-url of `houselights platform app set`"


async def _keys(app: OpenApp, platform: Platform, redirect: Redirect, link: Link) -> Finding:
    check, client_id = "client id and secret", app.keys.client_id
    try:
        proof = await drive(app_check.check(platform, app.keys, redirect, link.now()), link)
    except AppRefused as error:
        says = f"the platform refuses {client_id}: {error} [{error.code}]"
        return Finding(check, "failed", says, "correct both, and the redirect address, with `platform app set`")
    except RateLimited as error:
        return Finding(check, "unverified", f"the platform asks to wait [{error.code}]", "try again later")
    except PlatformError as error:
        says = f"the platform's answer says nothing of {client_id}: {error} [{error.code}]"
        return Finding(check, "failed", says, "try again; if it stays, look at --base-url")
    return Finding(check, "ok", f"{client_id}: {proof.value}")
