"""Every sealed value is sealed again, under new data keys, while everything else carries on.

Values open under old and new data keys alike, so nobody waits and nothing fails meanwhile. A run may be killed at any
moment; the next one resumes where it stopped, because the values themselves show what is left to do.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog
from msgspec import Struct, structs

from houselights.db.run import Database
from houselights.store import sealed
from houselights.store.sealed import SealedColumn, SealedRow
from houselights.vault import rotation
from houselights.vault.seal import SealBroken
from houselights.vault.tokens import Vault

log = structlog.get_logger()

_AT_ONCE = 500


class Progress(Struct, frozen=True):
    """How many of a column's values have been resealed, and how many there were to reseal."""

    column: str
    done: int
    of: int


class Resealed(Struct, frozen=True):
    """What a change of the data keys did.

    was_resumed  whether an earlier run had begun it
    resealed     values by column, in this run
    unreadable   values that do not open and stay as they are
    """

    generation: int
    was_resumed: bool
    resealed: dict[str, int]
    unreadable: int


async def run(
    database: Database, vault: Vault, told: Callable[[Progress], None], late: timedelta = rotation.LATE
) -> Resealed:
    """Begin a generation of data keys, or continue the one begun, and seal every value under it.

    vault   a fresh one: it must not remember which data keys used to be the newest
    late    how long after the generation began others may still store values under the one before
    raises  KeyMissing, StoreDown: run it again
    """
    was_resumed = not await rotation.begin_generation(database)
    resealed: Counter[str] = Counter()
    while True:
        used = await rotation.in_use(database, late)
        sweeps = [_Sweep(database, vault, column, told) for column in sealed.COLUMNS]
        for sweep in sweeps:
            await sweep.run()
            resealed[sweep.column.name] += sweep.done
        if used.is_settled:
            break
        # A value sealed just before the new generation began may have been stored since: look once more afterwards.
        await asyncio.sleep(late.total_seconds())
    await rotation.end_generation(database, used.data_key_generation)
    return Resealed(used.data_key_generation, was_resumed, dict(resealed), sum(sweep.unreadable for sweep in sweeps))


class _Sweep:
    """One pass over a column. Values stored while a batch is being sealed stay: new ones, or left to the last look."""

    def __init__(
        self, database: Database, vault: Vault, column: SealedColumn, told: Callable[[Progress], None]
    ) -> None:
        self.column = column
        self.done = 0
        self.unreadable = 0
        self._database = database
        self._vault = vault
        self._told = told

    async def run(self) -> None:
        """Reseal through to the last row."""
        last: SealedRow | None = None
        todo = (await sealed.count(self._database, self.column, await rotation.newest(self._database))).old
        while True:
            newest = await rotation.newest(self._database)
            async with self._database.transaction() as connection:
                rows = await sealed.old(connection, self.column, last, _AT_ONCE, newest)
            if not rows:
                return
            # Nothing is locked and no connection held here: the vault may have to ask for a key.
            anew = await self._sealed_anew(rows)
            async with self._database.transaction() as connection:
                same = set(rows).intersection(await sealed.old(connection, self.column, last, _AT_ONCE, newest))
                kept = [new for row, new in anew if row in same]
                await sealed.write(connection, self.column, kept)
            last = rows[-1]
            self.done += len(kept)
            self.unreadable += len(rows) - len(anew)
            self._told(Progress(self.column.name, self.done, todo))

    async def _sealed_anew(self, rows: Sequence[SealedRow]) -> list[tuple[SealedRow, SealedRow]]:
        """Those that open, each as it was and as resealed. Raises KeyMissing."""
        anew = []
        for row in rows:
            place = self.column.place(row.application_id, row.key)
            try:
                value = await self._vault.reseal(row.application_id, row.sealed, place)
            except SealBroken:
                log.exception(
                    "vault.value_unreadable",
                    column=self.column.name,
                    application_id=row.application_id,
                    key=row.key,
                )
            else:
                anew.append((row, structs.replace(row, sealed=value)))
        return anew
