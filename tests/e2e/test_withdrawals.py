"""Creators who end it at the platform: over HTTP from the invented platform to the webhook, the row and the page.

And what becomes of a consent that nobody ends: its end is told before it comes.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlencode

import msgspec

from houselights.cli.client import wanted
from houselights.outbound.calls import Sent
from tests.e2e.house import Account, House, until

DISCONNECTED = "ACCOUNTS.DISCONNECTED"
FORM = {"content-type": "application/x-www-form-urlencoded"}
_UNOPENED = """
    insert into platform_apps (application_id, work_platform_id, environment, client_id, sealed_secret, updated_at)
    select application_id, work_platform_id, 'production', client_id, sealed_secret, updated_at
    from platform_apps where work_platform_id = '9bb8913b-ddd9-430b-a66a-d74d846e6c66'
    returning 1
"""
"""A secret in another place than the one for which it is sealed."""


async def remove(home: House, account: Account, *, wants_deletion: bool = False) -> tuple[dict[str, str], list[Sent]]:
    """The creator removes the app at the platform: the form that we were told with, and what we answered."""
    asked = {"platform": "instagram", "persona": account.username, "wants_deletion": wants_deletion}
    sent = await home.http.send(
        "POST", f"{home.sandbox_url}/_sandbox/removals", headers={}, body=msgspec.json.encode(asked)
    )
    assert sent.status == 200, sent.body
    told = msgspec.json.decode(sent.body)
    return told["form"], [Sent(each["status"], {}, each["body"].encode(), 0) for each in told["told"]]


async def post(home: House, what: str, form: Mapping[str, str]) -> Sent:
    """Whatever somebody posts to us."""
    url = f"{home.settings['public_url']}/connect/{what}"
    return await home.http.send("POST", url, headers=FORM, body=urlencode(form).encode())


def signed(person: str, issued_at: int, key: str) -> dict[str, str]:
    """A form as Meta makes it."""
    said = {"user_id": person, "algorithm": "HMAC-SHA256", "issued_at": issued_at}
    payload = base64.urlsafe_b64encode(msgspec.json.encode(said)).decode().rstrip("=")
    signature = base64.urlsafe_b64encode(hmac.new(key.encode(), payload.encode(), hashlib.sha256).digest())
    return {"signed_request": f"{signature.decode().rstrip('=')}.{payload}"}


def said_in(form: Mapping[str, str]) -> dict[str, object]:
    """What a signed form says."""
    said: dict[str, object] = msgspec.json.decode(
        base64.urlsafe_b64decode(form["signed_request"].partition(".")[2] + "==")
    )
    return said


async def status(home: House, account: Account) -> tuple[object, object]:
    """What the API says of an account, and who ended it."""
    document = wanted(await home.api.get(f"/v1/accounts/{account.id}"), 200, "the account")
    return document["status"], document["disconnection_source"]


def told(home: House, account: Account) -> list[str | None]:
    """Events of an account's end."""
    return [
        each.event for each in home.receiver.of(None, account.id) if each.event in (DISCONNECTED, "SESSION.EXPIRED")
    ]


async def test_a_creator_who_removes_the_app_is_disconnected_and_told_once(home: House) -> None:
    account, other = await home.connected_by_worker(0), await home.connected_by_worker(1)

    form, (answer,) = await remove(home, account)

    assert (answer.status, answer.body) == (200, b'{"ended":1}')
    assert await status(home, account) == ("NOT_CONNECTED", "CREATOR")
    assert await home.scalar("select count(*) from account_tokens where account_id = $1::text::uuid", account.id) == 0
    assert await home.scalar("select count(*) from revocations") == 0
    await home.receiver.wait(1, DISCONNECTED, account.id)
    assert await status(home, other) == ("CONNECTED", None)

    again = await post(home, "deauthorize", form)
    assert (again.status, again.body) == (200, b'{"ended":0}')
    assert wanted(await home.api.get("/v1/profiles", account_id=account.id), 200, "profiles")["data"]

    async def is_another_second() -> bool:
        return bool(await home.scalar("select clock_timestamp() > to_timestamp($1 + 1.1)", said_in(form)["issued_at"]))

    await until(is_another_second)
    assert (await home.connect_as(account)).id == account.id
    await home.receiver.wait(2, "ACCOUNTS.CONNECTED", account.id)
    replayed = await post(home, "deauthorize", form)
    assert (replayed.status, replayed.body) == (200, b'{"ended":0}')
    assert await status(home, account) == ("CONNECTED", None)
    assert told(home, account) == [DISCONNECTED]


