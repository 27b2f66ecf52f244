"""HTTP on a connection: uvicorn's, with answers sent in one piece, an envelope for anything that is not HTTP, a limit
on heads, and an end to waiting for a request."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from http import HTTPStatus
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from houselights.api.patience import Limits, Owing, Patience
from houselights.api.transport import Gathered, Turn
from houselights.api.wire import refusal
from houselights.core.errors import Refused

LARGEST_HEAD = 64 * 1024
"""The most bytes of a request's line and headers: these are read before anybody has proved who they are."""
_PIECE = 16 * 1024


class _Refusing(HttpToolsProtocol):
    """A connection that refuses, in our envelope, whatever never becomes a request."""

    request_id: Callable[[], bytes]
    _head: object = None  # the scope of a head that is still incomplete
    _head_size = 0

    def data_received(self, data: bytes) -> None:
        """In pieces: a large one may be a body, or a head without an end."""
        for piece in _pieces(data):
            super().data_received(piece)
            if self._is_head_too_large(len(piece)):
                self._refuse("head_too_large")
                return

    def send_400_response(self, _msg: str) -> None:
        """For bytes that are not HTTP."""
        self._refuse("malformed_request")

    def _is_head_too_large(self, more: int) -> bool:
        if self.cycle is not None and self.cycle.scope is self.scope:  # it is complete: a cycle was made from it
            return False
        if self._head is not self.scope:
            self._head, self._head_size = self.scope, 0
        self._head_size += more
        return self._head_size > LARGEST_HEAD

    def _refuse(self, code: str) -> None:
        made = self.request_id()
        answer = refusal(Refused(code), made)
        length = b"%d" % len(answer.body)
        headers = (*answer.headers, (b"content-length", length), (b"request-id", made), (b"connection", b"close"))
        lines = b"".join(b"%b: %b\r\n" % header for header in headers)
        phrase = HTTPStatus(answer.status).phrase.encode()
        self.transport.write(b"HTTP/1.1 %d %b\r\n%b\r\n%b" % (answer.status, phrase, lines, answer.body))
        self.transport.close()


def http_protocol(request_id: Callable[[], bytes], limits: Limits | None = None) -> type[HttpToolsProtocol]:
    """For `uvicorn.Config(http=…)`. request_id: makes a fresh one."""
    turn, given, new_id = Turn(), limits or Limits(), request_id
    patience = Patience(given.every_s)

    class Protocol(_Refusing):
        """One connection."""

        request_id = staticmethod(new_id)

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            below = cast(asyncio.Transport, transport)
            super().connection_made(below)
            self.transport = Gathered(below, turn)
            patience.watch(cast("Collection[Protocol]", self.connections))

        def owes(self) -> Owing | None:
            """The first byte, the rest of a head or of a body; None while we answer, are not reading or pause."""
            if self.flow.read_paused or self.timeout_keep_alive_task is not None:
                return None
            # None before there is one, whatever their types say.
            begun, cycle = cast("object | None", self.scope), cast("RequestResponseCycle | None", self.cycle)
            if begun is None:
                return Owing(self, given.silent_s)
            if cycle is None or cycle.response_complete:
                return Owing(begun, given.head_s)
            return Owing(cycle, given.body_s) if cycle.more_body else None

        def end(self) -> None:
            """Without an answer, which nobody waits for: it is not known what was asked."""
            self.transport.close()

    return Protocol


def _pieces(data: bytes) -> Sequence[bytes]:
    if len(data) <= _PIECE:
        return (data,)
    return [data[start : start + _PIECE] for start in range(0, len(data), _PIECE)]
