"""The PostgreSQL we bring: one owner, private, ended with us, and nothing that was acknowledged is lost."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from itertools import count
from pathlib import Path
from shutil import rmtree

import asyncpg
import pytest

from houselights.db import binaries
from houselights.db.embedded import AlreadyRunning, CannotRun, EmbeddedOptions, EmbeddedPostgres, running_dsn
from houselights.db.processes import says_ready
from tests.store.owner import alive, family, owner, until

RESTART_S = 15


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data directory that the tests of this file start and stop one after the other."""
    path = tmp_path_factory.mktemp("data")
    yield path
    rmtree((path / "postgres").resolve())


async def value(dsn: str, query: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


def sockets(pid: int) -> set[str]:
    """Inodes of a process's open sockets."""
    links = (str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir())
    return {link.removeprefix("socket:[").removesuffix("]") for link in links if link.startswith("socket:")}


def listed(table: str, column: int) -> set[str]:
    return {line.split()[column] for line in Path("/proc/net", table).read_text().splitlines()[1:]}


def environment_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()


def run_as_owner_of(path: Path, *command: str | Path) -> "subprocess.Popen[bytes]":
    """Starts a program as the owner of a path, which is us or, where we are root, the server's account."""
    uid, gid = path.stat().st_uid, path.stat().st_gid
    if uid == os.geteuid():
        return subprocess.Popen(command, stdin=subprocess.PIPE)
    return subprocess.Popen(command, stdin=subprocess.PIPE, user=uid, group=gid, extra_groups=[])


async def test_it_listens_on_a_unix_socket_in_a_private_directory_and_on_no_port(data_dir: Path) -> None:
    async with EmbeddedPostgres(EmbeddedOptions(data_dir)) as server:
        assert str(await value(server.dsn, "show server_version")).startswith("18.")
        assert sockets(server.pid) & listed("unix", 6)
        assert not sockets(server.pid) & (listed("tcp", 9) | listed("tcp6", 9))
        directory = (data_dir / "postgres" / "socket").resolve()
        assert directory.stat().st_mode & 0o777 == 0o700
        assert (directory / ".s.PGSQL.5432").is_socket()


async def test_nothing_that_keeps_data_safe_is_switched_off(data_dir: Path) -> None:
    async with EmbeddedPostgres(EmbeddedOptions(data_dir)) as server:
        for setting in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
            assert await value(server.dsn, f"show {setting}") == "on"
        assert await value(server.dsn, "show server_encoding") == "UTF8"


async def test_the_role_owns_its_database_and_is_no_superuser(data_dir: Path) -> None:
    async with EmbeddedPostgres(EmbeddedOptions(data_dir)) as server:
        assert await value(server.dsn, "select current_user || ' ' || current_database()") == "houselights houselights"
        assert await value(server.dsn, "select rolsuper from pg_roles where rolname = current_user") is False
        assert await value(server.dsn, "select upper('ÿ')") == "Ÿ"


async def test_a_second_owner_is_refused_in_one_sentence(data_dir: Path) -> None:
    with owner(data_dir) as first:
        with pytest.raises(AlreadyRunning) as refused:
            await EmbeddedPostgres(EmbeddedOptions(data_dir)).start()
        assert str(refused.value) == (
            f"pid {first.process.pid} already runs the database in {data_dir}: "
            "stop it first, or give another --data-dir"
        )
        assert await value(first.dsn, "select 1") == 1


async def test_a_copy_of_the_data_directory_is_no_second_way_to_a_running_database(
    data_dir: Path, tmp_path: Path
) -> None:
    linked = tmp_path / "linked"
    linked.mkdir(mode=0o700)
    with owner(data_dir) as first:
        (linked / "postgres").symlink_to((data_dir / "postgres").resolve())
        for copy in (linked, data_dir):
            with pytest.raises((AlreadyRunning, CannotRun), match=r"^pid \d+ already runs|is a copy of"):
                await EmbeddedPostgres(EmbeddedOptions(copy)).start()
            assert await value(first.dsn, "select 1") == 1


async def test_another_process_finds_the_running_server_and_nothing_of_our_secrets_in_it(data_dir: Path) -> None:
    options = EmbeddedOptions(data_dir)
    assert running_dsn(options) is None
    with owner(data_dir, HOUSELIGHTS_INVENTED="not for the server") as running:
        assert running_dsn(options) == running.dsn
        assert await value(running.dsn, "select 1") == 1
        assert b"HOUSELIGHTS" not in environment_of(running.server)
    assert running_dsn(options) is None


@pytest.mark.parametrize("loop", [(), ("--uvloop",)], ids=["asyncio", "uvloop"])
async def test_no_server_outlives_a_killed_owner(data_dir: Path, loop: tuple[str, ...]) -> None:
    with owner(data_dir, *loop) as running:
        await value(running.dsn, "create table if not exists kept (n int)")
        before = await value(running.dsn, "insert into kept select count(*) + 1 from kept returning n")
        servers = family(running.server)
        running.kill()
        await until(lambda: not any(map(alive, servers)))
    assert running_dsn(EmbeddedOptions(data_dir)) is None
    async with EmbeddedPostgres(EmbeddedOptions(data_dir)) as server:
        assert await value(server.dsn, "select count(*) from kept") == before


async def test_after_everything_was_killed_every_acknowledged_row_is_there(data_dir: Path) -> None:
    acknowledged: list[int] = []
    with owner(data_dir) as running:
        await value(running.dsn, "create table written (n int)")
        writer = asyncio.create_task(write_until_refused(running.dsn, acknowledged))
        await until(lambda: len(acknowledged) >= 200)
        for pid in family(running.server):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        running.kill()
        with pytest.raises((OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)):
            await writer
    async with AsyncExitStack() as stack:
        async with asyncio.timeout(RESTART_S):
            server = await stack.enter_async_context(EmbeddedPostgres(EmbeddedOptions(data_dir)))
        assert await value(server.dsn, "select count(*) from written") in {len(acknowledged), len(acknowledged) + 1}


async def write_until_refused(dsn: str, acknowledged: list[int]) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for number in count():
            await connection.execute("insert into written values ($1)", number)
            acknowledged.append(number)
    finally:
        connection.terminate()


async def test_stopping_leaves_no_process_and_may_be_done_twice(data_dir: Path) -> None:
    server = EmbeddedPostgres(EmbeddedOptions(data_dir))
    await server.stop()
    await server.start()
    servers = family(server.pid)
    assert len(servers) > 1
    await server.stop()
    await server.stop()
    assert not any(map(alive, servers))
    assert not (data_dir / "postgres" / "socket").exists()
    await server.start()
    await server.stop()


async def test_a_server_that_is_killed_is_reaped_and_can_be_started_again(data_dir: Path) -> None:
    async with EmbeddedPostgres(EmbeddedOptions(data_dir)) as server:
        killed = server.pid
        os.kill(killed, signal.SIGKILL)
        await until(lambda: not Path(f"/proc/{killed}").exists())
        await server.stop()
        assert await value(await server.start(), "select 1") == 1


async def test_a_server_left_by_a_former_owner_is_ended_first(data_dir: Path) -> None:
    async with EmbeddedPostgres(EmbeddedOptions(data_dir)):
        pass
    cluster = (data_dir / "postgres" / "data").resolve()
    program = binaries.find("auto").program("postgres")
    private = ("-c", "listen_addresses=", "-c", f"unix_socket_directories={cluster}")
    with run_as_owner_of(cluster, program, "-D", cluster, *private) as left:
        await until(lambda: says_ready(cluster))
        async with EmbeddedPostgres(EmbeddedOptions(data_dir)) as server:
            assert left.wait() == 0
            assert await value(server.dsn, "select 1") == 1


async def test_a_pid_file_that_names_another_program_does_not_stop_the_start(data_dir: Path) -> None:
    async with EmbeddedPostgres(EmbeddedOptions(data_dir)):
        pass
    cluster = (data_dir / "postgres" / "data").resolve()
    with run_as_owner_of(cluster, "/bin/cat") as other:
        for text in (f"{other.pid}\n{cluster}\n", ""):
            (cluster / "postmaster.pid").write_text(text)
            async with EmbeddedPostgres(EmbeddedOptions(data_dir)) as server:
                assert await value(server.dsn, "select 1") == 1
        assert other.poll() is None


async def test_a_server_that_cannot_start_is_said_in_one_sentence_at_once(data_dir: Path) -> None:
    async with EmbeddedPostgres(EmbeddedOptions(data_dir)):
        pass
    settings = data_dir / "postgres" / "data" / "postgresql.auto.conf"
    good = settings.read_text()
    settings.write_text("max_wal_senders = 'many'\n")
    async with asyncio.timeout(RESTART_S):
        with pytest.raises(CannotRun) as refused:
            await EmbeddedPostgres(EmbeddedOptions(data_dir)).start()
    assert str(refused.value) == (
        f'the database does not start: configuration file "{settings.resolve()}" contains errors '
        f"(see {data_dir}/postgres.log); if that cannot be fixed, "
        "set HOUSELIGHTS_DATABASE_URL to a PostgreSQL 15 or later"
    )
    settings.write_text(good)
    async with EmbeddedPostgres(EmbeddedOptions(data_dir)) as server:
        assert await value(server.dsn, "select 1") == 1
