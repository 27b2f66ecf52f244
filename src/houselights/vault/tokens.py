"""Opens and seals an application's secrets, with its data keys in memory.

Not here: when a token is refreshed (the flows), what is in a grant (the port).
"""

from collections.abc import Callable
from uuid import UUID

import msgspec
from msgspec import Struct

from houselights.core.ids import ApplicationId
from houselights.core.secret import Secret
from houselights.core.statement import Nothing, Statement
from houselights.db.clock import Clock
from houselights.db.run import Connection, Database
from houselights.port.platform import Grant
from houselights.vault.keys import MasterKey
from houselights.vault.seal import DataKey, Place, SealBroken, key_of, new_data_key, unwrap


class KeyRow(Struct, frozen=True):
    """A wrapped data key."""

    key_id: UUID
    wrapped: bytes


KEY = Statement("select key_id, wrapped from data_keys where application_id = $1 and key_id = $2", KeyRow)

NEWEST_KEY = Statement(
    "select key_id, wrapped from data_keys where application_id = $1 order by created_at desc, key_id limit 1", KeyRow
)

ADD_KEY = Statement("insert into data_keys values ($1, $2, $3, $4, $5)", Nothing)


class Vault:
    """Seals and opens values of one database. Data keys are unwrapped once and kept in memory."""

    def __init__(self, master: MasterKey, database: Database, clock: Clock, new_id: Callable[[], UUID]) -> None:
        self._master = master
        self._database = database
        self._clock = clock
        self._new_id = new_id
        self._keys: dict[tuple[ApplicationId, UUID], DataKey] = {}
        self._newest: dict[ApplicationId, DataKey] = {}

    async def seal(self, application_id: ApplicationId, plain: bytes, place: Place) -> bytes:
        """A value under the application's newest data key, made if it has none."""
        key = self._newest.get(application_id)
        if key is None:
            key = self._newest[application_id] = await self._newest_key(application_id)
        return key.seal(plain, place)

    async def open(self, application_id: ApplicationId, sealed: bytes, place: Place) -> bytes:
        """The value. Raises SealBroken."""
        key_id = key_of(sealed)
        key = self._keys.get((application_id, key_id))
        if key is None:
            row = await self._database.fetch_one(KEY, application_id, key_id)
            if row is None:
                raise SealBroken("data_key_missing", f"data key {key_id} is not in this database")
            key = self._keys[application_id, key_id] = unwrap(self._master, row.wrapped, key_id, application_id)
        return key.open(sealed, place)

    async def seal_text(self, application_id: ApplicationId, text: Secret, place: Place) -> bytes:
        """As `seal`, for a text."""
        return await self.seal(application_id, text.reveal().encode(), place)

    async def open_text(self, application_id: ApplicationId, sealed: bytes, place: Place) -> Secret:
        """As `open`, for a text."""
        return Secret((await self.open(application_id, sealed, place)).decode())

    async def seal_grant(self, application_id: ApplicationId, account_id: UUID, grant: Grant) -> bytes:
        """What a consent gave, as one sealed value for `account_tokens.sealed`."""
        plain = msgspec.json.encode(grant, enc_hook=_reveal)
        return await self.seal(application_id, plain, Place("account_tokens", "sealed", application_id, account_id))

    async def open_grant(self, application_id: ApplicationId, account_id: UUID, sealed: bytes) -> Grant:
        """As sealed. Raises SealBroken."""
        place = Place("account_tokens", "sealed", application_id, account_id)
        plain = await self.open(application_id, sealed, place)
        return msgspec.json.decode(plain, type=Grant, dec_hook=_wrap)

    async def _newest_key(self, application_id: ApplicationId) -> DataKey:
        async with self._database.transaction() as connection:
            row = await connection.fetch_one(NEWEST_KEY, application_id)
            if row is not None:
                return unwrap(self._master, row.wrapped, row.key_id, application_id)
            return await self._make_key(connection, application_id)

    async def _make_key(self, connection: Connection, application_id: ApplicationId) -> DataKey:
        # Two that start at once may make one each: both are kept and both open what they sealed.
        key, wrapped = new_data_key(self._master, self._new_id(), application_id)
        await connection.execute(ADD_KEY, application_id, key.key_id, self._master.key_id, wrapped, self._clock.now())
        return key


def _reveal(value: object) -> object:
    if isinstance(value, Secret):
        return value.reveal()
    raise TypeError(type(value).__name__)


def _wrap(kind: type, value: object) -> object:
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    raise TypeError(kind.__name__)
