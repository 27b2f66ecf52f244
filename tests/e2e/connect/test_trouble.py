"""What happens when the platform, the operator's app or the database is not well while a creator connects."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from houselights.core.ids import UserId, WorkPlatformId
from houselights.db.pool import PoolOptions, open_database
from houselights.store import platform_apps
from houselights.store.platform_apps import PlatformApp
from tests.contract.seed import Caller
from tests.contract.server import INSTAGRAM
from tests.e2e.connect.rows import accounts, events, rest_no_more
from tests.e2e.connect.servers import answering
from tests.e2e.connect.stage import DIALOG, GRAPH, Creator, Stage, session, told

NONSENSE = {
    "a page": b"<!doctype html><title>Sign in</title>",
    "nothing": b"",
    "half a JSON": b'{"access_token": "EAAG',
    "200 with an error": b'{"error": {"message": "Please retry", "type": "OAuthException", "code": 2}}',
    "10 MB": b'{"access_token": "' + b"x" * 10_000_000 + b'"}',
}
"""What a platform may answer with 200 that is no answer."""


@pytest_asyncio.fixture(autouse=True)
async def mended(stage: Stage) -> AsyncIterator[None]:
    """No fault outlives its test, nor does a rest that a platform asked for."""
    yield
    await stage.mend()
    await rest_no_more(stage.database)


@pytest.mark.parametrize(
    ("kind", "path", "code"),
    [
        ("html_502", "/oauth/access_token", "PLATFORM_UNAVAILABLE"),
        ("error_2_transient", "/me/accounts", "PLATFORM_UNAVAILABLE"),
        ("error_1_unknown", "/me/accounts", "PLATFORM_UNAVAILABLE"),
        ("too_many_requests", "/oauth/access_token", "PLATFORM_RATE_LIMITED"),
        ("error_4_app_rate_limit", "/me/accounts", "PLATFORM_RATE_LIMITED"),
        ("slow_body", "/debug_token", "PLATFORM_UNAVAILABLE"),
    ],
)
async def test_a_platform_that_is_not_well_ends_the_attempt_and_nothing_is_kept(
    stage: Stage, caller: Caller, creator: Creator, kind: str, path: str, code: str
) -> None:
    made = await session(caller, await stage.seed.user(caller))
    await stage.spoil(kind, path)
    end = await stage.journey(creator, made["url"], "ava.stone")
    assert (end.status, end.code, "Try again" in end.text) == (200, code, True)
    assert await accounts(stage.database, caller.application_id, stage.clock.now()) == []
    assert await events(stage.database, caller.application_id) == []
    answer = await told(caller, made)
    assert (answer["status"], answer["reason"], answer["account_id"]) == ("FAILED", code, None)
    await stage.mend()
    await rest_no_more(stage.database)
    assert (await stage.journey(creator, made["url"], "ava.stone")).code == "CONNECTED"


async def test_a_reply_that_breaks_off_ends_the_attempt(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    made = await session(caller, user_id)
    await stage.spoil("truncated_json", "/me/permissions")
    end = await stage.journey(creator, made["url"], "ava.stone")
    assert end.code in {"PLATFORM_UNAVAILABLE", "INTERNAL_ERROR"}
    assert await accounts(stage.database, caller.application_id, stage.clock.now()) == []


async def app_of_its_own(stage: Stage, caller: Caller, *, graph: str = "", before_secret: str = "") -> None:
    """The application's own app at the platform, like everybody's, but for its API's address or its secret."""
    everybodys = await platform_apps.find(stage.database, platform_apps.EVERYBODY, WorkPlatformId(INSTAGRAM), "sandbox")
    assert everybodys is not None
    place = platform_apps.place(platform_apps.EVERYBODY, INSTAGRAM, "sandbox", everybodys.client_id)
    secret = await stage.rooms.vault.open_text(platform_apps.EVERYBODY, everybodys.sealed_secret, place)
    own = platform_apps.place(caller.application_id, INSTAGRAM, "sandbox", everybodys.client_id)
    sealed = await stage.rooms.vault.seal_text(caller.application_id, secret.prefixed(before_secret), own)
    base_urls = {DIALOG: everybodys.base_urls[DIALOG], GRAPH: graph or everybodys.base_urls[GRAPH]}
    app = PlatformApp(caller.application_id, everybodys.client_id, sealed, base_urls)
    await platform_apps.write(stage.database, app, WorkPlatformId(INSTAGRAM), "sandbox", stage.clock.now())


async def test_a_platform_where_nobody_listens_is_unavailable(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    await app_of_its_own(stage, caller, graph="http://127.0.0.1:9")
    end = await stage.journey(creator, (await session(caller, user_id))["url"], "ava.stone")
    assert end.code == "PLATFORM_UNAVAILABLE"


@pytest.mark.parametrize("reply", NONSENSE.values(), ids=NONSENSE)
async def test_a_platform_that_answers_nonsense_with_200_connects_nothing_and_has_a_page(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator, reply: bytes
) -> None:
    async with answering(reply) as graph:
        await app_of_its_own(stage, caller, graph=graph)
        made = await session(caller, user_id)
        end = await stage.journey(creator, made["url"], "ava.stone")
    assert (end.status, end.code, "Try again" in end.text) == (200, "PLATFORM_UNAVAILABLE", True)
    assert await accounts(stage.database, caller.application_id, stage.clock.now()) == []
    assert await events(stage.database, caller.application_id) == []
    assert (await told(caller, made))["reason"] == "PLATFORM_UNAVAILABLE"


async def test_a_wrong_app_secret_is_the_operators_to_mend_and_no_blame_for_the_creator(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    await app_of_its_own(stage, caller, before_secret="wrong-")
    end = await stage.journey(creator, (await session(caller, user_id))["url"], "ava.stone")
    assert end.code == "INTERNAL_ERROR"
    assert "It is not your fault" in end.text


async def test_without_an_app_at_the_platform_the_creator_is_told_before_anything(
    stage: Stage, creator: Creator
) -> None:
    caller = await stage.seed.caller()
    await stage.move(caller, "production")
    made = await session(caller, await stage.seed.user(caller))
    page = await creator.get(made["url"])
    assert (page.status, page.code) == (503, "PLATFORM_UNKNOWN")
    assert (await creator.post(made["url"])).status == 403


async def test_a_database_that_is_away_gives_a_plain_page_and_the_same_address_works_again(
    stage: Stage, dsn: str, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    made = await session(caller, user_id)
    async with open_database(PoolOptions(dsn)) as closed:
        pass
    async with stage.pages_with(database=closed) as elsewhere:
        page = await creator.get(made["url"].replace(stage.public_url, elsewhere))
    assert (page.status, page.code) == (503, "NOT_AVAILABLE")
    assert page.headers["request-id"] in page.text
    assert (await creator.get(made["url"])).status == 200


async def test_an_error_that_nobody_expected_gives_a_plain_page_without_any_detail(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator
) -> None:
    def broken() -> str:
        raise RuntimeError("the inner workings")

    made = await session(caller, user_id)
    async with stage.pages_with(new_token=broken) as elsewhere:
        page = await creator.get(made["url"].replace(stage.public_url, elsewhere))
    assert (page.status, page.code) == (500, "INTERNAL_ERROR")
    assert page.headers["request-id"] in page.text
    assert "inner" not in page.text
    assert "Traceback" not in page.text
