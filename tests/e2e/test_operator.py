"""What an operator does for a client: end an account, send again what a webhook missed, and what the client sets."""

import json

from houselights.cli.client import wanted
from tests.e2e.commands import Ended, houselights
from tests.e2e.house import Account, House, until
from tests.e2e.receiver import receiving

UPDATED, DISCONNECTED = "PROFILES.UPDATED", "ACCOUNTS.DISCONNECTED"


async def operator(home: House, *words: str) -> Ended:
    """A command."""
    return await houselights(*words, "--application", "Tests", settings=home.settings)


async def switch(home: House, key: str, value: str) -> None:
    """A setting of the application."""
    assert (await houselights("app", "set", "Tests", key, value, settings=home.settings)).status == 0


async def test_what_a_webhook_missed_while_it_was_off_is_sent_when_the_operator_says_so(
    home: House, account: Account
) -> None:
    async with receiving() as receiver:
        hook = {"url": receiver.url, "events": [UPDATED]}
        webhook_id = str(wanted(await home.api.post("/v1/webhooks", hook), 201, "a webhook")["id"])
        await home.call("PUT", f"/v1/webhooks/{webhook_id}", hook | {"is_active": False})
        known = len(home.receiver.of(UPDATED))
        await home.ask_refresh(account)
        missed = (await home.receiver.wait(known + 1, UPDATED))[-1]

        refused = await operator(home, "webhook", "replay", webhook_id)
        assert (refused.status, refused.out) == (1, "")
        assert "the webhook is off" in refused.err
        await home.call("PUT", f"/v1/webhooks/{webhook_id}", hook)
        # What happened before the webhook was there is of events that it lists, too.
        told = (await operator(home, "webhook", "replay", webhook_id, "--json")).json()
        receipts = await receiver.wait(int(str(told["queued"])))
        assert missed.body in [receipt.body for receipt in receipts]
        assert "0 events are on their way" in (await operator(home, "webhook", "replay", webhook_id)).out

        async def is_recorded() -> bool:
            listed = json.loads((await operator(home, "webhook", "list", "--json")).out)
            (mine,) = [each for each in listed if each["webhook_id"] == webhook_id]
            return (mine["delivered"], mine["missed"], mine["queued"]) == (told["queued"], 0, 0)

        await until(is_recorded)
        assert webhook_id in (await operator(home, "webhook", "list")).out
        await home.call("DELETE", f"/v1/webhooks/{webhook_id}")
    for words in (("replay", webhook_id), ("replay", "no-id")):
        gone = await operator(home, "webhook", *words)
        assert gone.status in (1, 2)
        assert gone.err.count("\n") == 1


async def test_the_older_names_of_the_signature_can_be_left_away(home: House, account: Account) -> None:
    await switch(home, "webhook_phyllo_headers", "off")
    known = len(home.receiver.of(UPDATED))
    await home.ask_refresh(account)
    receipt = (await home.receiver.wait(known + 1, UPDATED))[-1]
    assert {name for name in receipt.headers if "signature" in name} == {"webhook-signatures", "webhook-signature"}
    await switch(home, "webhook_phyllo_headers", "on")


async def test_the_operator_ends_an_account_and_has_what_was_read_erased(home: House, account: Account) -> None:
    await switch(home, "erase_at_disconnect", "on")
    told = (await operator(home, "account", "disconnect", account.id, "--json")).json()
    assert told["disconnection_source"] == "INTERNAL_API"
    (receipt,) = await home.receiver.wait(1, DISCONNECTED)
    assert account.id.encode() in receipt.body
    document = wanted(await home.api.get(f"/v1/accounts/{account.id}"), 200, "the account")
    assert (document["status"], document["disconnection_source"]) == ("NOT_CONNECTED", "INTERNAL_API")
    assert document["platform_username"] is None
    assert wanted(await home.api.get("/v1/profiles", account_id=account.id), 200, "profiles")["data"] == []
    missing = await home.call("GET", f"/v1/audience?account_id={account.id}")
    assert (missing.status, json.loads(missing.body)["error"]["code"]) == (404, "audience_not_found")
    for asked, says in ((account.id, "disconnected already"), (account.user_id, "none of the application's")):
        refused = await operator(home, "account", "disconnect", asked)
        assert (refused.status, refused.out) == (1, "")
        assert says in refused.err
    again = await home.connect_as(account)
    assert again.id == account.id, "the creator's next consent finds the account"
