"""What bytes that are no HTTP get: the error envelope too, with a request id. They never reach a route."""

from collections.abc import Callable
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from houselights.api.wire import refusal
from houselights.core.errors import Refused


def http_protocol(request_id: Callable[[], bytes]) -> type[HttpToolsProtocol]:
    """For `uvicorn.Config(http=…)`. request_id: makes a fresh one."""

    class Protocol(HttpToolsProtocol):
        """Uvicorn's, which would answer plain text."""

        def send_400_response(self, msg: str) -> None:
            made = request_id()
            answer = refusal(Refused("malformed_request", message=msg), made)
            length = b"%d" % len(answer.body)
            headers = (*answer.headers, (b"content-length", length), (b"request-id", made), (b"connection", b"close"))
            lines = b"".join(b"%b: %b\r\n" % header for header in headers)
            phrase = HTTPStatus(answer.status).phrase.encode()
            self.transport.write(b"HTTP/1.1 %d %b\r\n%b\r\n%b" % (answer.status, phrase, lines, answer.body))
            self.transport.close()

    return Protocol
