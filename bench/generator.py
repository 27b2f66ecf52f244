"""The load, in a process of its own: `python -m bench.generator`, a job on standard input, a window on standard output.

A closed loop on raw sockets: each connection has one request under way, and sends the next one when the answer is
complete. Requests are bytes made in advance; of an answer only status and length are read. Anything slow here would
make the variants look alike, so the loop is written for speed, in one piece.
"""

import gc
import os
import select
import socket
import sys
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path
from time import perf_counter_ns

import msgspec

from bench.cpus import cpu_ns, stolen_ns
from bench.windows import Job, Window

_LARGEST_READ = 1 << 16
_PATIENCE_S = 15.0


class AnsweredWrongly(Exception):
    """A variant hung up or gave an answer other than 2xx: nothing is measured then."""


class Load:
    """Open connections and the progress of each."""

    def __init__(self, port: int, connections: int, requests: Iterator[bytes]) -> None:
        self._poll = select.epoll()
        self._next: Callable[[], bytes] = requests.__next__
        self._sockets = {made.fileno(): made for made in (_connect(port) for _ in range(connections))}
        self._missing = dict.fromkeys(self._sockets, 0)
        self._sent_at = dict.fromkeys(self._sockets, 0)
        for number, each in self._sockets.items():
            self._poll.register(number, select.EPOLLIN)
            self._sent_at[number] = perf_counter_ns()
            each.send(self._next())

    def run(self, seconds: float) -> list[int]:
        """Runs for this long. Nanoseconds that each answer took, in the order in which they ended."""
        receive = {number: each.recv_into for number, each in self._sockets.items()}
        send = {number: each.send for number, each in self._sockets.items()}
        missing, sent_at, following, poll = self._missing, self._sent_at, self._next, self._poll.poll
        buffer = bytearray(_LARGEST_READ)
        find, clock = buffer.find, perf_counter_ns
        took: list[int] = []
        add = took.append
        now = clock()
        until = now + int(seconds * 1e9)
        while now < until:
            ready = poll(_PATIENCE_S)
            if not ready:
                raise AnsweredWrongly("no answer for a long time")
            for number, _ in ready:
                got = receive[number](buffer)
                if not got:
                    raise AnsweredWrongly("the server hung up")
                if missing[number]:
                    left = missing[number] - got
                else:
                    begin = find(b"content-length: ", 0, got) + 16
                    size = int(buffer[begin : find(b"\r", begin, got)])
                    left = find(b"\r\n\r\n", 0, got) + 4 + size - got
                    if not buffer.startswith(b"HTTP/1.1 20"):
                        raise AnsweredWrongly(bytes(buffer[:got]))
                missing[number] = left
                if left:
                    continue
                now = clock()
                add(now - sent_at[number])
                sent_at[number] = now
                send[number](following())
        return took

    def close(self) -> None:
        """Hangs up."""
        self._poll.close()
        for each in self._sockets.values():
            each.close()


def measure(job: Job) -> Window:
    """Warms up, then measures. Raises AnsweredWrongly."""
    raw = Path(job.requests).read_bytes()
    requests = [raw[at : at + job.length] for at in range(0, len(raw), job.length)]
    gc.disable()
    load = Load(job.port, job.connections, islice(cycle(requests), job.offset % len(requests), None))
    try:
        load.run(job.warm_up_s)
        before, began = _used(job), perf_counter_ns()
        took = load.run(job.window_s)
        after, elapsed_ns = _used(job), perf_counter_ns() - began
    finally:
        load.close()
    took.sort()
    server, postgres, generator, stolen = (end - begin for begin, end in zip(before, after, strict=True))
    answered = len(took)
    return Window(
        requests=answered,
        seconds=elapsed_ns / 1e9,
        p50_us=took[answered // 2] / 1e3,
        p99_us=took[answered * 99 // 100] / 1e3,
        server_us=server / answered / 1e3,
        postgres_us=postgres / answered / 1e3,
        generator_us=generator / answered / 1e3,
        server_busy=server / (elapsed_ns - stolen),
    )


def _used(job: Job) -> tuple[int, int, int, int]:
    return cpu_ns(job.server), cpu_ns(job.postgres), cpu_ns(os.getpid()), stolen_ns(job.cpu)


def _connect(port: int) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), timeout=10)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    made.setblocking(False)
    return made


if __name__ == "__main__":
    asked = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    try:
        sys.stdout.buffer.write(msgspec.json.encode(measure(asked)))
    except (AnsweredWrongly, OSError) as error:
        sys.exit(f"the load had to stop: {error}")
