"""What the door is sent that no page of ours sends: nothing of it makes the server fail."""

import aiohttp
import pytest

from houselights.core.ids import UserId
from tests.contract.seed import Caller
from tests.e2e.connect.dialog import options
from tests.e2e.connect.framed import knock
from tests.e2e.connect.stage import Creator, Stage

_NUL = "\0"


@pytest.mark.parametrize("language", [_NUL, f"es{_NUL}", "e s", "xx-x-x", "é", "e" * 5000, "-", "es-"])
async def test_a_language_that_is_none_is_no_wish(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator, language: str
) -> None:
    opened = await knock(stage, await options(caller, user_id, language=language))
    page = await creator.get(stage.public_url + opened["to"], accept_language="es")
    assert (page.status, '<html lang="es"' in page.text) == (200, True)


@pytest.mark.parametrize("language", ["es", "es-MX", "ES-mx"])
async def test_a_language_goes_before_the_browsers(
    stage: Stage, caller: Caller, user_id: UserId, creator: Creator, language: str
) -> None:
    opened = await knock(stage, await options(caller, user_id, language=language))
    page = await creator.get(stage.public_url + opened["to"], accept_language="en")
    assert (page.status, '<html lang="es"' in page.text) == (200, True)


@pytest.mark.parametrize("option", ["token", "userId", "clientDisplayName", "environment", "workPlatformId"])
async def test_a_nul_in_any_option_is_answered(stage: Stage, caller: Caller, user_id: UserId, option: str) -> None:
    given = await options(caller, user_id)
    assert await knock(stage, given | {option: f"{given.get(option, '')}{_NUL}"})
    redirecting = given | {"redirect": True, "redirectUrl": f"http://localhost/{_NUL}"}
    assert "redirectURL" in (await knock(stage, redirecting))["warnings"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"token":"\xff"}', b'{"token":"\\ud800"}', b"\xff"])
async def test_a_body_that_is_none_is_refused(stage: Stage, body: bytes) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{stage.public_url}/connect/door", data=body) as reply,
    ):
        assert reply.status == 400
