"""While a key is looked for at a slow source nothing is locked, and what is stored meanwhile stays."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from houselights.core.secret import Secret
from houselights.flows import reseal
from houselights.vault import rotation
from houselights.vault.key_source import KeySource
from houselights.vault.keyring import Keyring
from houselights.vault.keys import read_keys
from houselights.vault.tokens import Vault
from tests.store.sealing import NEW, OLD, Strongbox
from tests.store.test_rotation import box

__all__ = ["box"]


class Source:
    """A command that prints its keys when it is let."""

    def __init__(self, pipe: Path) -> None:
        self._pipe = pipe

    def keyring(self, held: str) -> Keyring:
        """Of a process that holds one key and asks this source for others."""
        return Keyring(read_keys(Secret(held), "a test"), KeySource(None, f"cat {self._pipe}", Path("nowhere")))

    @asynccontextmanager
    async def asked(self) -> AsyncIterator[None]:
        """The source was asked, and answers with both keys when the block ends."""
        with await asyncio.to_thread(self._pipe.open, "w", encoding="ascii") as answer:
            yield
            answer.write(f"{NEW}\n{OLD}\n")


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """A slow one."""
    os.mkfifo(tmp_path / "pipe")
    return Source(tmp_path / "pipe")


def silent(_: object) -> None:
    """Nobody listens."""


async def test_a_change_of_the_master_key_locks_nothing_while_it_looks_for_the_old_one(
    box: Strongbox, source: Source
) -> None:
    planted = await box.plant(await box.vault(OLD))
    changing = asyncio.create_task(rotation.change_master_key(box.database, source.keyring(NEW), silent))

    async with source.asked():
        await box.execute("select from deployment for update nowait")
        await box.execute("select from data_keys for update nowait")

    assert (await changing).data_keys == 2
    assert await box.opens(await box.vault(NEW), planted)


async def test_a_new_data_key_locks_nothing_while_its_master_key_is_looked_for(box: Strongbox, source: Source) -> None:
    await box.plant(await box.vault(NEW))
    vault = Vault(source.keyring(OLD), box.database, box.clock, uuid4)
    planting = asyncio.create_task(box.plant(vault))

    async with source.asked():
        await box.execute("select from deployment for update nowait")

    assert await box.opens(await box.vault(NEW), await planting)


async def test_values_are_sealed_anew_without_a_lock_and_a_newer_one_stays(box: Strongbox, source: Source) -> None:
    writer = await box.vault(OLD)
    planted = await box.plant(writer, each=2)
    token = planted[0]
    place = token.column.place(token.application_id, token.key)
    newer = await writer.seal(token.application_id, b"newer", place)
    vault = Vault(source.keyring(NEW), box.database, box.clock, uuid4)
    resealing = asyncio.create_task(reseal.run(box.database, vault, silent, late=timedelta(seconds=0.05)))

    async with source.asked():
        await box.execute("select from account_tokens for update nowait")
        await box.execute("update account_tokens set sealed = $1 where account_id = $2::text::uuid", newer, token.key)

    await resealing
    assert await writer.open(token.application_id, await box.stored(token), place) == b"newer"
    assert await box.opens(writer, planted[1:])
    assert await box.generations(planted) == {2}
