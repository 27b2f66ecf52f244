"""A database behind a cable that a test can cut or block; until then bytes pass between two unix sockets."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit


class Cable:
    """Sits in front of a server's socket. dsn: for clients that are meant to notice a cut."""

    def __init__(self, dsn: str, directory: Path) -> None:
        before = urlsplit(dsn)
        query = parse_qs(before.query)
        (port,) = query["port"]
        self._server = f"{query['host'][0]}/.s.PGSQL.{port}"
        self._ours = directory / f".s.PGSQL.{port}"
        self.dsn = before._replace(query=f"host={quote(str(directory), safe='/')}&port={port}").geturl()
        self._listener: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()
        self._open = asyncio.Event()
        self._open.set()

    async def mend(self) -> None:
        """Accept connections from now on."""
        self._listener = await asyncio.start_unix_server(self._join, self._ours)

    async def cut(self) -> None:
        """Break every connection, and accept none."""
        if self._listener is not None:
            self._listener.close()
            self._ours.unlink(missing_ok=True)
        for end in self._ends:
            end.transport.abort()

    def stop_up(self) -> None:
        """Keep connections and accept new ones, but pass no bytes, as if a firewall had forgotten them."""
        self._open.clear()

    def let_pass(self) -> None:
        """Pass bytes again, including those that waited."""
        self._open.set()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        other_reader, other_writer = await asyncio.open_unix_connection(self._server)
        self._ends |= {writer, other_writer}
        await asyncio.gather(self._pass(reader, other_writer), self._pass(other_reader, writer))
        self._ends -= {writer, other_writer}

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while chunk := await reader.read(65536):
                await self._open.wait()
                writer.write(chunk)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def cable(dsn: str, directory: Path) -> AsyncGenerator[Cable, None]:
    """An intact cable. directory: with a path short enough for a socket's name."""
    made = Cable(dsn, directory)
    await made.mend()
    try:
        yield made
    finally:
        made.let_pass()
        await made.cut()
