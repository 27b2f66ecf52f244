"""Several applications side by side: secrets that rotate, settings of their own, environments as data."""

import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from msgspec import Struct

from houselights.cli.client import Credentials
from houselights.core.events import EventKind
from houselights.core.secret import Secret
from tests.e2e.commands import houselights
from tests.e2e.house import Account, House, until
from tests.e2e.processes import answer_json
from tests.e2e.receiver import Receipt, Receiver, receiving

UPDATED = "PROFILES.UPDATED"
TRIAL = {"payload": {"event": UPDATED, "name": "a trial", "data": {}}}


@pytest_asyncio.fixture(scope="module")
async def account(home: House) -> Account:
    """One connected creator for all tests here."""
    return await home.connected_by_worker(creator=0)


class Application(Struct, frozen=True):
    """Another application, and where it listens to everything."""

    credentials: Credentials
    receiver: Receiver
    webhook_id: str


async def application(home: House, receiver: Receiver, environment: str) -> Application:
    """A new one."""
    words = ("app", "create", environment, "--environment", environment, "--json")
    made = await answer_json(*words, settings=home.settings)
    credentials = Credentials(made["client_id"], Secret(made["client_secret"]))
    hook = {"url": receiver.url, "events": [kind.wire_name for kind in EventKind]}
    sent = await home.call("POST", "/v1/webhooks", hook, credentials=credentials)
    assert (sent.status, made["environment"]) == (201, environment)
    return Application(credentials, receiver, json.loads(sent.body)["id"])


def digest(receipt: Receipt, secret: Secret) -> str:
    """What a receiver that holds this secret expects."""
    return hmac.new(secret.reveal().encode(), receipt.body, hashlib.sha256).hexdigest()


async def trial(home: House) -> Receipt:
    """The next notification, asked for."""
    known = len(home.receiver.receipts)
    assert (await home.call("POST", "/v1/webhooks/send", TRIAL)).status == 200
    return (await home.receiver.wait(known + 1))[-1]


@pytest.mark.rule("C-112", "C-036")
async def test_what_happens_to_one_application_is_not_told_to_another(home: House, account: Account) -> None:
    async with receiving() as theirs:
        other = await application(home, theirs, "sandbox")
        known = len(home.receiver.of(UPDATED))
        sent = await home.call("POST", "/v1/profiles/refresh", {"account_id": account.id})
        assert sent.status == 202
        await home.receiver.wait(known + 1, UPDATED)
        mine = len(home.receiver.receipts)

        assert (await home.call("POST", "/v1/webhooks/send", TRIAL, credentials=other.credentials)).status == 200
        (receipt,) = await theirs.wait(1)

        assert json.loads(receipt.body)["name"] == "a trial"
        assert receipt.headers["webhook-signatures"] == digest(receipt, other.credentials.client_secret)
        assert len(home.receiver.receipts) == mine
        assert (
            await home.scalar("select count(*) from deliveries where webhook_id = $1::text::uuid", other.webhook_id)
            == 1
        )
        foreign = await home.call("GET", f"/v1/accounts/{account.id}", credentials=other.credentials)
        assert foreign.status == 404


@pytest.mark.rule("C-113")
async def test_the_environment_of_an_application_decides_where_its_webhooks_may_lead(home: House) -> None:
    async with receiving() as theirs:
        for environment in ("staging", "production"):
            other = await application(home, theirs, environment)
            assert (await home.call("POST", "/v1/webhooks/send", TRIAL, credentials=other.credentials)).status == 200

            async def is_tried(webhook_id: str = other.webhook_id) -> bool:
                errors = "select max(error) from attempts where webhook_id = $1::text::uuid"
                return await home.scalar(errors, webhook_id) == "private_address"

            await until(is_tried)
        assert theirs.receipts == []


@pytest.mark.rule("C-087")
async def test_a_setting_changes_what_is_read_at_once_and_the_next_reading_keeps_it(
    home: House, account: Account
) -> None:
    async def genders() -> set[str]:
        sent = await home.call("GET", f"/v1/audience?account_id={account.id}")
        rows: Any = json.loads(sent.body)["gender_age_distribution"]
        return {row["gender"] for row in rows} - {"MALE", "FEMALE"}

    assert await genders() == {"OTHERS"}
    await set_(home, "audience_other_gender", "OTHER")
    assert await genders() == {"OTHER"}

    known = len(home.receiver.of(UPDATED))
    await home.forward(timedelta(days=1))
    await home.call("POST", "/v1/profiles/refresh", {"account_id": account.id})
    await home.receiver.wait(known + 1, UPDATED)
    assert await genders() == {"OTHER"}

    await set_(home, "audience_other_gender", "OTHERS")
    assert await genders() == {"OTHERS"}


async def set_(home: House, key: str, value: str) -> None:
    """As the operator does, beside the running server."""
    ended = await houselights("app", "set", "Tests", key, value, settings=home.settings)
    assert ended.status == 0, ended.err


@pytest.mark.rule("C-102", "C-103")
async def test_while_a_secret_is_rotated_both_authenticate_and_both_sign_and_afterwards_the_new_one_alone(
    home: House,
) -> None:
    old = home.secret
    made = await answer_json("app", "rotate-secret", "Tests", "--overlap", "1h", "--json", settings=home.settings)
    new = Secret(made["client_secret"])
    for secret in (old, new):
        assert (await home.call("GET", "/v1/users", credentials=Credentials(home.client_id, secret))).status == 200

    during = await trial(home)

    assert during.headers["webhook-signatures"] == f"{digest(during, new)},{digest(during, old)}"
    assert during.headers["phyllo-signatures"] == during.headers["webhook-signatures"]
    assert during.headers["phyllo-signature"] == digest(during, new)
    assert len(during.headers["webhook-signature"].split(" ")) == 2

    await home.forward(timedelta(hours=1))

    async def is_refused() -> bool:
        return (await home.call("GET", "/v1/users", credentials=Credentials(home.client_id, old))).status == 401

    await until(is_refused)
    home.secret = new  # nothing else in this file calls as the application afterwards
    assert (await home.call("GET", "/v1/users")).status == 200
    after = await trial(home)
    assert after.headers["webhook-signatures"] == after.headers["phyllo-signature"] == digest(after, new)
    assert " " not in after.headers["webhook-signature"]
