"""Imports as the store's tests run them: records as files hold them, into an application of their own."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from houselights.core.ids import ApplicationId
from houselights.core.pages import Page
from houselights.core.statement import Statement
from houselights.db.run import Database
from houselights.resources import imported
from houselights.resources.heads import PUBLIC_ADDRESS
from houselights.rules.merging import Verdict
from houselights.store import imports, read
from houselights.store.imports import Bundle, Wish
from houselights.store.read import Filters
from tests.listed import account_record, audience_record, document_record, user_record, webhook_record
from tests.store.seed import INSTAGRAM

ACCOUNT_ID = UUID("b7f5d3a0-41c2-4c58-8f0e-0a8d6a4c9e21")
USER_ID = UUID("5d0f4c5e-2b7a-4f0d-9a53-6b1f0c7e2a11")


class RefreshRow(Struct, frozen=True):
    """A refresh row as an import leaves it."""

    due_at: datetime | None
    identity_at: datetime | None
    audience_at: datetime | None


class Staleness(Struct, frozen=True):
    """When an audience was read, and when it starts to count as stale."""

    fetched_at: datetime
    stale_at: datetime


class Count(Struct, frozen=True):
    """How many there are."""

    count: int


_REFRESH = Statement(
    "select due_at, identity_at, audience_at from refreshes where application_id = $1 and account_id = $2", RefreshRow
)
STALENESS = Statement("select fetched_at, stale_at from audiences where application_id = $1", Staleness)
_ROWS = Statement(
    """
    select (select count(*) from users where application_id = $1)
        + (select count(*) from accounts where application_id = $1)
        + (select count(*) from profiles where application_id = $1)
        + (select count(*) from audiences where application_id = $1)
        + (select count(*) from webhooks where application_id = $1)
        + (select count(*) from events where application_id = $1) as count
    """,
    Count,
)


def bundle(
    *,
    users: Sequence[dict[str, Any]] = (),
    accounts: Sequence[dict[str, Any]] = (),
    profiles: Sequence[dict[str, Any]] = (),
    audiences: Sequence[dict[str, Any]] = (),
    webhooks: Sequence[dict[str, Any]] = (),
) -> Bundle:
    """Records as their files hold them."""
    return Bundle(
        [imported.read_user(each) for each in users],
        [imported.read_account(each) for each in accounts],
        [imported.read_profile(each) for each in profiles],
        [imported.read_audience(each) for each in audiences],
        [imported.read_webhook(each) for each in webhooks],
    )


def everything(**changes: Any) -> Bundle:
    """One record of each kind, with those in `changes` in place of the usual ones."""
    usual = {
        "users": [user_record()],
        "accounts": [account_record()],
        "profiles": [document_record(username="ava.stone", full_name="Ava Stone")],
        "audiences": [audience_record()],
        "webhooks": [webhook_record()],
    }
    return bundle(**(usual | changes))


class Importing:
    """An application, and imports into it."""

    def __init__(self, database: Database, application_id: ApplicationId) -> None:
        self.database = database
        self.application_id = application_id
        self.told: list[tuple[str, int, int]] = []

    async def run(self, what: Bundle, *, update: bool = False, dry_run: bool = False) -> dict[str, list[Verdict]]:
        """Run an import: verdicts by kind."""
        cadences = {UUID(str(INSTAGRAM)): timedelta(hours=12)}
        wish = Wish(update, dry_run, cadences, lambda *told: self.told.append(told))
        return await imports.run(self.database, self.application_id, what, wish)

    async def outcomes(self, what: Bundle, *, update: bool = False, dry_run: bool = False) -> dict[str, list[str]]:
        """Outcomes and reasons by kind, for the kinds that were imported."""
        verdicts = await self.run(what, update=update, dry_run=dry_run)
        return {kind: [each.reason or each.outcome.value for each in told] for kind, told in verdicts.items() if told}

    async def rows(self) -> int:
        """How many rows the application has."""
        counted = await self.database.fetch_one(_ROWS, self.application_id)
        assert counted is not None
        return counted.count

    async def refresh(self) -> RefreshRow | None:
        """The refresh row of the usual account."""
        return await self.database.fetch_one(_REFRESH, self.application_id, ACCOUNT_ID)

    async def audience(self) -> dict[str, Any]:
        """The stored audience as clients receive it."""
        (document,) = await self.database.fetch(
            Statement("select head, body from audiences where application_id = $1", read.StoredDocument),
            self.application_id,
        )
        decoded: dict[str, Any] = msgspec.json.decode((document.head + document.body).replace(PUBLIC_ADDRESS, b"x"))
        return decoded

    async def profile(self) -> dict[str, Any]:
        """The stored profile as clients receive it."""
        (document,) = await read.profiles(self.database, self.application_id, Filters(), Page())
        decoded: dict[str, Any] = msgspec.json.decode((document.head + document.body).replace(PUBLIC_ADDRESS, b"x"))
        return decoded
