"""Imports what another server had: users, accounts, profiles, audiences and webhooks, with their ids and times.

All or nothing, in one transaction, and nobody is notified: nothing happened to these creators. What is already here
stays as it is unless an update is asked for, and what a refresh of ours may have written always stays. What was
connected elsewhere has no token here, so it is SESSION_EXPIRED and never due.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import astuple

from houselights.core.errors import Duplicate, HouselightsError
from houselights.core.ids import AccountId, ApplicationId, UserId, WorkPlatformId
from houselights.core.statement import Nothing, Statement
from houselights.db.run import Connection, Database
from houselights.resources import audience, profiles
from houselights.resources.applications import ApplicationSettings, read_settings
from houselights.resources.heads import AccountRef, UserRef, render_head
from houselights.resources.imported import ImportedAccount, ImportedAudience, ImportedProfile
from houselights.resources.imported_values import Reason
from houselights.resources.users import User
from houselights.resources.webhooks import Webhook
from houselights.resources.work_platforms import WORK_PLATFORMS
from houselights.rules.cadence import stale_at
from houselights.rules.change import content_hash
from houselights.rules.merging import Outcome, Place, Shelf, Verdict
from houselights.store import import_rows as rows
from houselights.store.import_rows import Context, Document, Known

Record = TypeVar("Record")

_AT_ONCE = 500
_A_DAY = timedelta(days=1)

_USER: Place[User] = Place(lambda row: row.external_id, Reason.EXTERNAL_ID_TAKEN, "user {holder} has its external_id")
_ACCOUNT: Place[ImportedAccount] = Place(
    lambda row: (row.user_id, row.work_platform_id, row.platform_profile_id) if row.platform_profile_id else None,
    Reason.PROFILE_TAKEN,
    "account {holder} is its user's account with that profile",
)
_PROFILE: Place[Document] = Place(
    lambda row: row.account_id, Reason.ANOTHER_PROFILE, "its account has profile {holder}"
)
_AUDIENCE: Place[Document] = Place(
    lambda row: row.account_id, Reason.ANOTHER_AUDIENCE, "its account has audience {holder}"
)
_MISSING = {
    "user": (Reason.UNKNOWN_USER, Reason.USER_ELSEWHERE),
    "account": (Reason.UNKNOWN_ACCOUNT, Reason.ACCOUNT_ELSEWHERE),
}


class Collided(HouselightsError):
    """The operator: somebody else was writing the same records; nothing was imported."""


class Bundle(Struct, frozen=True):
    """What is to be brought in."""

    users: Sequence[User] = ()
    accounts: Sequence[ImportedAccount] = ()
    profiles: Sequence[ImportedProfile] = ()
    audiences: Sequence[ImportedAudience] = ()
    webhooks: Sequence[Webhook] = ()


class Wish(Struct, frozen=True):
    """How it is to be brought in.

    update    records already here that differ are overwritten
    dry_run   nothing is kept; the verdicts are those of a real run
    cadences  how often work platforms are read, which decides when an audience is stale; a day for those not named
    told      called as it progresses: kind, records done, records in all
    """

    update: bool
    dry_run: bool
    cadences: Mapping[UUID, timedelta]
    told: Callable[[str, int, int], None]


class _NotKept(Exception):
    """Ends the transaction of a dry run."""


async def run(
    database: Database, application_id: ApplicationId, bundle: Bundle, wish: Wish
) -> dict[str, list[Verdict]]:
    """A verdict for each record, by kind and in the bundle's order. Raises Collided, StoreDown."""
    verdicts: dict[str, list[Verdict]] = {}
    try:
        with suppress(_NotKept):
            await _run(database, application_id, bundle, wish, verdicts)
    except Duplicate:
        raise Collided(
            "import_collided", "somebody else wrote the same records meanwhile: nothing was imported, run it again"
        ) from None
    return verdicts


async def _run(
    database: Database, application_id: ApplicationId, bundle: Bundle, wish: Wish, verdicts: dict[str, list[Verdict]]
) -> None:
    async with database.transaction() as connection:
        held = await connection.fetch_one(rows.SETTINGS, application_id)
        if held is None:
            raise LookupError(application_id)
        step = _Import(connection, application_id, read_settings(held.settings), wish)
        verdicts["users"] = await step.each("users", bundle.users, step.users)
        verdicts["accounts"] = await step.each("accounts", bundle.accounts, step.accounts)
        verdicts["profiles"] = await step.each("profiles", bundle.profiles, step.profiles)
        verdicts["audiences"] = await step.each("audiences", bundle.audiences, step.audiences)
        verdicts["webhooks"] = await step.each("webhooks", bundle.webhooks, step.webhooks)
        await step.rename()
        if wish.dry_run:
            raise _NotKept


