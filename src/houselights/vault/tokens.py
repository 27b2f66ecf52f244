"""Opens and seals an application's secrets, with its data keys in memory.

Not here: when a token is refreshed (the flows), and what a grant contains (the port).
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import Struct

from houselights.core.ids import ApplicationId
from houselights.core.secret import Secret
from houselights.core.statement import Nothing, Statement
from houselights.db.clock import Clock
from houselights.db.run import Database
from houselights.port.platform import Grant
from houselights.vault.keyring import Keyring
from houselights.vault.keys import KeyMissing
from houselights.vault.seal import DataKey, Place, SealBroken, key_of, new_data_key, unwrap

KEPT_FOR = timedelta(seconds=5)
"""How long a process seals with a data key before it checks for a newer one."""


class KeyRow(Struct, frozen=True):
    """A wrapped data key."""

    key_id: UUID
    master_key_id: str
    wrapped: bytes


class InUse(Struct, frozen=True):
    """What new data keys need: the master key that wraps them, None before the first, and their generation."""

    master_key_id: str | None
    data_key_generation: int


KEY = Statement(
    "select key_id, master_key_id, wrapped from data_keys where application_id = $1 and key_id = $2", KeyRow
)

NEWEST_KEY = Statement(
    """
    select k.key_id, k.master_key_id, k.wrapped
    from deployment d join data_keys k on k.application_id = $1 and k.generation = d.data_key_generation
    """,
    KeyRow,
)

IN_USE = Statement("select master_key_id, data_key_generation from deployment", InUse)

# The row's lock stops a rotation from switching keys until the new data key is stored, which it would else overlook.
IN_USE_LOCKED = Statement("select master_key_id, data_key_generation from deployment for share", InUse)

ADD_KEY = Statement(
    """
    insert into data_keys (application_id, key_id, generation, master_key_id, wrapped, created_at)
    values ($1, $2, $3, $4, $5, $6)
    on conflict (application_id, generation) do nothing
    """,
    Nothing,
)


class Vault:
    """Seals and opens values of one database. Data keys are unwrapped once and kept in memory."""

    def __init__(self, keyring: Keyring, database: Database, clock: Clock, new_id: Callable[[], UUID]) -> None:
        self._keyring = keyring
        self._database = database
        self._clock = clock
        self._new_id = new_id
        self._keys: dict[tuple[ApplicationId, UUID], DataKey] = {}
        self._newest: dict[ApplicationId, tuple[DataKey, datetime]] = {}

    async def seal(self, application_id: ApplicationId, plain: bytes, place: Place) -> bytes:
        """Seal a value with the application's data key of the newest generation, made if there is none.

        Asks the database at most once every `KEPT_FOR`, on a connection of its own: do not call it in a transaction.
        """
        key, until = self._newest.get(application_id, (None, self._clock.now()))
        if key is None or until <= self._clock.now():
            until = self._clock.now() + KEPT_FOR
            key = await self._newest_key(application_id)
            self._newest[application_id] = key, until
        return key.seal(plain, place)

    async def open(self, application_id: ApplicationId, sealed: bytes, place: Place) -> bytes:
        """The value, whichever of the application's data keys sealed it. Raises SealBroken, KeyMissing."""
        key_id = key_of(sealed)
        key = self._keys.get((application_id, key_id))
        if key is None:
            row = await self._database.fetch_one(KEY, application_id, key_id)
            if row is None:
                raise SealBroken("data_key_missing", f"data key {key_id} is not in this database")
            key = await self._unwrap(application_id, row)
        return key.open(sealed, place)

    async def reseal(self, application_id: ApplicationId, sealed: bytes, place: Place) -> bytes:
        """The same value under the newest data key. Raises as `open`."""
        return await self.seal(application_id, await self.open(application_id, sealed, place), place)

    async def seal_text(self, application_id: ApplicationId, text: Secret, place: Place) -> bytes:
        """As `seal`, for a text."""
        return await self.seal(application_id, text.reveal().encode(), place)

    async def open_text(self, application_id: ApplicationId, sealed: bytes, place: Place) -> Secret:
        """As `open`, for a text."""
        return Secret((await self.open(application_id, sealed, place)).decode())

    async def seal_grant(self, application_id: ApplicationId, account_id: UUID, grant: Grant) -> bytes:
        """What a consent gave, as one sealed value for `account_tokens.sealed`."""
        plain = msgspec.json.encode(grant, enc_hook=_reveal)
        return await self.seal(application_id, plain, grant_place(application_id, account_id))

    async def open_grant(self, application_id: ApplicationId, account_id: UUID, sealed: bytes) -> Grant:
        """As sealed. Raises as `open`."""
        plain = await self.open(application_id, sealed, grant_place(application_id, account_id))
        return msgspec.json.decode(plain, type=Grant, dec_hook=_wrap)

    async def _newest_key(self, application_id: ApplicationId) -> DataKey:
        row = await self._database.fetch_one(NEWEST_KEY, application_id)
        while row is None:
            # If two start at once, one makes it; the other's key is dropped before anything is sealed with it.
            await self._make_key(application_id)
            row = await self._database.fetch_one(NEWEST_KEY, application_id)
        return self._keys.get((application_id, row.key_id)) or await self._unwrap(application_id, row)

    async def _make_key(self, application_id: ApplicationId) -> None:
        """Make one for the generation and master key in use, or none if these change meanwhile: look again."""
        found = await self._database.fetch_one(IN_USE)
        if found is None:
            raise KeyMissing("deployment_missing", "the table `deployment` is empty: restore it from a backup")
        # Look for it before anything is locked: an external command may have to be run.
        master = self._keyring.newest
        if found.master_key_id is not None:
            master = await self._keyring.find(found.master_key_id)
        async with self._database.transaction() as connection:
            used = await connection.fetch_one(IN_USE_LOCKED)
            if used != found:
                return
            key_id = self._new_id()
            await connection.execute(
                ADD_KEY,
                application_id,
                key_id,
                found.data_key_generation,
                master.key_id,
                new_data_key(master, key_id, application_id),
                self._clock.now(),
            )

    async def _unwrap(self, application_id: ApplicationId, row: KeyRow) -> DataKey:
        master = await self._keyring.find(row.master_key_id)
        key = self._keys[application_id, row.key_id] = unwrap(master, row.wrapped, row.key_id, application_id)
        return key


def grant_place(application_id: ApplicationId, account_id: UUID) -> Place:
    """Where an account's sealed grant lives."""
    return Place("account_tokens", "sealed", application_id, account_id)


def _reveal(value: object) -> object:
    if isinstance(value, Secret):
        return value.reveal()
    raise TypeError(type(value).__name__)


def _wrap(kind: type, value: object) -> object:
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    raise TypeError(kind.__name__)
