"""A disconnect answers at once; the grant is ended at the platform afterwards, though a worker is killed at it."""

from collections.abc import AsyncIterator

import msgspec
import pytest
import pytest_asyncio

from tests.e2e.house import House, house, until


@pytest_asyncio.fixture(scope="module")
async def home(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One house for this file; each test starts its own workers."""
    async with house(dsn, tmp_path_factory.mktemp("house")) as built:
        yield built


async def endings(home: House) -> int:
    """How often the invented platform was asked to end what a creator gave."""
    sent = await home.http.send("GET", f"{home.sandbox_url}/_sandbox/requests", headers={})
    counts = msgspec.json.decode(sent.body)["counts"]
    ending = ("DELETE", "/v26.0/me/permissions")
    return sum(each["count"] for each in counts if (each["method"], each["path"]) == ending)


async def test_a_grant_is_ended_at_the_platform_though_the_worker_is_killed_at_it(home: House) -> None:
    (account,) = await home.connected()

    assert (await home.call("POST", f"/v1/accounts/{account.id}/disconnect")).status == 200
    assert await home.scalar("select count(*) from account_tokens") == 0
    assert await home.requests() == 0

    await home.fault("slow_body", persona=account.username, limit_s=60)
    first = await home.worker()

    async def is_asked() -> bool:
        return await endings(home) == 1

    await until(is_asked)
    await first.kill()
    assert await home.scalar("select count(*) from revocations") == 1
    await home.heal()
    await home.let_leases_lapse()
    second = await home.worker()

    async def is_forgotten() -> bool:
        return await home.scalar("select count(*) from revocations") == 0

    await until(is_forgotten)
    assert await endings(home) == 2
    assert await second.stop() == 0
    assert [receipt.event for receipt in home.receiver.receipts] == ["ACCOUNTS.DISCONNECTED"]
    assert await home.connect_as(account) == account
