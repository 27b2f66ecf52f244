"""What one application answers, another that imported it answers to the byte, but for sessions that did not come along.

Over real HTTP, from the very answers that a client of the list endpoints would keep in files.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from houselights.core.ids import ApplicationId
from houselights.db.run import Database
from houselights.resources.audience import AudienceFacts
from houselights.resources.imported import read_account, read_audience, read_profile, read_user, read_webhook
from houselights.resources.listings import find_records
from houselights.resources.profiles import ProfileFacts
from houselights.rules.merging import Outcome
from houselights.store import imports
from houselights.store.imports import Bundle, Wish
from tests.contract.client import Client
from tests.contract.seed import Account, Seed
from tests.listed import AUDIENCES, INSTANTS, NAMES, PROFILES

T = TypeVar("T")

_LISTS = ("/v1/users", "/v1/accounts", "/v1/profiles", "/v1/webhooks")
_STATUSES = st.sampled_from(["CONNECTED", "SESSION_EXPIRED", "NOT_CONNECTED"])
_CREATORS = st.lists(st.tuples(NAMES, INSTANTS, _STATUSES, PROFILES, AUDIENCES), min_size=1, max_size=3)


async def answers(api: Client) -> dict[str, list[bytes]]:
    """Every page of every list, two rows at a time as a loop fetches them, and each account's audience."""
    told: dict[str, list[bytes]] = {path: [] for path in _LISTS}
    for path, pages in told.items():
        rows = 2
        while rows == 2:
            reply = await api.get(f"{path}?limit=2&offset={2 * len(pages)}")
            assert reply.status == 200
            pages.append(reply.body)
            rows = len(reply.json()["data"])
    accounts = records(told["/v1/accounts"], lambda account: str(account["id"]))
    replies = [await api.get(f"/v1/audience?account_id={account_id}") for account_id in accounts]
    assert {reply.status for reply in replies} == {200}
    return told | {"/v1/audience": [reply.body for reply in replies]}


def records(bodies: Iterable[bytes], read: Callable[..., T]) -> list[T]:
    """The records of answers, read."""
    return [read(found.value) for body in bodies for found in find_records(body)]


async def bring(database: Database, application_id: ApplicationId, told: dict[str, list[bytes]]) -> set[Outcome]:
    """An import of these answers; what came of its records."""
    bundle = Bundle(
        records(told["/v1/users"], read_user),
        records(told["/v1/accounts"], read_account),
        records(told["/v1/profiles"], read_profile),
        records(told["/v1/audience"], read_audience),
        records(told["/v1/webhooks"], read_webhook),
    )
    wish = Wish(update=False, dry_run=False, cadences={}, told=lambda *_: None)
    verdicts = await imports.run(database, application_id, bundle, wish)
    return {verdict.outcome for judged in verdicts.values() for verdict in judged}


@settings(max_examples=25, phases=[Phase.generate])
@given(creators=_CREATORS)
async def test_an_application_that_imported_another_answers_the_same(
    database: Database,
    seed: Seed,
    creators: list[tuple[str, datetime, str, ProfileFacts, AudienceFacts]],
) -> None:
    old, new = await seed.caller(), await seed.caller()
    for name, at, status, profile, audience in creators:
        user_id = await seed.user(old, name=name, created_at=at)
        subject = await seed.account(old, user_id, Account(status=status, changed_at=at))
        await seed.documents(subject, profile=profile, audience=audience, at=at)
    hook = {"url": "https://hooks.example.org/creators", "events": ["PROFILES.UPDATED", "ACCOUNTS.REMOVED"]}
    assert (await old.client.post("/v1/webhooks", hook)).status == 201
    told = await answers(old.client)

    assert await bring(database, new.application_id, told) == {Outcome.ADDED}

    told["/v1/accounts"] = [
        page.replace(b'"status":"CONNECTED"', b'"status":"SESSION_EXPIRED"') for page in told["/v1/accounts"]
    ]
    assert await answers(new.client) == told
    assert await bring(database, new.application_id, told) == {Outcome.SAME}
