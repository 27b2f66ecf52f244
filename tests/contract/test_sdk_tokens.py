"""SDK tokens: contract section 3, C-050 to C-052."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from houselights.resources.sdk_tokens import SDK_TOKENS
from houselights.resources.work_platforms import Product
from houselights.rules.sdk_tokens import Permission, read
from tests.contract.client import Client
from tests.contract.seed import Caller, Seed
from tests.contract.server import ROOT_KEY
from tests.contract.test_lists import check_invalid

PRODUCTS = [
    *("IDENTITY", "IDENTITY.AUDIENCE", "ENGAGEMENT", "ENGAGEMENT.AUDIENCE"),
    *("INCOME", "ACTIVITY", "PUBLISH.CONTENT"),
]


@pytest.mark.rule("C-050", "C-051")
async def test_a_token_lasts_seven_days_and_permits_what_was_asked(api: Client, seed: Seed, caller: Caller) -> None:
    user_id = await seed.user(caller)
    for asked in (*([product] for product in PRODUCTS), PRODUCTS):
        began = datetime.now(UTC)
        reply = await api.post("/v1/sdk-tokens", {"user_id": str(user_id), "products": asked})
        assert (reply.status, list(reply.json())) == (201, ["sdk_token", "expires_at"])
        expires_at = datetime.fromisoformat(reply.json()["expires_at"] + "+00:00")
        assert abs(expires_at - began - timedelta(seconds=604_800)) < timedelta(seconds=2)
        permission = read(ROOT_KEY.derive(SDK_TOKENS), reply.json()["sdk_token"], began)
        assert permission == Permission(caller.application_id, user_id, tuple(Product(name) for name in asked))


@pytest.mark.rule("C-051", "C-021")
async def test_a_user_that_is_unknown_or_none_is_told_so(api: Client, seed: Seed, caller: Caller) -> None:
    reply = await api.post("/v1/sdk-tokens", {"user_id": str(uuid4()), "products": ["IDENTITY"]})
    assert (reply.status, reply.code) == (404, "incorrect_user_id")
    check_invalid(await api.post("/v1/sdk-tokens", {"user_id": "x", "products": ["IDENTITY"]}), "user_id")
    check_invalid(await api.post("/v1/sdk-tokens", {"user_id": 1, "products": []}), "user_id", "products")
    user_id = await seed.user(caller)
    for form in (user_id.hex, str(user_id).upper()):
        assert (await api.post("/v1/sdk-tokens", {"user_id": form, "products": ["IDENTITY"]})).status == 201


@pytest.mark.rule("C-051")
@pytest.mark.parametrize(
    "products",
    [[], ["FOO"], ["IDENTITY", "FOO"], "IDENTITY", [1], ["identity"], ["IDENTITY_AUDIENCE"], {}, [["IDENTITY"]]],
)
async def test_products_that_are_none_are_refused(api: Client, seed: Seed, caller: Caller, products: object) -> None:
    user_id = await seed.user(caller)
    check_invalid(await api.post("/v1/sdk-tokens", {"user_id": str(user_id), "products": products}), "products")


@pytest.mark.rule("C-051")
async def test_a_product_that_the_application_may_not_use_is_refused_not_left_out(seed: Seed) -> None:
    caller = await seed.caller(settings='{"products":["IDENTITY","ENGAGEMENT"]}')
    body = {"user_id": str(await seed.user(caller)), "products": ["IDENTITY", "INCOME"]}
    check_invalid(await caller.client.post("/v1/sdk-tokens", body), "products")
    assert (await caller.client.post("/v1/sdk-tokens", body | {"products": ["ENGAGEMENT"]})).status == 201


@pytest.mark.rule("C-052")
async def test_further_keys_do_not_matter(api: Client, seed: Seed, caller: Caller) -> None:
    body: dict[str, object] = {"user_id": str(await seed.user(caller)), "products": ["IDENTITY", "IDENTITY"]}
    body |= {"name": None, "work_platform_id": "x", "redirect_url": 1, "work_platforms": []}
    assert (await api.post("/v1/sdk-tokens", body)).status == 201
