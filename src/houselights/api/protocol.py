"""HTTP on a connection: uvicorn's, with answers sent in one piece, an envelope for what is no HTTP, and an end to
waiting for a request."""

import asyncio
from collections.abc import Callable, Collection
from http import HTTPStatus
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from houselights.api.patience import Limits, Owing, Patience
from houselights.api.transport import Gathered, Turn
from houselights.api.wire import refusal
from houselights.core.errors import Refused


def http_protocol(request_id: Callable[[], bytes], limits: Limits | None = None) -> type[HttpToolsProtocol]:
    """For `uvicorn.Config(http=…)`. request_id: makes a fresh one."""
    turn, given = Turn(), limits or Limits()
    patience = Patience(given.every_s)

    class Protocol(HttpToolsProtocol):
        """One connection."""

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            below = cast(asyncio.Transport, transport)
            super().connection_made(below)
            self.transport = Gathered(below, turn)
            patience.watch(cast("Collection[Protocol]", self.connections))

        def owes(self) -> Owing | None:
            """The first byte, the rest of a head or of a body; None while we answer, read nothing or pause."""
            if self.flow.read_paused or self.timeout_keep_alive_task is not None:
                return None
            # None before there is any, whatever their types say.
            begun, cycle = cast("object | None", self.scope), cast("RequestResponseCycle | None", self.cycle)
            if begun is None:
                return Owing(self, given.silent_s)
            if cycle is None or cycle.response_complete:
                return Owing(begun, given.head_s)
            return Owing(cycle, given.body_s) if cycle.more_body else None

        def end(self) -> None:
            """Nobody waits for an answer: what was asked is not known."""
            self.transport.close()

        def send_400_response(self, msg: str) -> None:
            """Bytes that are no HTTP never reach a route, but get an envelope with a request id as well."""
            made = request_id()
            answer = refusal(Refused("malformed_request", message=msg), made)
            length = b"%d" % len(answer.body)
            headers = (*answer.headers, (b"content-length", length), (b"request-id", made), (b"connection", b"close"))
            lines = b"".join(b"%b: %b\r\n" % header for header in headers)
            phrase = HTTPStatus(answer.status).phrase.encode()
            self.transport.write(b"HTTP/1.1 %d %b\r\n%b\r\n%b" % (answer.status, phrase, lines, answer.body))
            self.transport.close()

    return Protocol