class _Import:
    """One transaction's import. Each kind's method takes a batch and answers with its verdicts."""

    def __init__(
        self, connection: Connection, application_id: ApplicationId, settings: ApplicationSettings, wish: Wish
    ) -> None:
        self._connection = connection
        self._application_id = application_id
        self._settings = settings
        self._wish = wish
        self._renamed: list[UUID] = []

    async def each(
        self, kind: str, records: Sequence[Record], take: Callable[[Sequence[Record]], Awaitable[list[Verdict]]]
    ) -> list[Verdict]:
        """All records of a kind, a batch at a time."""
        verdicts: list[Verdict] = []
        for start in range(0, len(records), _AT_ONCE):
            verdicts += await take(records[start : start + _AT_ONCE])
            self._wish.told(kind, len(verdicts), len(records))
        return verdicts

    async def users(self, batch: Sequence[User]) -> list[Verdict]:
        """An external id belongs to one user of an application."""
        ids, external_ids = [row.id for row in batch], [row.external_id for row in batch]
        stored = await self._connection.fetch(rows.STORED_USERS, self._application_id, ids, external_ids)
        shelf = Shelf(stored, _USER, update=self._wish.update)
        verdicts = [shelf.put(row) for row in batch]
        await self._write(rows.WRITE_USERS, map(astuple, shelf.changed.values()))
        self._remember(ids, verdicts)
        return verdicts

    async def accounts(self, batch: Sequence[ImportedAccount]) -> list[Verdict]:
        """A user has one account per platform profile, and the user must be here."""
        ids = [row.id for row in batch]
        places = rows.columns((row.user_id, row.work_platform_id, row.platform_profile_id) for row in batch)
        stored = await self._connection.fetch(rows.STORED_ACCOUNTS, self._application_id, ids, *places)
        contexts = await self._contexts(ids)
        strangers = await self._strangers({row.user_id for row in batch})
        shelf = Shelf(stored, _ACCOUNT, update=self._wish.update)
        verdicts = [
            strangers.get(row.user_id) or shelf.put(row, is_ours=row.id in contexts and contexts[row.id].is_ours)
            for row in batch
        ]
        changed = shelf.changed.values()
        await self._write(rows.WRITE_ACCOUNTS, (astuple(row)[:-2] for row in changed))
        await self._write(rows.WRITE_REFRESHES, ((row.id, row.identity_at, row.audience_at) for row in changed))
        self._remember(ids, verdicts)
        return verdicts

    async def profiles(self, batch: Sequence[ImportedProfile]) -> list[Verdict]:
        """An account has one profile."""
        accounts = [record.account_id for record in batch]
        contexts = await self._contexts(accounts)
        strangers = await self._strange_accounts(set(accounts) - set(contexts))
        ids = [record.id for record in batch]
        shelf = Shelf(
            await self._connection.fetch(rows.STORED_PROFILES, self._application_id, ids, accounts),
            _PROFILE,
            update=self._wish.update,
        )
        verdicts, written = [], {}
        for record in batch:
            context = contexts.get(record.account_id)
            if context is None:
                verdicts.append(strangers[record.account_id])
                continue
            body = profiles.render_body(record.facts)
            document = _document(record, body)
            verdicts.append(shelf.put(document, is_ours=context.is_ours))
            if verdicts[-1].is_written:
                fetched_at = max(record.updated_at, context.identity_at or record.updated_at)
                written[record.id] = (*astuple(document), _head(document, context), body, fetched_at)
        await self._write(rows.WRITE_PROFILES, written.values())
        return verdicts

    async def audiences(self, batch: Sequence[ImportedAudience]) -> list[Verdict]:
        """An account has one audience. Only its age is known of its quality."""
        accounts = [record.account_id for record in batch]
        contexts = await self._contexts(accounts)
        strangers = await self._strange_accounts(set(accounts) - set(contexts))
        shelf = Shelf(
            await self._connection.fetch(rows.STORED_AUDIENCES, self._application_id, accounts),
            _AUDIENCE,
            update=self._wish.update,
        )
        verdicts, written = [], {}
        for record in batch:
            context = contexts.get(record.account_id)
            if context is None:
                verdicts.append(strangers[record.account_id])
                continue
            document = _document(record, audience.render_body(record.facts))
            verdicts.append(shelf.put(document, is_ours=context.is_ours))
            if verdicts[-1].is_written:
                written[record.id] = (*astuple(document), *self._audience(record, document, context))
        await self._write(rows.WRITE_AUDIENCES, written.values())
        return verdicts

    async def webhooks(self, batch: Sequence[Webhook]) -> list[Verdict]:
        """Several may share an address."""
        stored = await self._connection.fetch(rows.STORED_WEBHOOKS, self._application_id, [row.id for row in batch])
        shelf = Shelf(stored, None, update=self._wish.update)
        verdicts = [shelf.put(row) for row in batch]
        await self._write(rows.WRITE_WEBHOOKS, map(astuple, shelf.changed.values()))
        return verdicts

    async def rename(self) -> None:
        """Put the current names of updated users and accounts into their documents."""
        for start in range(0, len(self._renamed), _AT_ONCE):
            contexts = await self._contexts(self._renamed[start : start + _AT_ONCE])
            accounts = list(contexts)
            stored = await self._connection.fetch(rows.STORED_PROFILES, self._application_id, [], accounts)
            heads = ((row.id, _head(row, contexts[row.account_id])) for row in stored)
            await self._write(rows.NAME_PROFILES, heads)
            stored = await self._connection.fetch(rows.STORED_AUDIENCES, self._application_id, accounts)
            heads = ((row.account_id, _head(row, contexts[row.account_id])) for row in stored)
            await self._write(rows.NAME_AUDIENCES, heads)

    def _audience(self, record: ImportedAudience, document: Document, context: Context) -> tuple[object, ...]:
        """The stored columns of an audience apart from those that identify it."""
        body = audience.render_body(
            record.facts,
            third_gender=self._settings.audience_other_gender,
            estimates=self._settings.audience_estimates,
        )
        fetched_at = max(record.updated_at, context.audience_at or record.updated_at)
        stale = stale_at(fetched_at, self._wish.cadences.get(context.work_platform_id, _A_DAY))
        return _head(document, context), body, fetched_at, msgspec.json.encode(record.facts), stale

    async def _contexts(self, ids: Sequence[UUID]) -> dict[UUID, Context]:
        found = await self._connection.fetch(rows.CONTEXTS, self._application_id, ids)
        return {context.id: context for context in found}

    async def _strangers(self, users: set[UserId]) -> dict[UUID, Verdict]:
        """A refusal for each user that is not here."""
        known = await self._connection.fetch(rows.KNOWN_USERS, self._application_id, list(users))
        return await self._refusals("user", users - {row.id for row in known}, rows.USERS_ELSEWHERE)

    async def _strange_accounts(self, unknown: set[AccountId]) -> dict[UUID, Verdict]:
        return await self._refusals("account", unknown, rows.ACCOUNTS_ELSEWHERE)

    async def _refusals(self, what: str, unknown: Iterable[UUID], elsewhere: Statement[Known]) -> dict[UUID, Verdict]:
        """Why records whose user or account is not this application's are refused, by that user's or account's id."""
        missing = list(unknown)
        if not missing:
            return {}
        theirs = {row.id for row in await self._connection.fetch(elsewhere, self._application_id, missing)}
        return {each: _refusal(what, each, is_elsewhere=each in theirs) for each in missing}

    async def _write(self, statement: Statement[Nothing], records: Iterable[tuple[object, ...]]) -> None:
        if columns := rows.columns(records):
            await self._connection.execute(statement, self._application_id, *columns)

    def _remember(self, ids: Sequence[UUID], verdicts: Sequence[Verdict]) -> None:
        """Note whose documents need their names updated."""
        pairs = zip(ids, verdicts, strict=True)
        self._renamed += [each for each, verdict in pairs if verdict.outcome is Outcome.UPDATED]


def _refusal(what: str, missing: UUID, *, is_elsewhere: bool) -> Verdict:
    unknown, elsewhere = _MISSING[what]
    if is_elsewhere:
        return Verdict(Outcome.REFUSED, elsewhere, f"its {what} {missing} is another application's")
    return Verdict(Outcome.REFUSED, unknown, f"its {what} {missing} is neither here nor in the files")


def _document(record: ImportedProfile | ImportedAudience, body: bytes) -> Document:
    return Document(record.id, record.account_id, record.created_at, record.updated_at, content_hash(body))


def _head(document: Document, context: Context) -> bytes:
    return render_head(
        document.id,
        document.created_at,
        document.updated_at,
        UserRef(UserId(context.user_id), context.user_name),
        AccountRef(AccountId(context.id), context.platform_username),
        WORK_PLATFORMS[WorkPlatformId(context.work_platform_id)].ref,
    )
