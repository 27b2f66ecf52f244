"""An operator's app verified over real HTTP, and everything that can be wrong with it."""

from msgspec import structs

from houselights.core.ids import WorkPlatformId
from houselights.core.secret import Secret
from houselights.flows import check_app, platform_app
from houselights.flows.check_app import Installation
from houselights.flows.platform_app import OpenApp
from houselights.rules.findings import Finding
from houselights.store.platform_apps import EVERYBODY
from tests.contract.server import INSTAGRAM
from tests.e2e.connect.servers import answering
from tests.e2e.connect.stage import DIALOG, GRAPH, Stage

AT = WorkPlatformId(INSTAGRAM)
KEYS, API, PAGES = "client id and secret", f"host {GRAPH}", f"host {DIALOG}"
NOWHERE = "http://127.0.0.1:9"


async def the_app(stage: Stage) -> OpenApp:
    """Everybody's, which the invented platform knows."""
    return await platform_app.find(stage.rooms, EVERYBODY, AT, "sandbox")


async def found(stage: Stage, app: OpenApp) -> dict[str, Finding]:
    """What a check says, by what was checked."""
    findings = await check_app.run(app, stage.rooms.platforms[AT], Installation(None), stage.rooms)
    return {each.check: each for each in findings}


def failed(findings: dict[str, Finding]) -> set[str]:
    return {name for name, each in findings.items() if each.status == "failed"}


async def test_an_app_in_order_is_verified_as_far_as_that_goes_without_a_creator(stage: Stage) -> None:
    findings = await found(stage, await the_app(stage))
    assert failed(findings) == set()
    assert {name for name, each in findings.items() if each.status == "unverified"} == {
        "approval",
        "redirect address at the platform",
    }
    assert "gave the app a token" in findings[KEYS].says
    assert findings["redirect address at the platform"].do.endswith(stage.rooms.callback_url)
    assert await stage.calls("/oauth/access_token") >= 2


async def test_a_wrong_secret_and_a_wrong_id_are_refused_by_the_platform(stage: Stage) -> None:
    app = await the_app(stage)
    for keys in (
        structs.replace(app.keys, client_secret=Secret("of-another-app")),
        structs.replace(app.keys, client_id="77"),
    ):
        findings = await found(stage, structs.replace(app, keys=keys))
        assert failed(findings) == {KEYS}
        assert keys.client_id in findings[KEYS].says
        assert "of-another-app" not in repr(findings)


async def test_a_host_that_is_down_is_named_with_the_address_that_was_called(stage: Stage) -> None:
    app = await the_app(stage)
    findings = await found(stage, structs.replace(app, base_urls={**app.base_urls, DIALOG: NOWHERE}))
    assert failed(findings) == {PAGES}
    assert NOWHERE in findings[PAGES].says
    assert "connect_failed" in findings[PAGES].says
    findings = await found(stage, structs.replace(app, base_urls={**app.base_urls, GRAPH: NOWHERE}))
    assert failed(findings) == {API, KEYS}


async def test_tls_that_is_none_is_told_from_a_host_that_is_down(stage: Stage) -> None:
    app = await the_app(stage)
    spoken = stage.sandbox_url.replace("http://", "https://")
    findings = await found(stage, structs.replace(app, base_urls={**app.base_urls, DIALOG: spoken}))
    assert "tls_failed" in findings[PAGES].says


async def test_a_page_in_place_of_the_platform_is_no_verdict_on_the_app(stage: Stage) -> None:
    app = await the_app(stage)
    async with answering(b"<html><body>Welcome to the hotel's network</body></html>") as portal:
        findings = await found(stage, structs.replace(app, base_urls={**app.base_urls, GRAPH: portal}))
    assert failed(findings) == {KEYS}
    assert "says nothing of" in findings[KEYS].says
    assert "not_json" in findings[KEYS].says


async def test_production_wants_tls_and_an_address_that_browsers_reach(stage: Stage) -> None:
    findings = await found(stage, structs.replace(await the_app(stage), environment="production"))
    assert failed(findings) == {"redirect address"}
    assert (findings[API].status, findings[PAGES].status) == ("warning", "warning")
    assert "without TLS" in findings[API].says


async def test_a_platform_that_asks_to_wait_says_nothing_of_the_app(stage: Stage) -> None:
    await stage.spoil("too_many_requests", "/oauth/access_token", limit_s=60)
    try:
        findings = await found(stage, await the_app(stage))
    finally:
        await stage.mend()
    assert findings[KEYS].status == "unverified"
