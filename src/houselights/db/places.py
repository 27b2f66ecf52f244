"""Where a data directory's database lives, and who runs it.

    DATA_DIR/postgres.lock     held by the owner; contains its pid
    DATA_DIR/postgres.log      the server's log; the previous one is postgres.log.1
    DATA_DIR/postgres          the home: a directory, or a link to one in root's place (below)
        data                   the cluster, which belongs to the server's account
        postgres.lock          as above: a data directory that was copied may lead here too
        socket                 0700; a directory, or a link to one with a short path
        pg_hba.conf, pg_ident.conf   who may connect, rewritten at each start

As root, the home is under /var/lib/houselights if the server's account cannot enter the data directory.
Not here: running the server (`embedded`).
"""

import hashlib
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from houselights.db.privileges import (
    INSTEAD,
    Account,
    CannotRun,
    give,
    name_of,
    ourselves,
    refuse_foreign,
    roots_place,
    unprivileged,
)
from houselights.db.processes import servers_on

# A socket's path has at most 103 bytes on every system that we know; "/.s.PGSQL.5432" takes 14 of them.
_LONGEST = 89
_NOT_IN_LISTS = frozenset(b',"\\')  # the server and the driver take lists of socket directories


class Place(Struct, frozen=True):
    """The home of a database, resolved, and the account that runs its server."""

    home: Path
    account: Account

    @property
    def cluster(self) -> Path:
        return self.home / "data"

    @property
    def has_cluster(self) -> bool:
        """Whether `initdb` finished: it works in a directory next to it, which is then renamed."""
        return (self.cluster / "PG_VERSION").exists()


def home_of(data_dir: Path) -> Path:
    """The home, whether or not it exists."""
    return (data_dir / "postgres").resolve()


def settle(data_dir: Path) -> Place:
    """The place of a data directory, made if there is none yet. Raises CannotRun, OSError."""
    home, link = home_of(data_dir), data_dir / "postgres"
    if home.exists():
        refuse_foreign(home)
        if (home / "data").exists():
            return _used_before(data_dir, Place(home, ourselves() or _owner(home / "data")))
    elif link.is_symlink():
        raise CannotRun(f"{link} leads to {home}, which is gone: bring it back, or delete the link to start empty")
    account = ourselves() or unprivileged()
    if not home.exists() and account.can_use(data_dir):
        home.mkdir(mode=0o700)
    elif not home.exists():
        home = _in_roots_place(data_dir, account)
        link.symlink_to(home)
    if ourselves() is None:
        give(home, 0, account.gid)
        home.chmod(0o710)
    return Place(home, account)


def _used_before(data_dir: Path, place: Place) -> Place:
    """The place as it is, unless it is another data directory's or its account cannot reach it. Raises CannotRun."""
    note = place.home / "data_dir"
    if place.home != (data_dir.resolve() / "postgres") and note.exists():
        first = Path(os.fsdecode(note.read_bytes()))
        if first.exists() and not first.samefile(data_dir) and home_of(first) == place.home:
            raise CannotRun(
                f"{data_dir} is a copy of {first} without its database, which is in {place.home}: stop houselights "
                f"and copy with `cp -aL`, which follows links, or start with --data-dir {first}"
            )
    if not place.account.can_use(place.home):
        raise CannotRun(
            f"user {_called(place.account)}, who runs the database, cannot enter {place.home}: "
            f"run `chmod o+x` on {data_dir} and what leads there, or move it, or {INSTEAD}"
        )
    return place


def _called(account: Account) -> str:
    """Its name, or its number: a restored database may belong to a user of another machine."""
    try:
        return name_of(account.uid)
    except CannotRun:
        return str(account.uid)


def _owner(cluster: Path) -> Account:
    """Whoever ran it before runs it again, even if another account would be chosen today."""
    info = cluster.stat()
    if info.st_uid == 0:
        raise CannotRun(f"{cluster} belongs to root, who cannot run PostgreSQL: give it to another user with chown -R")
    return Account(info.st_uid, info.st_gid)


