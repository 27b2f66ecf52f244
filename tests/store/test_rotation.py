"""Changing keys: values open before, meanwhile and after; a kill is resumed; nothing opens in a wrong place."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from houselights.core.ids import ApplicationId
from houselights.core.secret import Secret
from houselights.db.clock import Clock
from houselights.db.pool import PoolOptions, open_database
from houselights.flows import reseal
from houselights.flows.reseal import Progress
from houselights.store.sealed import COLUMNS
from houselights.vault import rotation
from houselights.vault.key_source import KeySource
from houselights.vault.keyring import open_keys
from houselights.vault.keys import KeyBroken, KeyMissing, read_keys
from houselights.vault.seal import SealBroken
from houselights.vault.tokens import KEPT_FOR
from tests.store.sealing import NEW, OLD, Strongbox

_SEALED_COLUMNS = """
    select c.relname || '.' || a.attname
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      and a.attnum > 0 and not a.attisdropped and a.attname like 'sealed%'
"""
_LONG_AGO = "update deployment set resealing_since = resealing_since - interval '1 minute'"


class KilledError(Exception):
    """Where a process ends."""


@pytest_asyncio.fixture
async def box(server_dsn: str, next_name: Callable[[], str]) -> AsyncIterator[Strongbox]:
    """A fresh database for each test: keys belong to all of it."""
    name = next_name()
    connection = await asyncpg.connect(server_dsn, database="postgres")
    try:
        await connection.execute(f"create database {name} template houselights")
    finally:
        await connection.close()
    dsn = server_dsn.replace("/houselights?", f"/{name}?", 1)
    async with open_database(PoolOptions(dsn, most=5)) as database:
        clock = Clock()
        await clock.look(database)
        yield Strongbox(dsn, database, clock)


def key_id(text: str) -> str:
    """Of a key as it is written down."""
    return read_keys(Secret(text), "a test")[0].key_id


def silent(_done: object) -> None:
    """Nobody looks at the progress."""


async def test_every_sealed_column_of_the_schema_is_sealed_anew(box: Strongbox) -> None:
    connection = await asyncpg.connect(box.dsn)
    columns = {row[0] for row in await connection.fetch(_SEALED_COLUMNS)}
    await connection.close()

    assert columns == {column.name for column in COLUMNS}


async def test_a_new_master_key_opens_everything_and_the_old_one_is_needed_no_more(box: Strongbox) -> None:
    planted = await box.plant(await box.vault(OLD))
    running, root = await box.vault(NEW, OLD), (await box.keys(OLD)).root

    changed = await rotation.change_master_key(box.database, (await box.keys(NEW, OLD)).keyring, silent)

    assert (changed.before, changed.now) == (key_id(OLD), key_id(NEW))
    assert (changed.data_keys, changed.unreadable) == (2, 0)
    assert await box.opens(running, planted)
    assert await box.opens(await box.vault(NEW), planted)
    assert (await box.keys(NEW)).root.derive("sdk tokens") == root.derive("sdk tokens")
    with pytest.raises(KeyMissing, match=key_id(NEW)):
        await box.keys(OLD)


async def test_a_change_of_the_master_key_that_was_killed_is_resumed(box: Strongbox) -> None:
    planted = [each for _ in range(4) for each in await box.plant(await box.vault(OLD))]
    # As a kill leaves it: turned, and some data keys wrapped anew.
    keyring = (await box.keys(NEW, OLD)).keyring
    await box.execute("create table kept as select * from data_keys")
    await rotation.change_master_key(box.database, keyring, silent)
    await box.execute(
        "update data_keys d set wrapped = k.wrapped, master_key_id = k.master_key_id from kept k "
        "where d.key_id = k.key_id and d.key_id in (select key_id from kept limit 3)"
    )
    with pytest.raises(KeyMissing, match=rf"sealed with master key {key_id(OLD)};.*put the key that is missing back"):
        await box.keys(NEW)

    changed = await rotation.change_master_key(box.database, keyring, silent)

    assert (changed.before, changed.data_keys) == (key_id(NEW), 3)
    assert await box.opens(await box.vault(NEW), planted)


async def test_a_key_that_was_handed_out_first_is_not_used_before_the_rotation(box: Strongbox) -> None:
    await box.plant(await box.vault(OLD))

    planted = await box.plant(await box.vault(NEW, OLD))

    assert await box.opens(await box.vault(OLD), planted)


async def test_a_running_process_finds_a_new_key_in_the_file_when_it_needs_it(box: Strongbox, tmp_path: Path) -> None:
    source = KeySource(None, None, tmp_path / "master.key")
    running = (await open_keys(box.database, source)).keyring
    made = source.add()
    await rotation.change_master_key(box.database, (await open_keys(box.database, source)).keyring, silent)

    assert made.key_id not in running.ids
    assert (await running.find(made.key_id)).key_id == made.key_id
    with pytest.raises(KeyMissing, match="put the key that is missing back"):
        await running.find("somebody else's")


async def test_new_data_keys_seal_every_value_of_every_column(box: Strongbox) -> None:
    writer = await box.vault(OLD)
    planted = await box.plant(writer, each=3)
    await rotation.begin_generation(box.database)
    await box.execute(_LONG_AGO)

    done = await reseal.run(box.database, await box.vault(OLD), silent)

    assert (done.generation, done.was_resumed, done.unreadable) == (2, True, 0)
    assert done.resealed == {column.name: 3 for column in COLUMNS}
    assert await box.generations(planted) == {2}
    assert await box.opens(writer, planted)
    assert await box.opens(await box.vault(OLD), planted)
    assert not (await rotation.in_use(box.database)).under_way


async def test_values_sealed_anew_halfway_are_resumed_and_open_all_the_time(box: Strongbox) -> None:
    planted = await box.plant(await box.vault(OLD), each=2)

    def killed_after_the_first_column(_progress: Progress) -> None:
        raise KilledError

    with pytest.raises(KilledError):
        await reseal.run(box.database, await box.vault(OLD), killed_after_the_first_column)
    assert await box.generations(planted) == {1, 2}
    assert await box.opens(await box.vault(OLD), planted)
    await box.execute(_LONG_AGO)

    done = await reseal.run(box.database, await box.vault(OLD), silent)

    assert (done.generation, done.was_resumed, sum(done.resealed.values())) == (2, True, len(planted) - 2)
    assert await box.generations(planted) == {2}
    assert await box.opens(await box.vault(OLD), planted)


async def test_what_is_stored_late_under_an_old_data_key_is_found_by_a_last_look(box: Strongbox) -> None:
    writer = await box.vault(OLD)
    planted = await box.plant(writer)
    await rotation.begin_generation(box.database)
    await box.execute("update deployment set resealing_since = resealing_since + interval '1 hour'")

    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        fresh = await box.vault(OLD)
        rotating = tasks.create_task(reseal.run(box.database, fresh, silent, late=timedelta(seconds=0.05)))
        while await box.generations(planted) != {2}:
            await asyncio.sleep(0)
        # `writer` still seals with the data key that it knows.
        planted += await box.plant(writer)
        await box.execute("update deployment set resealing_since = resealing_since - interval '2 hours'")

    assert (await rotating).was_resumed
    assert await box.generations(planted) == {2}
    assert await box.opens(writer, planted)


async def test_a_process_seals_with_the_new_data_key_soon(box: Strongbox) -> None:
    writer = await box.vault(OLD)
    await box.plant(writer)
    await rotation.begin_generation(box.database)
    await box.clock.move(box.database, KEPT_FOR)

    assert await box.generations(await box.plant(writer)) == {2}


async def test_a_value_moved_to_another_row_column_or_application_does_not_open(box: Strongbox) -> None:
    vault = await box.vault(OLD)
    planted = await box.plant(vault, each=2)
    other = ApplicationId(uuid4())
    await vault.seal(other, b"so that it has a data key", planted[0].column.place(other, str(uuid4())))

    for each in planted:
        value = await box.stored(each)
        elsewhere = [
            one for one in planted if (one.column, one.key) != (each.column, each.key) and one.application_id != other
        ]
        for one in elsewhere:
            with pytest.raises(SealBroken):
                await vault.open(each.application_id, value, one.column.place(each.application_id, one.key))
        with pytest.raises(SealBroken):
            await vault.open(each.application_id, value, each.column.place(other, each.key))
        with pytest.raises(SealBroken):
            await vault.open(other, value, each.column.place(each.application_id, each.key))


async def test_a_value_that_does_not_open_stays_and_stops_nothing(box: Strongbox) -> None:
    planted = await box.plant(await box.vault(OLD), each=2)
    damaged, *others = planted
    await box.execute(
        "update account_tokens set sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1) where account_id = $1",
        damaged.key,
    )
    before = await box.stored(damaged)
    await rotation.begin_generation(box.database)
    await box.execute(_LONG_AGO)

    done = await reseal.run(box.database, await box.vault(OLD), silent)

    assert done.unreadable == 1
    assert await box.stored(damaged) == before
    assert await box.generations(others) == {2}


async def test_a_new_key_is_never_made_where_something_is_sealed(box: Strongbox, tmp_path: Path) -> None:
    await box.plant(await box.vault(OLD))
    path = tmp_path / "master.key"

    with pytest.raises(KeyMissing, match=f"sealed with master key {key_id(OLD)}") as caught:
        await open_keys(box.database, KeySource(None, None, path))

    assert not path.exists()
    assert str(path) in str(caught.value)


async def test_a_wrong_key_is_refused_with_where_it_was_and_which_is_wanted(box: Strongbox, tmp_path: Path) -> None:
    await box.plant(await box.vault(OLD))
    path = tmp_path / "master.key"
    path.touch(mode=0o600)
    path.write_text(NEW, encoding="ascii")

    with pytest.raises(KeyMissing) as caught:
        await open_keys(box.database, KeySource(None, None, path))

    assert all(said in str(caught.value) for said in (key_id(OLD), key_id(NEW), str(path)))
    assert NEW not in str(caught.value)


async def test_a_root_key_of_another_database_is_refused(box: Strongbox) -> None:
    await box.keys(OLD)
    await box.execute("update deployment set root = set_byte(root, 40, get_byte(root, 40) # 1)")

    with pytest.raises(KeyBroken, match="restore the table `deployment`"):
        await box.keys(OLD)
