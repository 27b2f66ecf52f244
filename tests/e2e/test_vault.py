"""Keys changed as an operator changes them, beside a server that goes on, and killed."""

import asyncio
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest_asyncio

from houselights.db.clock import Clock
from houselights.db.pool import PoolOptions, open_database
from tests.e2e.commands import Place, houselights, serving, users
from tests.e2e.processes import environment
from tests.store.sealing import NEW, OLD, Strongbox


@pytest_asyncio.fixture
async def place(server_dsn: str, next_name: Callable[[], str], tmp_path: Path) -> Place:
    """On a migrated database of its own, its key in a file of its own."""
    name = next_name()
    connection = await asyncpg.connect(server_dsn, database="postgres")
    try:
        await connection.execute(f"create database {name} template houselights")
    finally:
        await connection.close()
    key_file = str(tmp_path / "keys" / "master.key")
    dsn = server_dsn.replace("/houselights?", f"/{name}?", 1)
    return Place(tmp_path, database_url=dsn, master_key_file=key_file)


async def test_the_master_key_changes_under_a_server_and_the_old_one_can_go(place: Place) -> None:
    made = (await place.run("app", "create", "Mine", "--json")).json()
    credentials = made["client_id"], made["client_secret"]
    async with serving(place, "--role", "api"):
        key = (await place.run("vault", "new-key", "--json")).json()
        path = Path(str(key["file"]))
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        changed = (await place.run("vault", "rotate", "--json")).json()
        assert (changed["now"], changed["data_keys"], changed["unreadable"]) == (key["master_key_id"], 1, 0)
        assert await users(place.url, *credentials) == 200
    status = (await place.run("vault", "status", "--json")).json()
    assert (status["master_key_id"], status["wraps_nothing"]) == (changed["now"], [changed["before"]])

    newest, old = path.read_text(encoding="ascii").split()
    path.write_text(newest, encoding="ascii")
    async with serving(place, "--role", "api"):
        assert await users(place.url, *credentials) == 200
        kept = (await place.run("app", "rotate-secret", "--json")).json()
        assert await users(place.url, kept["client_id"], kept["client_secret"]) == 200

    path.write_text(old, encoding="ascii")
    refused = await place.run("serve")
    assert refused.status == 1
    assert all(said in refused.err for said in (str(changed["now"]), str(changed["before"]), str(path)))
    assert old not in refused.err


async def test_a_command_prints_the_key_and_a_new_one_is_put_there_by_hand(place: Place) -> None:
    printing = f"{sys.executable} -c \"print('{OLD}')\""
    settings = place.settings | {"master_key_command": printing}
    assert (await houselights("app", "create", "Mine", settings=settings)).status == 0
    refused = await houselights("vault", "new-key", settings=settings)
    assert (refused.status, refused.out) == (1, "")
    assert "openssl rand -base64 32" in refused.err
    assert not Path(place.settings["master_key_file"]).exists()

    both = place.settings | {"master_key_command": printing.replace(OLD, f"{NEW} {OLD}")}
    assert (await houselights("vault", "rotate", settings=both)).status == 0
    again = await houselights("vault", "rotate", settings=both)
    assert again.status == 0
    assert "There was nothing to do" in again.err
    for other, status in ((NEW, 0), (OLD, 1)):
        ended = await houselights(
            "app", "list", settings=settings | {"master_key_command": printing.replace(OLD, other)}
        )
        assert ended.status == status
        assert OLD not in ended.err


async def test_data_keys_changed_by_a_command_that_was_killed_are_changed_by_the_next_one(place: Place) -> None:
    settings = place.settings | {"master_key": OLD}
    async with open_database(PoolOptions(place.settings["database_url"], most=4)) as database:
        clock = Clock()
        await clock.look(database)
        box = Strongbox(place.settings["database_url"], database, clock)
        running = await box.vault(OLD)
        planted = await box.plant(running, each=2)

        killed = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "houselights", "vault", "rotate", "--data-keys"),
            env=environment(settings),
            stderr=asyncio.subprocess.PIPE,
        )
        assert killed.stderr is not None
        assert (await killed.stderr.readline()).decode() == "account_tokens.sealed: 2 of 2 sealed again …\n"
        killed.kill()
        await killed.communicate()
        status = (await houselights("vault", "status", "--json", settings=settings)).json()
        assert (status["generation"], status["resealing"]) == (2, True)
        await box.execute("update deployment set resealing_since = resealing_since - interval '1 minute'")

        done = (await houselights("vault", "rotate", "--data-keys", "--json", settings=settings)).json()

        assert (done["generation"], done["was_resumed"], done["unreadable"]) == (2, True, 0)
        assert await box.generations(planted) == {2}
        assert await box.opens(running, planted)
    status = (await houselights("vault", "status", "--json", settings=settings)).json()
    assert status["resealing"] is False