def _in_roots_place(data_dir: Path, account: Account) -> Path:
    """A new directory named by a hash of the data directory's path, with a note that says whose it is.

    A data directory that was deleted and recreated gets a new one: nobody finds an old database under a new key.
    """
    root = roots_place(account)
    for note in root.glob("*-*/data_dir"):
        with suppress(FileNotFoundError):  # removed by another start at the same time
            _forget_if_temporary(note.parent, Path(os.fsdecode(note.read_bytes())))
    named = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    home = Path(tempfile.mkdtemp(prefix=f"{named}-", dir=root))
    (home / "data_dir").write_bytes(os.fsencode(data_dir))
    return home


def _forget_if_temporary(home: Path, data_dir: Path) -> None:
    """Removes the database of a data directory that was in the system's temporary directory and is gone."""
    gone = data_dir.is_relative_to(tempfile.gettempdir()) and not data_dir.exists()
    if gone and not servers_on(home / "data"):
        shutil.rmtree(home, ignore_errors=True)


def make_fresh_cluster(place: Place) -> Path:
    """An empty directory next to the cluster for `initdb` to work in; what a killed one left is removed."""
    for left in place.home.glob("data.new-*"):
        shutil.rmtree(left, ignore_errors=True)
    fresh = Path(tempfile.mkdtemp(prefix="data.new-", dir=place.home))
    give(fresh, place.account.uid, place.account.gid)
    return fresh


def adopt_cluster(place: Place, fresh: Path) -> None:
    """Makes a finished cluster the place's own; on disk, too, once this returns."""
    fresh.rename(place.cluster)
    home = os.open(place.home, os.O_RDONLY)
    os.fsync(home)
    os.close(home)


def make_socket_directory(place: Place) -> Path:
    """A fresh 0700 directory for the socket; clears what a killed server left in the previous one. Raises CannotRun.

    In the home if that path is short enough, else in the temporary directory under a name that nobody can predict,
    with a link in the home.
    """
    remove_socket_directory(place)
    inside = place.home / "socket"
    if _fits(inside):
        inside.mkdir(mode=0o700)
        give(inside, place.account.uid, place.account.gid)
        return inside
    made = Path(tempfile.mkdtemp(prefix="houselights-", dir=_short_parent(place.account)))
    inside.symlink_to(made)
    give(made, place.account.uid, place.account.gid)
    return made


def remove_socket_directory(place: Place) -> None:
    """Removes it and the link to it; does nothing if there is none."""
    inside = place.home / "socket"
    shutil.rmtree(inside.resolve(), ignore_errors=True)
    if inside.is_symlink():
        inside.unlink()


def _short_parent(account: Account) -> Path:
    if ourselves() is None:
        return roots_place(account)
    for name in (tempfile.gettempdir(), os.environ.get("XDG_RUNTIME_DIR", "")):
        if name and _fits(Path(name, "houselights-12345678")):
            return Path(name)
    raise CannotRun(f"no directory for the database's socket has a short path: set TMPDIR to one, or {INSTEAD}")


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= _LONGEST and not _NOT_IN_LISTS.intersection(os.fsencode(path))


def write_access_rules(place: Place) -> None:
    """Who may connect, as any role: processes of our own user and of root, identified by the socket's peer.

    Two locks on one door: the socket is in a directory that only the server's account (and root) can enter, and the
    server asks the kernel who is calling. So no password is needed, not even as root, where our user and the server's
    differ; another process of the server's account passes the first lock (the data is its own) but not the second.
    """
    callers = dict.fromkeys((name_of(os.geteuid()), "root"))
    lines = "".join(f'houselights "{caller}" all\n' for caller in callers)
    for name, text in (
        ("pg_hba.conf", "local all all peer map=houselights\nlocal replication all peer map=houselights\n"),
        ("pg_ident.conf", lines),
    ):
        path = place.home / name
        path.write_text(text)
        give(path, os.geteuid(), place.account.gid)
        path.chmod(0o640)
