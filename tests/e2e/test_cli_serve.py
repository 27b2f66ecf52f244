"""Processes that serve until they are told to stop, on an embedded database."""

import asyncio
import os
import signal
from pathlib import Path

import aiohttp
import pytest

from houselights.compose.foundation import Access, CannotServe, open_dsn
from houselights.core.errors import StoreDown
from houselights.settings import Settings
from tests.e2e.commands import Place, living, serving, users
from tests.e2e.processes import free_ports, process


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """On an embedded database, made by whoever comes first."""
    return Place(tmp_path_factory.mktemp("embedded"))


async def test_a_second_server_on_the_same_data_is_refused(embedded: Place) -> None:
    async with serving(embedded) as server:
        second = await embedded.run("serve", "--port", str(free_ports()))
        assert second.status == 1
        refusal = f"houselights: pid {server.child.pid} already runs the database in {embedded.data_dir}"
        assert second.err.splitlines()[-1].startswith(refusal)


async def test_commands_beside_a_running_server_use_its_database(embedded: Place) -> None:
    async with serving(embedded):
        made = (await embedded.run("app", "create", "Mine", "--json")).json()
        assert await users(embedded.url, made["client_id"], made["client_secret"]) == 200


async def test_sigterm_ends_a_server_in_seconds_and_leaves_no_process(embedded: Place) -> None:
    async with serving(embedded) as server:
        assert await server.stop(within_s=10) == 0
    assert living(embedded.data_dir) == []


async def test_signals_at_once_are_one_and_let_it_end_in_order(embedded: Place) -> None:
    async with serving(embedded) as server:
        server.signal(signal.SIGTERM)
        server.signal(signal.SIGINT)
        server.signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            assert await server.child.wait() == 0
    assert living(embedded.data_dir) == []


async def test_a_later_signal_ends_it_at_once_and_the_database_with_it(embedded: Place) -> None:
    async with serving(embedded) as server, asyncio.timeout(10):
        while server.child.returncode is None:
            server.signal(signal.SIGINT)
            await asyncio.sleep(0.02)
        assert server.child.returncode in (0, 1, -signal.SIGINT)  # it may have let go of signals already
        while living(embedded.data_dir):
            await asyncio.sleep(0.02)


async def test_the_api_role_is_small_and_loads_no_way_out_no_cryptography_and_no_templates(embedded: Place) -> None:
    async with serving(embedded, "--role", "api") as server:
        folder = Path(f"/proc/{server.child.pid}")
        loaded = (folder / "maps").read_text()
        pss_kb = next(
            int(line.split()[1])
            for line in (folder / "smaps_rollup").read_text().splitlines()
            if line.startswith("Pss:")
        )
    assert "asyncpg" in loaded
    assert [room for room in ("aiohttp", "cryptography", "markupsafe") if room in loaded] == []
    assert pss_kb < 60 * 1024


async def test_a_worker_beside_a_running_server_uses_its_database(embedded: Place) -> None:
    beside = embedded.settings | {"port": str(free_ports())}
    async with (
        serving(embedded, "--role", "api"),
        process("worker", settings=beside, folder=embedded.folder) as worker,
        asyncio.timeout(20),
    ):
        while "houselights (worker) works" not in worker.log.read_text():
            assert worker.child.returncode is None
            await asyncio.sleep(0.02)
        assert await worker.stop() == 0


async def test_what_is_counted_can_be_asked_for(embedded: Place) -> None:
    port = free_ports()
    place = Place(embedded.folder, metrics_port=str(port))
    async with (
        serving(place, "--role", "api"),
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/metrics") as reply,
    ):
        assert 'houselights_api_calls_total{route="/x/health",status="200"}' in await reply.text()


async def test_a_broken_connection_to_our_own_database_is_told_as_its_end_where_that_is_why(embedded: Place) -> None:
    async def lose_connection(*, with_server: bool) -> None:
        async with open_dsn(Settings(data_dir=embedded.data_dir), Access(owns=True)) as (_, server_pid):
            if with_server and server_pid is not None:
                os.kill(server_pid, signal.SIGKILL)
            raise StoreDown("store_down", "not now")

    with pytest.raises(StoreDown, match="not now"):
        await lose_connection(with_server=False)
    with pytest.raises(CannotServe, match="our database stopped unexpectedly"):
        await lose_connection(with_server=True)


async def test_a_server_whose_database_dies_ends_with_a_sentence(embedded: Place) -> None:
    async with serving(embedded) as server:
        leader = (embedded.data_dir / "postgres" / "data" / "postmaster.pid").read_text().split()[0]
        os.kill(int(leader), signal.SIGKILL)
        async with asyncio.timeout(30):
            assert await server.child.wait() == 1
        assert server.log.read_text().splitlines()[-1].startswith("houselights: our database stopped unexpectedly")
    assert living(embedded.data_dir) == []
    async with serving(embedded):
        pass
