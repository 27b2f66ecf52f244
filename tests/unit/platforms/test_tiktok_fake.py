"""What the invented TikTok tells of a token, which our connector does not ask."""

from typing import Any

import msgspec

from houselights.compose.platforms import find_platforms
from houselights.port.platform import FakeRequest
from houselights.sandbox.personas import personas
from tests.invented import NOW, connected

TIKTOK = find_platforms()["tiktok"]
CAST = personas(1, NOW.date())
URL = "https://business-api.tiktok.com/open_api/v1.3/tt_user/token_info/get/"


def test_a_token_is_told_with_its_scopes_and_creator_and_a_dead_one_is_refused() -> None:
    fake = TIKTOK.fake(CAST)
    (candidate,) = connected(TIKTOK, fake, CAST[0].username, untick={"user.insights"})

    def told(token: str) -> dict[str, Any]:
        sent = {"app_id": fake.app.client_id, "access_token": token}
        request = FakeRequest("POST", URL, {}, {}, {}, NOW, "https://sandbox.example", json=sent)
        answered: dict[str, Any] = msgspec.json.decode(fake.answer(request).body)
        return answered

    access = candidate.grant.tokens["access"].reveal()
    assert told(access)["data"]["creator_id"] == candidate.platform_profile_id
    assert set(told(access)["data"]["scope"].split(",")) == set(candidate.grant.scopes)
    assert told("another")["code"] == 40105
