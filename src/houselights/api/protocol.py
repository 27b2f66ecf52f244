"""HTTP on a connection: uvicorn's, with answers sent in one piece and with an envelope for what is no HTTP."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from houselights.api.transport import Gathered, Turn
from houselights.api.wire import refusal
from houselights.core.errors import Refused


def http_protocol(request_id: Callable[[], bytes]) -> type[HttpToolsProtocol]:
    """For `uvicorn.Config(http=…)`. request_id: makes a fresh one."""
    turn = Turn()

    class Protocol(HttpToolsProtocol):
        """One connection."""

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            below = cast(asyncio.Transport, transport)
            super().connection_made(below)
            self.transport = Gathered(below, turn)

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
