"""Look-ups of names that hang: what they hold, whom they keep, and how long."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from socket import AF_INET, AddressFamily, gaierror
from time import monotonic

import pytest
import uvloop

from houselights.outbound.errors import ConnectFailed, Timeout
from houselights.outbound.names import MOST, Found, Names

from .listeners import PATIENT, QUICK, answering, calling, listening, reply

LOOPS: list[Callable[[], asyncio.AbstractEventLoop]] = [asyncio.new_event_loop, uvloop.new_event_loop]
_AT_MOST_S = 20.0


class Server:
    """A name server that answers 127.0.0.1, at once, but is silent on `slow…` until it is told to speak."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.speaks = threading.Event()

    def look_up(self, host: str, _family: AddressFamily) -> Found:
        """As the system's; an unknown name is an error."""
        self.asked.append(host)
        if host.startswith("slow"):
            self.speaks.wait(_AT_MOST_S)
        if host.startswith("no"):
            raise gaierror(f"no such name: {host}")
        return [(AF_INET, 6, "127.0.0.1")]


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.speaks.set()


def took(work: Callable[[], Awaitable[None]], factory: Callable[[], asyncio.AbstractEventLoop]) -> float:
    """Seconds that the work takes in a loop of its own, the end of the loop included."""

    async def run() -> None:
        await work()

    started = monotonic()
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(run())
    return monotonic() - started


@pytest.mark.parametrize("factory", LOOPS)
def test_names_that_hang_delay_neither_other_names_nor_literal_addresses_nor_the_end(
    factory: Callable[[], asyncio.AbstractEventLoop], server: Server
) -> None:
    async def work() -> None:
        async with (
            listening(answering(reply())) as good,
            calling(QUICK, resolver=Names(server.look_up)) as slow,
            calling(PATIENT, resolver=Names(server.look_up)) as other,
        ):
            hung = [slow.send("POST", f"http://slow{n}.example/", headers={}, body=b"") for n in range(20)]
            assert all(isinstance(one, Timeout) for one in await asyncio.gather(*hung, return_exceptions=True))
            for client in (slow, other):
                for host in ("quick.example", "127.0.0.1"):
                    assert (await client.send("POST", good.url(host=host), headers={}, body=b"")).status == 200

    assert took(work, factory) < _AT_MOST_S / 2
    assert not server.speaks.is_set()


async def test_a_name_that_hangs_is_looked_up_once_however_often_it_is_called(server: Server) -> None:
    async with listening(answering(reply())) as good, calling(QUICK, resolver=Names(server.look_up)) as client:
        for _ in range(3):
            with pytest.raises(Timeout):
                await client.send("GET", good.url(host="slow.example"), headers={})
        assert server.asked == ["slow.example"]
    names = Names(server.look_up)
    first, second = (asyncio.ensure_future(names.resolve("slower.example", port, AF_INET)) for port in (80, 81))
    await asyncio.sleep(0)
    first.cancel()
    server.speaks.set()
    assert [(found["host"], found["port"]) for found in await second] == [("127.0.0.1", 81)]
    assert server.asked == ["slow.example", "slower.example"]
    await names.resolve("slower.example", 80, AF_INET)
    assert len(server.asked) == 3, "an answer is not kept: names may lead elsewhere by now"


async def test_names_beyond_the_threads_there_are_wait_and_are_dropped_with_those_who_asked(server: Server) -> None:
    names = Names(server.look_up, most=2)
    held = [asyncio.ensure_future(names.resolve(f"slow{n}.example")) for n in range(2)]
    given_up, patient = (asyncio.ensure_future(names.resolve(name)) for name in ("given.example", "last.example"))
    await asyncio.sleep(0)
    given_up.cancel()
    server.speaks.set()
    await asyncio.gather(*held, patient)
    assert sorted(server.asked) == ["last.example", "slow0.example", "slow1.example"]


async def test_a_name_without_an_address_is_told_to_all_who_asked(server: Server) -> None:
    async with calling(resolver=Names(server.look_up)) as client:
        calls = [client.send("GET", "http://nowhere.example/", headers={}) for _ in range(2)]
        failed = await asyncio.gather(*calls, return_exceptions=True)
    assert [isinstance(each, ConnectFailed) and each.code for each in failed] == ["dns_failed"] * 2


async def test_a_look_up_that_fails_after_everybody_left_leaves_its_place(server: Server) -> None:
    names = Names(server.look_up, most=1)
    server.speaks.clear()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(names.resolve("slow.example"), 0.05)
    server.speaks.set()
    assert await names.resolve("quick.example")


async def test_the_system_is_asked_by_default() -> None:
    found = await Names().resolve("localhost", 80, AF_INET)
    assert {(each["host"], each["port"], each["family"]) for each in found} == {("127.0.0.1", 80, AF_INET)}
    assert MOST >= 64
