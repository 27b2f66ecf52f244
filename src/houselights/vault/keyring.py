"""The master keys that a process holds, and the root key that they open: checked against the database at the start.

The database, not the place that they come from, says which of them is in use, so a new key can be handed to every
process before `vault rotate` switches to it. A process that meets the id of a key it does not hold rereads its source.
"""

import asyncio
from collections.abc import Sequence

from msgspec import Struct

from houselights.core.statement import Nothing, Statement
from houselights.db.run import Database
from houselights.vault.key_source import KeySource
from houselights.vault.keys import KeyMissing, MasterKey, RootKey, new_root_key

_REREAD_EVERY_S = 1.0


class KeyId(Struct, frozen=True):
    """A master key that something in the database is wrapped under."""

    master_key_id: str


class Deployment(Struct, frozen=True):
    """The key in use and the root key wrapped under it; None before the first start."""

    master_key_id: str | None
    root: bytes | None


WRAPPED_UNDER = Statement(
    """
    select master_key_id from deployment where master_key_id is not null
    union select master_key_id from data_keys
    order by 1
    """,
    KeyId,
)

DEPLOYMENT = Statement("select master_key_id, root from deployment", Deployment)

CLAIM = Statement("update deployment set master_key_id = $1, root = $2 where root is null", Nothing)


class Keyring:
    """Master keys by their ids."""

    def __init__(self, keys: Sequence[MasterKey], source: KeySource | None = None) -> None:
        """keys: newest first, at least one; source: where to look for others, None if there are no others."""
        self.newest = keys[0]
        self._source = source
        self._keys = {key.key_id: key for key in keys}
        self._reading = asyncio.Lock()
        self._read_at = float("-inf")

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all keys held."""
        return tuple(self._keys)

    @property
    def where(self) -> str:
        """The place that they come from, in words for people."""
        return "memory" if self._source is None else self._source.where

    async def find(self, key_id: str) -> MasterKey:
        """The key with that id; if it is not held, the source is read once more. Raises KeyMissing."""
        if key_id not in self._keys and self._source is not None:
            async with self._reading:
                await self._reread(key_id, self._source)
        key = self._keys.get(key_id)
        if key is None:
            raise wrong_key([key_id], self)
        return key

    async def _reread(self, key_id: str, source: KeySource) -> None:
        now = asyncio.get_running_loop().time()
        if key_id in self._keys or now < self._read_at + _REREAD_EVERY_S:
            return
        self._read_at = now
        found = await asyncio.to_thread(source.read)
        self.newest = found[0]
        self._keys |= {key.key_id: key for key in found}


class OpenKeys(Struct, frozen=True):
    """What a process seals and signs with."""

    keyring: Keyring
    root: RootKey


async def open_keys(database: Database, source: KeySource) -> OpenKeys:
    """The keys of a database; a fresh database takes the newest key there is, whose file is created if necessary.

    raises  KeyMissing, KeyBroken
    """
    wanted = [row.master_key_id for row in await database.fetch(WRAPPED_UNDER)]
    keyring = Keyring(await _read(source, wanted), source)
    if missing := [key_id for key_id in wanted if key_id not in keyring.ids]:
        raise wrong_key(missing, keyring)
    await database.execute(CLAIM, keyring.newest.key_id, keyring.newest.wrap(new_root_key()))
    stored = await database.fetch_one(DEPLOYMENT)
    if stored is None or stored.master_key_id is None or stored.root is None:
        raise KeyMissing("deployment_missing", "the table `deployment` is empty: restore it from a backup")
    master = await keyring.find(stored.master_key_id)
    return OpenKeys(keyring, master.unwrap(stored.root))


async def _read(source: KeySource, wanted: Sequence[str]) -> tuple[MasterKey, ...]:
    try:
        return await asyncio.to_thread(source.read, create=not wanted)
    except KeyMissing as error:
        if not wanted:
            raise
        raise KeyMissing(error.code, f"{error} (this database is sealed with master key {', '.join(wanted)})") from None


def wrong_key(missing: Sequence[str], keyring: Keyring) -> KeyMissing:
    """The error for a key that is needed and not held."""
    return KeyMissing(
        "master_key_wrong",
        f"this database was sealed with master key {', '.join(missing)}; {keyring.where} holds {', '.join(keyring.ids)}"
        ": put the key that is missing back there, after the newer ones if there are any. Without it what it sealed "
        "cannot be opened; it can go once `houselights vault rotate` has ended",
    )
