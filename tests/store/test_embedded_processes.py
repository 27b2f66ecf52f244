"""What the embedded PostgreSQL stands on: children that end when they must, and copies of a wheel's files."""

import os
from collections.abc import Callable
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGQUIT, SIGTERM

import pytest

from houselights.db.binaries import WHEELS, Binaries, copied
from houselights.db.privileges import Account, CannotRun, ourselves
from houselights.db.processes import Child, end
from tests.store.owner import until

ACCOUNT = ourselves() or Account(65534, 65534)
WAIT = "echo ready; exec tail -f /dev/null"


async def started(log: Path, program: str) -> Child:
    """A child that has got so far as to say ready."""
    with log.open("ab") as output:
        child = Child.start(["/bin/sh", "-c", program], ACCOUNT, output)
    await until(lambda: "ready" in log.read_text())
    return child


def living(*children: Child) -> Callable[[], list[int]]:
    return lambda: [child.pid for child in children if not child.has_ended]


async def test_a_child_that_ignores_the_first_signals_is_ended_all_the_same(tmp_path: Path) -> None:
    child = await started(tmp_path / "log", f"trap '' INT QUIT; {WAIT}")
    with pytest.raises(CannotRun, match=rf"\(pid {child.pid}\) does not stop"):
        await end(child.pid, living(child), [(SIGINT, 0.05), (SIGQUIT, 0.05)])
    await end(child.pid, living(child), [(SIGINT, 0.05), (SIGKILL, 5)])
    assert await child.ended() == -SIGKILL


async def test_the_first_signal_goes_to_the_leader_alone_and_the_next_to_all(tmp_path: Path) -> None:
    leader = await started(tmp_path / "leader", f"trap '' INT; {WAIT}")
    other = await started(tmp_path / "other", WAIT)
    await end(leader.pid, living(leader, other), [(SIGINT, 0.05), (SIGQUIT, 30)])
    assert [await leader.ended(), await other.ended()] == [-SIGQUIT, -SIGQUIT]


async def test_a_child_runs_without_our_rights_our_session_and_our_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOUSELIGHTS_INVENTED", "not for a child")
    child = await started(tmp_path / "log", f"id -u; id -G; env; {WAIT}")
    assert os.getsid(child.pid) == child.pid
    await child.end()
    uid, groups, *environment = (tmp_path / "log").read_text().splitlines()
    assert uid == str(ACCOUNT.uid)
    assert groups == str(ACCOUNT.gid) or ourselves()
    assert "LC_ALL=C" in environment
    assert not [line for line in environment if "HOUSELIGHTS" in line]


async def test_a_program_that_cannot_be_run_is_said_in_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("ab") as output:
        child = Child.start([tmp_path / "none"], ACCOUNT, output)
    assert await child.ended() == 1
    assert log.read_text().startswith(f"FATAL:  {tmp_path}/none cannot be started as user ")


async def test_a_child_may_end_by_itself_and_be_ended_afterwards(tmp_path: Path) -> None:
    child = await started(tmp_path / "log", "echo ready; kill -TERM $$")
    assert await child.ended() == -SIGTERM
    assert await child.ended_within(0)
    await child.end()


def test_a_copied_wheel_can_be_read_by_all_and_shares_the_files_that_could_be_before(tmp_path: Path) -> None:
    wheel = Binaries(WHEELS[0], tmp_path / "site")
    program, library = wheel.program("postgres"), wheel.libraries / "libpq.so"
    for path, mode in ((program, 0o700), (library, 0o644), (wheel.package / "module.py", 0o644)):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_text(path.name)
        path.chmod(mode)
    (tmp_path / "target.partial" / "left by a kill").mkdir(parents=True)
    copy = copied(wheel, tmp_path / "target")
    assert copy.program("postgres").read_text() == "postgres"
    assert copy.program("postgres").stat().st_mode & 0o777 == 0o755
    assert program.stat().st_mode & 0o777 == 0o700
    assert (copy.libraries / "libpq.so").samefile(library)
    assert not (copy.package / "module.py").exists()
    assert all(folder.stat().st_mode & 0o777 == 0o755 for folder in (copy.site, *copy.site.rglob("*/")))
    assert not (tmp_path / "target.partial").exists()
    program.write_text("newer")
    assert copied(wheel, tmp_path / "target").program("postgres").read_text() == "postgres"


def test_an_account_uses_only_what_it_may_enter_all_the_way(tmp_path: Path) -> None:
    owner = tmp_path.stat()
    us, other = Account(owner.st_uid, owner.st_gid), Account(owner.st_uid + 1, owner.st_gid + 1)
    inner = tmp_path / "closed" / "open"
    inner.mkdir(parents=True)
    inner.chmod(0o755)
    inner.parent.chmod(0o700)
    assert us.can_use(inner, reads=True)
    assert not other.can_use(inner)
    assert other.can_use(Path("/usr/bin"), reads=True)
