"""`/x/connect-sessions`: who may make one, for whom, and where creators may be sent at the end."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from houselights.core.ids import ApplicationId, UserId
from houselights.resources.sdk_tokens import SDK_TOKENS
from houselights.resources.work_platforms import Product
from houselights.rules.connect_address import PURPOSE, read_address
from houselights.rules.sdk_tokens import LIFETIME, Permission, issue
from tests.contract.client import Client, Reply
from tests.contract.seed import Account, Caller, Seed
from tests.contract.server import FACEBOOK, INSTAGRAM, PUBLIC_URL, ROOT_KEY
from tests.contract.test_lists import check_invalid

PATH = "/x/connect-sessions"
SPOTIFY = "1db0b86c-a547-4119-9834-da927171a685"
SUBSTACK = "fbf76083-710b-439a-8b8c-956f607ef2c1"


@pytest_asyncio.fixture
async def user_id(seed: Seed, caller: Caller) -> UserId:
    """A user of the fresh application."""
    return await seed.user(caller)


def asked(user_id: UserId, **more: object) -> dict[str, Any]:
    """A body that is fine."""
    return {"user_id": str(user_id), "work_platform_id": str(INSTAGRAM)} | more


def token(application_id: ApplicationId, user_id: UserId, *products: Product, ago: timedelta = timedelta(0)) -> str:
    """An SDK token, issued a while ago."""
    permission = Permission(application_id, user_id, products or (Product.IDENTITY, Product.IDENTITY_AUDIENCE))
    return issue(ROOT_KEY.derive(SDK_TOKENS), permission, PUBLIC_URL, datetime.now(UTC) - ago).sdk_token


def bearer(nobody: Client, text: str) -> Client:
    """A page that holds an SDK token."""
    return nobody.as_(("Authorization", f"Bearer {text}"))


async def test_a_session_has_an_address_that_works_for_half_an_hour(
    api: Client, caller: Caller, user_id: UserId
) -> None:
    began = datetime.now(UTC)
    reply = await api.post(PATH, asked(user_id))
    assert (reply.status, list(reply.json())) == (201, ["id", "url", "expires_at"])
    made = reply.json()
    expires_at = datetime.fromisoformat(made["expires_at"] + "+00:00")
    assert abs(expires_at - began - timedelta(minutes=30)) < timedelta(seconds=5)
    base, _, address = made["url"].rpartition("/")
    assert base == f"{PUBLIC_URL}/connect"
    assert re.fullmatch(r"[A-Za-z0-9_-]{64}", address)
    key = read_address(ROOT_KEY.derive(PURPOSE), address)
    assert key is not None
    assert (key.application_id, str(key.session_id)) == (caller.application_id, made["id"])


async def test_a_session_tells_how_it_goes_to_its_application_alone(api: Client, seed: Seed, user_id: UserId) -> None:
    made = (await api.post(PATH, asked(user_id))).json()
    reply = await api.get(f"{PATH}/{made['id'].upper()}")
    assert reply.status == 200
    told = reply.json()
    assert told.pop("created_at") < told["expires_at"]
    assert told == {
        "id": made["id"],
        "status": "OPEN",
        "reason": None,
        "user_id": str(user_id),
        "work_platform_id": str(INSTAGRAM),
        "account_id": None,
        "account_ids": [],
        "expires_at": made["expires_at"],
    }
    stranger = (await seed.caller()).client
    for path in (f"{PATH}/{made['id']}", f"{PATH}/{uuid4()}"):
        assert (await stranger.get(path)).code == "incorrect_connect_session_id"
    check_invalid(await api.get(f"{PATH}/x"), "id")


async def test_what_misses_is_named_and_so_is_what_is_wrong(api: Client, user_id: UserId) -> None:
    for body in ({}, {"user_id": " ", "work_platform_id": None}):
        reply = await api.post(PATH, body)
        assert (reply.status, reply.code) == (400, "MISSING_FIELDS")
        assert reply.message.endswith("[user_id].")
    check_invalid(await api.post(PATH, asked(user_id, single_account="yes")), "single_account")
    check_invalid(await api.post(PATH, asked(user_id) | {"work_platform_id": "x"}), "work_platform_id")
    wrong = asked(user_id, account_id="x", redirect_url="nowhere", products=["FOO"])
    check_invalid(await api.post(PATH, wrong), "account_id", "redirect_url", "products")
    check_invalid(await api.post(PATH, asked(user_id) | {"user_id": 7}), "user_id")
    check_invalid(await api.post(PATH, asked(user_id, products=[])), "products")


async def test_without_a_platform_the_creator_chooses(api: Client, user_id: UserId) -> None:
    made = await api.post(PATH, {"user_id": str(user_id), "single_account": False})
    assert made.status == 201
    told = (await api.get(f"{PATH}/{made.json()['id']}")).json()
    assert (told["status"], told["work_platform_id"]) == ("OPEN", None)
    refused = await api.post(PATH, {"user_id": str(user_id), "products": ["INCOME"]})
    assert refused.code == "product_not_supported"


async def test_the_creator_may_be_given_some_platforms_to_choose_from(api: Client, user_id: UserId) -> None:
    user = {"user_id": str(user_id)}
    several = {"work_platform_ids": [str(INSTAGRAM), SPOTIFY]}
    made = (await api.post(PATH, user | several)).json()
    assert (await api.get(f"{PATH}/{made['id']}")).json()["work_platform_id"] is None
    made = (await api.post(PATH, user | {"work_platform_ids": [str(INSTAGRAM)]})).json()
    assert (await api.get(f"{PATH}/{made['id']}")).json()["work_platform_id"] == str(INSTAGRAM)
    elsewhere = await api.post(PATH, user | {"work_platform_ids": [SPOTIFY, SUBSTACK]})
    assert elsewhere.code == "product_not_supported"
    unknown = await api.post(PATH, user | {"work_platform_ids": [str(INSTAGRAM), str(uuid4())]})
    assert unknown.code == "incorrect_work_platform_id"
    for several_ids in ([], ["x"]):
        check_invalid(await api.post(PATH, user | {"work_platform_ids": several_ids}), "work_platform_ids")
    check_invalid(await api.post(PATH, asked(user_id) | several), "work_platform_ids")


async def test_an_account_to_reconnect_says_by_itself_where_it_is(
    api: Client, seed: Seed, caller: Caller, user_id: UserId
) -> None:
    account = await seed.account(caller, user_id)
    made = (await api.post(PATH, {"user_id": str(user_id), "account_id": str(account.account_id)})).json()
    assert (await api.get(f"{PATH}/{made['id']}")).json()["work_platform_id"] == str(INSTAGRAM)


async def test_what_does_not_exist_is_told(api: Client, seed: Seed, caller: Caller, user_id: UserId) -> None:
    async def code(**changed: object) -> str:
        reply = await api.post(PATH, asked(user_id) | changed)
        assert reply.status in {400, 404}
        return reply.code

    stranger = await seed.caller()
    assert await code(user_id=str(uuid4())) == "incorrect_user_id"
    assert await code(user_id=str(await seed.user(stranger))) == "incorrect_user_id"
    assert await code(work_platform_id=str(uuid4())) == "incorrect_work_platform_id"
    assert await code(work_platform_id=SPOTIFY) == "product_not_supported"
    assert await code(products=["INCOME"]) == "product_not_supported"
    assert await code(account_id=str(uuid4())) == "incorrect_account_id"
    others = await seed.account(caller)
    assert await code(account_id=str(others.account_id)) == "incorrect_account_id"
    elsewhere = await seed.account(caller, user_id, Account(work_platform_id=FACEBOOK))
    assert await code(account_id=str(elsewhere.account_id)) == "incorrect_account_id"


@pytest.mark.parametrize("status", ["CONNECTED", "NOT_CONNECTED", "SESSION_EXPIRED"])
async def test_an_account_in_any_state_can_be_connected_again(
    api: Client, seed: Seed, caller: Caller, user_id: UserId, status: str
) -> None:
    account = await seed.account(caller, user_id, Account(status=status))
    assert (await api.post(PATH, asked(user_id, account_id=account.account_id.hex))).status == 201


@pytest.mark.parametrize(
    "url", ["https://app.example.org/done?x=1", "http://app.example.org", "myapp://back", "com.example.app:/back"]
)
async def test_a_caller_with_credentials_chooses_where_creators_go(api: Client, user_id: UserId, url: str) -> None:
    assert (await api.post(PATH, asked(user_id, redirect_url=url))).status == 201


@pytest.mark.parametrize(
    "url",
    [
        *(
            "javascript:alert(1)",
            "javascript://x/%0aalert(1)",
            "data:text/html,x",
            "data://x",
            "//evil.example/",
            "/back",
        ),
        *("https://", "https:///evil.example", "https://a@b.example/", "https://a.example/#x", "myapp:back", 7, ["x"]),
        *("https://a.example\\@b.example", "https://a.example/\tb", "https://a.example/é", "https://[::1", "mailto:/a"),
        "https://a.example/" + "a" * 2000,
    ],
)
async def test_an_address_that_is_none_for_a_creator_is_refused(api: Client, user_id: UserId, url: object) -> None:
    check_invalid(await api.post(PATH, asked(user_id, redirect_url=url)), "redirect_url")


async def test_an_sdk_token_in_the_body_says_for_whom(api: Client, caller: Caller, user_id: UserId) -> None:
    body = {"sdk_token": token(caller.application_id, user_id), "work_platform_id": str(INSTAGRAM)}
    made = await api.post(PATH, body)
    assert made.status == 201
    assert (await api.get(f"{PATH}/{made.json()['id']}")).json()["user_id"] == str(user_id)


async def test_a_token_in_the_body_that_is_old_forged_or_anothers_is_refused(
    api: Client, seed: Seed, caller: Caller, user_id: UserId
) -> None:
    stranger = await seed.caller()
    good = token(caller.application_id, user_id)
    for bad in (
        token(caller.application_id, user_id, ago=LIFETIME),
        token(stranger.application_id, await seed.user(stranger)),
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        "x",
    ):
        check_invalid(await api.post(PATH, {"sdk_token": bad, "work_platform_id": str(INSTAGRAM)}), "sdk_token")


async def test_an_sdk_token_does_in_the_place_of_credentials(
    nobody: Client, seed: Seed, caller: Caller, user_id: UserId
) -> None:
    page = bearer(nobody, token(caller.application_id, user_id))
    # What the body says of the user does not count: the token says who.
    other = await seed.user(caller)
    made = await page.post(PATH, asked(other))
    assert made.status == 201
    assert (await page.get(f"{PATH}/{made.json()['id']}")).json()["user_id"] == str(user_id)
    assert (await caller.client.get(f"{PATH}/{made.json()['id']}")).status == 200
    neighbour = bearer(nobody, token(caller.application_id, other))
    assert (await neighbour.get(f"{PATH}/{made.json()['id']}")).code == "incorrect_connect_session_id"


async def test_a_bearer_may_not_do_anything_else(nobody: Client, caller: Caller, user_id: UserId) -> None:
    page = bearer(nobody, token(caller.application_id, user_id))
    for path in ("/v1/users", "/v1/accounts", "/x/accounts/" + str(uuid4()) + "/refresh"):
        assert (await page.get(path)).code == "invalid_credentials"
    wrong_method = await page.get(PATH)
    assert (wrong_method.status, wrong_method.header("allow")) == (405, "POST")


async def test_a_bearer_whose_token_is_no_good_is_nobody(nobody: Client, caller: Caller, user_id: UserId) -> None:
    good = token(caller.application_id, user_id)
    bad = [
        token(caller.application_id, user_id, ago=LIFETIME),
        token(ApplicationId(uuid4()), user_id),
        good[:-2] + "zz",
        good.partition(".")[2],
        "",
        "é",
    ]
    for text in bad:
        reply = await bearer(nobody, text).post(PATH, asked(user_id))
        assert (reply.status, reply.code) == (401, "invalid_credentials"), text
        assert reply.header("www-authenticate").startswith("Basic")
    assert (await nobody.post(PATH, asked(user_id))).status == 401


async def test_a_token_for_products_that_are_not_read_is_told_so(
    nobody: Client, caller: Caller, user_id: UserId
) -> None:
    page = bearer(nobody, token(caller.application_id, user_id, Product.INCOME))
    assert (await page.post(PATH, asked(user_id))).code == "product_not_supported"


async def allowing(seed: Seed, nobody: Client, *urls: str) -> tuple[Client, dict[str, Any]]:
    """A page of an application that lists these, and a body for its user."""
    listed = ",".join(f'"{url}"' for url in urls)
    caller = await seed.caller(settings=f'{{"redirect_urls":[{listed}]}}')
    user_id = await seed.user(caller)
    return bearer(nobody, token(caller.application_id, user_id)), asked(user_id)


async def test_a_bearer_sends_creators_only_where_the_application_lets_it(nobody: Client, seed: Seed) -> None:
    page, body = await allowing(seed, nobody, "https://app.example.org/anything", "myapp:")

    async def reply(url: str) -> Reply:
        return await page.post(PATH, body | {"redirect_url": url})

    for url in ("https://app.example.org/other?x=1", "https://APP.example.org:443", "myapp://back"):
        assert (await reply(url)).status == 201, url
    for url in (
        *("https://evil.example/", "http://app.example.org/", "https://app.example.org:8443/", "otherapp://back"),
        *(
            "https://app.example.org.evil.example/",
            "https://sub.app.example.org/",
            "https://app.example.org%2eevil.example",
        ),
    ):
        check_invalid(await reply(url), "redirect_url")


async def test_a_bearer_of_the_sandbox_may_return_to_its_own_machine(nobody: Client, seed: Seed) -> None:
    page, body = await allowing(seed, nobody)
    for host in ("localhost:3000", "127.0.0.1", "[::1]:8080"):
        assert (await page.post(PATH, body | {"redirect_url": f"http://{host}/done"})).status == 201
    for url in ("http://localhost.evil.example/", "http://128.0.0.1/"):
        check_invalid(await page.post(PATH, body | {"redirect_url": url}), "redirect_url")