async def test_what_a_creator_wants_deleted_is_gone_before_the_answer_and_a_page_says_so(home: House) -> None:
    account, other = await home.connected_by_worker(2), await home.connected_by_worker(3)

    form, (_, answer) = await remove(home, account, wants_deletion=True)

    assert answer.status == 200
    receipt = msgspec.json.decode(answer.body, type=dict[str, str])
    assert receipt["url"] == f"{home.settings['public_url']}/connect/data-deletion/{receipt['confirmation_code']}"
    assert wanted(await home.api.get("/v1/profiles", account_id=account.id), 200, "profiles")["data"] == []
    assert (await home.call("GET", f"/v1/audience?account_id={account.id}")).status == 404
    document = wanted(await home.api.get(f"/v1/accounts/{account.id}"), 200, "the account")
    assert account.username not in str(document)
    assert (document["status"], document["platform_profile_id"]) == ("NOT_CONNECTED", None)
    for table in ("profiles", "audiences", "account_tokens", "consents", "revocations"):
        rows = await home.scalar(f"select count(*) from {table} where account_id = $1::text::uuid", account.id)
        assert (table, rows) == (table, 0)
    await home.receiver.wait(1, DISCONNECTED, account.id)
    assert wanted(await home.api.get("/v1/profiles", account_id=other.id), 200, "profiles")["data"]

    page = await home.http.send("GET", receipt["url"], headers={"accept-language": "en"})
    assert page.status == 200
    assert b"Your data has been deleted" in page.body
    assert b"Accounts: 1." in page.body
    assert account.username.encode() not in page.body

    again = await post(home, "data-deletion", form)
    assert msgspec.json.decode(again.body) == receipt
    assert (await home.http.send("GET", receipt["url"] + "0", headers={})).status == 404
    assert (await home.http.send("GET", receipt["url"][:-32] + "0" * 32, headers={})).status == 404
    assert told(home, account) == [DISCONNECTED]


async def test_what_no_app_of_ours_signed_changes_nothing(home: House) -> None:
    account = await home.connected_by_worker(4)
    form, _ = await remove(home, await home.connected_by_worker(5))
    signature, _, payload = form["signed_request"].partition(".")
    person = str(said_in(form)["user_id"])
    now = await home.scalar("select extract(epoch from now)::int8 from clock")
    assert isinstance(now, int)
    key = "invented-app-secret-of-the-sandbox"
    refused = {
        "nothing": ({}, "signature_invalid"),
        "forged": (signed(person, now, "guessed"), "signature_invalid"),
        "changed": ({"signed_request": f"{signature}.{payload[:-1]}"}, "signature_invalid"),
        "of long ago": (signed(person, now - 2 * 86_400, key), "request_stale"),
        "of the future": (signed(person, now + 3_600, key), "request_stale"),
        "unfit": (signed("", -1, key), "request_unfit"),
    }
    for form, code in refused.values():
        for what in ("deauthorize", "data-deletion"):
            sent = await post(home, what, form)
            assert sent.status == 400
            assert msgspec.json.decode(sent.body)["error"]["code"] == code
    assert await home.scalar("select count(*) from deletions where asked_at > now() + interval '30 minutes'") == 0
    assert await status(home, account) == ("CONNECTED", None)
    url = f"{home.settings['public_url']}/connect/deauthorize"
    assert (await home.http.send("GET", url, headers={})).status in (404, 405)


async def test_an_application_with_an_app_of_its_own_is_told_by_that_one_alone(home: House) -> None:
    account = await home.connected_by_worker(6)
    person = await home.scalar("select person from consents where account_id = $1::text::uuid", account.id)
    await home.scalar(
        "update consents set platform_app_client_id = 'their own' where account_id = $1::text::uuid", account.id
    )

    _, (answer,) = await remove(home, account)

    assert (person is not None, answer.body) == (True, b'{"ended":0}')
    assert (await status(home, account))[0] == "CONNECTED"


async def test_an_app_whose_secret_does_not_open_keeps_no_other_from_being_heard(home: House) -> None:
    account = await home.connected_by_worker(8)
    assert await home.scalar(_UNOPENED) == 1
    try:
        _, (answer,) = await remove(home, account)
        forged = await post(home, "deauthorize", signed("somebody", 0, "guessed"))
    finally:
        await home.scalar("delete from platform_apps where environment = 'production'")

    assert (answer.status, answer.body, forged.status) == (200, b'{"ended":1}', 400)
    assert await status(home, account) == ("NOT_CONNECTED", "CREATOR")


async def test_a_consent_that_cannot_renew_itself_is_told_of_before_it_ends(home: House) -> None:
    account = await home.connected_by_worker(7)
    ends_at = (await home.refresh_of(account))["consent_ends_at"]
    assert isinstance(ends_at, str)
    left = await home.scalar("select $1::text::timestamp - (now() at time zone 'utc')", ends_at)
    assert isinstance(left, timedelta)
    assert timedelta(days=89) < left <= timedelta(days=90)

    await home.forward(left - timedelta(days=13))

    await home.receiver.wait(1, "SESSION.EXPIRING", account.id)
    assert (await status(home, account))[0] == "CONNECTED"
    assert (await home.refresh_of(account))["consent_ends_at"] == ends_at
