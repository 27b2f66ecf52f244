"""Changing keys: another master key comes into use, another generation of data keys begins.

The process may be killed after any step: what remains to be done is read from the rows. Not here: resealing values
under the new data keys (`flows.reseal`).
"""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import structlog
from msgspec import Struct

from houselights.core.statement import Nothing, Statement
from houselights.db.run import Database
from houselights.vault.keyring import Keyring
from houselights.vault.keys import KeyMissing, MasterKey
from houselights.vault.seal import SealBroken, rewrap
from houselights.vault.tokens import KEPT_FOR

log = structlog.get_logger()

_AT_ONCE = 500

LATE = KEPT_FOR + timedelta(seconds=5)
"""How long after a new generation begins a value may still be stored under the previous one."""


class InUse(Struct, frozen=True):
    """The master key in use with the root key under it, and the generation of data keys.

    under_way     whether values are being resealed
    is_settled    whether nobody seals with older data keys any more
    """

    master_key_id: str | None
    root: bytes | None
    data_key_generation: int
    under_way: bool
    is_settled: bool


class WrappedKey(Struct, frozen=True):
    """A data key as it is stored."""

    application_id: UUID
    key_id: UUID
    master_key_id: str
    wrapped: bytes


class KeyCount(Struct, frozen=True):
    """How many data keys a master key wraps, and how many of them are of older generations."""

    master_key_id: str
    data_keys: int
    old: int


class Rewrapped(Struct, frozen=True):
    """What a change of the master key did.

    before      the key in use until then; the same as `now` if it was the newest already
    data_keys   how many were rewrapped
    unreadable  how many do not open under the key that they name, and stay as they are
    """

    before: str
    now: str
    data_keys: int
    unreadable: int


IN_USE = Statement(
    """
    select master_key_id, root, data_key_generation, resealing_since is not null as under_way,
           coalesce(clock_timestamp() > resealing_since + $1, true) as is_settled
    from deployment
    """,
    InUse,
)

TURN = Statement("update deployment set master_key_id = $1, root = $2 where master_key_id = $3 and root = $4", Nothing)

WRAPPED_BEFORE = Statement(
    """
    select application_id, key_id, master_key_id, wrapped from data_keys
    where master_key_id <> $1 and (application_id, key_id) > ($2, $3)
    order by application_id, key_id limit $4
    """,
    WrappedKey,
)

WRAP = Statement(
    """
    update data_keys d set wrapped = n.wrapped, master_key_id = $1
    from unnest($2::uuid[], $3::uuid[], $4::bytea[], $5::bytea[]) as n (application_id, key_id, before, wrapped)
    where d.application_id = n.application_id and d.key_id = n.key_id and d.wrapped = n.before
    """,
    Nothing,
)

COUNT_KEYS = Statement(
    """
    select k.master_key_id, count(*) as data_keys, count(*) filter (where k.generation < d.data_key_generation) as old
    from data_keys k cross join deployment d group by 1 order by 1
    """,
    KeyCount,
)

BEGIN = Statement(
    """
    update deployment set data_key_generation = data_key_generation + 1, resealing_since = clock_timestamp()
    where resealing_since is null
    """,
    Nothing,
)


class KeyId(Struct, frozen=True):
    """A data key's id, in the form in which sealed values begin with it."""

    key_id: bytes


NEWEST = Statement(
    """
    select uuid_send(k.key_id) as key_id
    from data_keys k join deployment d on d.data_key_generation = k.generation
    """,
    KeyId,
)

END = Statement("update deployment set resealing_since = null where data_key_generation = $1", Nothing)


async def change_master_key(database: Database, keyring: Keyring, told: Callable[[int], None]) -> Rewrapped:
    """Switch to the newest key of the keyring and rewrap every data key that is under another one.

    Nothing is locked while a key may be looked for: what has changed meanwhile is looked at again, or left as it is.

    told    called with the number of data keys done, after each batch
    raises  KeyMissing if a key that is needed is not held
    """
    # Read once, now: looking for an older key may bring in a newer one.
    newest = keyring.newest
    before = await _turn(database, keyring, newest)
    done = unreadable = 0
    last = (UUID(int=0), UUID(int=0))
    while True:
        rows = await database.fetch(WRAPPED_BEFORE, newest.key_id, *last, _AT_ONCE)
        if not rows:
            return Rewrapped(before, newest.key_id, done, unreadable)
        wrapped = [(row, new) for row in rows if (new := await _rewrapped(row, keyring, newest)) is not None]
        done += await database.execute(
            WRAP,
            newest.key_id,
            [row.application_id for row, _ in wrapped],
            [row.key_id for row, _ in wrapped],
            [row.wrapped for row, _ in wrapped],
            [new for _, new in wrapped],
        )
        last = rows[-1].application_id, rows[-1].key_id
        unreadable += len(rows) - len(wrapped)
        told(done)


async def in_use(database: Database, late: timedelta = LATE) -> InUse:
    """The keys that seal now. Raises KeyMissing for an empty table."""
    return _there(await database.fetch_one(IN_USE, late))


async def counts(database: Database) -> list[KeyCount]:
    """How many data keys each master key wraps."""
    return await database.fetch(COUNT_KEYS)


async def newest(database: Database) -> list[bytes]:
    """The ids of the data keys of the newest generation: at most one per application."""
    return [row.key_id for row in await database.fetch(NEWEST)]


async def begin_generation(database: Database) -> bool:
    """Seal under new data keys from now on; False if that had already begun and values are still being resealed."""
    return await database.execute(BEGIN) == 1


async def end_generation(database: Database, generation: int) -> None:
    """Record that everything is sealed under this generation."""
    await database.execute(END, generation)


async def _turn(database: Database, keyring: Keyring, newest: MasterKey) -> str:
    """Switch keys; the id in use before. One statement also rewraps the root key: no start finds only one changed."""
    while True:
        used = await in_use(database)
        if used.master_key_id is None or used.root is None:
            raise KeyMissing("nothing_sealed", "nothing has been sealed in this database yet: start houselights once")
        if used.master_key_id == newest.key_id:
            return used.master_key_id
        root = (await keyring.find(used.master_key_id)).unwrap(used.root)
        if await database.execute(TURN, newest.key_id, newest.wrap(root), used.master_key_id, used.root):
            log.info("vault.master_key_changed", before=used.master_key_id, now=newest.key_id)
            return used.master_key_id


async def _rewrapped(row: WrappedKey, keyring: Keyring, newest: MasterKey) -> bytes | None:
    """The data key under the newest master key; None if it does not open. Raises KeyMissing."""
    old = await keyring.find(row.master_key_id)
    try:
        return rewrap(old, newest, row.wrapped, row.key_id, row.application_id)
    except SealBroken:
        log.exception("vault.data_key_unreadable", application_id=row.application_id, key_id=row.key_id)
        return None


def _there(used: InUse | None) -> InUse:
    if used is None:
        raise KeyMissing("deployment_missing", "the table `deployment` is empty: restore it from a backup")
    return used
