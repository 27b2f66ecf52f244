"""The demo as a developer runs it: a process from an empty directory."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import aiohttp
import msgspec
import pytest

from tests.e2e.commands import houselights, living
from tests.e2e.processes import environment, free_ports

KEYS = (
    *("base_url", "client_id", "client_secret", "user_id", "accounts", "profile", "audience", "refresh", "events"),
    "seconds",
)
AUDIENCE = ("id", "created_at", "updated_at", "user", "account", "work_platform", "countries", "cities")
EVENTS = ["ACCOUNTS.CONNECTED", "PROFILES.ADDED", "PROFILES.UPDATED", "PROFILES_AUDIENCE.ADDED"]


class Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """As the report tells it."""

    headers: dict[str, str]
    body: dict[str, object]
    signature_valid: bool


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for this file: making a database takes longer than all the rest. The first test finds it empty."""
    return tmp_path_factory.mktemp("demo")


async def test_once_does_the_main_job_and_prints_one_json_object(data_dir: Path) -> None:
    port = free_ports()
    settings = {"data_dir": str(data_dir), "port": str(port)}
    done = (await houselights("demo", "--once", "--json", settings=settings)).json()

    assert tuple(done) == KEYS
    assert done["base_url"] == f"http://127.0.0.1:{port}"
    (account,) = msgspec.convert(done["accounts"], list[dict[str, object]])
    assert tuple(account) == ("id", "work_platform", "username")
    refresh = msgspec.convert(done["refresh"], dict[str, object])
    assert refresh == {"status": 202, "body": {"account_id": account["id"]}}
    profile = msgspec.convert(done["profile"], dict[str, object])
    assert profile["username"] == account["username"]
    audience = msgspec.convert(done["audience"], dict[str, object])
    assert tuple(audience)[: len(AUDIENCE)] == AUDIENCE
    events = msgspec.convert(done["events"], list[Event])
    assert sorted(str(event.body["event"]) for event in events) == EVENTS
    assert all(event.signature_valid for event in events)
    assert all(event.headers["webhook-id"] == event.body["id"] for event in events)
    assert living(data_dir) == []


async def test_once_again_on_the_same_data_makes_a_new_application(data_dir: Path) -> None:
    settings = {"data_dir": str(data_dir), "port": str(free_ports())}
    first = (await houselights("demo", "--once", "--json", settings=settings)).json()
    second = (await houselights("demo", "--json", "--once", settings=settings)).json()
    listed = await houselights("app", "list", "--json", settings=settings)
    ids = [application["client_id"] for application in msgspec.json.decode(listed.out, type=list[dict[str, object]])]
    assert first["client_id"] != second["client_id"]
    assert ids[-2:] == [first["client_id"], second["client_id"]]


async def test_once_for_people_draws_the_audience_in_eighty_columns(data_dir: Path) -> None:
    settings = {"data_dir": str(data_dir), "port": str(free_ports())}
    done = await houselights("demo", "--once", settings=settings | {"log_level": "error"})
    assert done.status == 0
    assert "Countries" in done.out
    assert "PROFILES.UPDATED" in done.out
    assert "\x1b" not in done.out
    assert max(map(len, done.out.splitlines())) <= 80


async def test_in_the_background_it_serves_until_it_is_stopped(data_dir: Path) -> None:
    settings = {"data_dir": str(data_dir), "port": str(free_ports())}
    try:
        started = (await houselights("demo", "--background", "--json", settings=settings)).json()
        assert len(msgspec.convert(started["accounts"], list[object])) == 3
        assert os.getpgid(msgspec.convert(started["pid"], int)) == started["pid"]
        authorization = aiohttp.encode_basic_auth(str(started["client_id"]), str(started["client_secret"]))
        async with aiohttp.ClientSession(headers={"authorization": authorization}) as session:
            for account in msgspec.convert(started["accounts"], list[dict[str, object]]):
                url = f"{started['base_url']}/v1/audience?account_id={account['id']}"
                async with session.get(url) as reply:
                    assert reply.status == 200
        assert str(started["client_secret"]) not in (data_dir / "demo.log").read_text()

        again = await houselights("demo", "--background", settings=settings)
        assert (again.status, again.out) == (1, "")
        assert f"(pid {started['pid']})" in again.err
    finally:
        stopped = await houselights("demo", "--stop", "--json", settings=settings)
    assert stopped.json() == {"stopped": started["pid"]}
    assert living(data_dir) == []


async def test_ctrl_c_ends_it_in_seconds_and_leaves_no_process(data_dir: Path) -> None:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "houselights", "demo", "--json"),
        env=environment({"data_dir": str(data_dir), "port": str(free_ports())}),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert child.stdout is not None
    try:
        async with asyncio.timeout(60):
            shown = msgspec.json.decode(await child.stdout.readline(), type=dict[str, object])
        assert shown["pid"] == child.pid
        child.send_signal(signal.SIGINT)
        async with asyncio.timeout(10):
            assert await child.wait() == 0
    finally:
        if child.returncode is None:
            child.kill()
    assert living(data_dir) == []


async def test_a_taken_port_is_told_in_one_sentence_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        settings = {"data_dir": str(tmp_path / "data")}
        ended = await houselights("demo", "--once", "--json", f"--port={port}", settings=settings)
    assert (ended.status, ended.out) == (1, "")
    [line] = ended.err.splitlines()
    assert line.startswith(f"houselights: cannot listen on 127.0.0.1 port {port} ")
    assert not (tmp_path / "data").exists()


async def test_a_start_that_fails_in_the_background_is_told_where_it_was_asked_for(data_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        ended = await houselights("demo", "--background", f"--port={port}", settings={"data_dir": str(data_dir)})
    assert ended.status == 1
    assert f"port {port} " in ended.err.splitlines()[-1]
