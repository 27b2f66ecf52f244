"""A client that sends exactly what a test says: bytes on a socket, with no headers of its own but Host and lengths."""

import asyncio
import base64
import json
import re
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

Headers = Sequence[tuple[str, str]]
JSON = (("Content-Type", "application/json"),)
XML = (("Content-Type", "application/xml"),)
UUID_TEXT = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
BLANK_OUTSIDE_TEXTS = re.compile(rb'^(?:[^"\\]|"(?:[^"\\]|\\.)*")*?[:,] ')
_ERROR_KEYS = ["type", "code", "error_code", "message", "status_code", "http_status_code", "request_id"]
_ENOUGH_S = 20.0


class Reply(Struct, frozen=True):
    """A response. headers: names in lower case, in order."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def all(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for key, value in self.headers if key == name]

    def header(self, name: str) -> str:
        """The value of a header that must appear exactly once."""
        (value,) = self.all(name)
        return value

    def json(self) -> Any:
        """The body, parsed; objects keep their key order."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The error's code; fails if the reply is not an error in the contract's form."""
        error = self.json()["error"]
        assert list(self.json()) == ["error"]
        assert list(error) == _ERROR_KEYS
        assert error["status_code"] == error["http_status_code"] == self.status
        assert error["code"] == error["error_code"]
        assert error["request_id"] == self.header("request-id")
        assert UUID_TEXT.fullmatch(self.header("request-id"))
        assert self.header("content-type") == "application/json"
        assert BLANK_OUTSIDE_TEXTS.match(self.body) is None
        code: str = error["code"]
        return code

    @property
    def message(self) -> str:
        """The error's text."""
        text: str = self.json()["error"]["message"]
        return text

    def without_request_id(self) -> tuple[int, bytes]:
        """Status, and body with the request id blanked out: equal for equal answers."""
        (request_id,) = self.all("request-id")
        return self.status, self.body.replace(request_id.encode(), b"*")


def basic(client_id: str, secret: str, scheme: str = "Basic") -> tuple[str, str]:
    """The header that authenticates the caller."""
    return "Authorization", f"{scheme} {base64.b64encode(f'{client_id}:{secret}'.encode()).decode()}"


class Client:
    """Calls one server, as one application or as nobody."""

    def __init__(self, port: int, authorization: tuple[str, str] | None = None) -> None:
        self.port = port
        self.authorization = authorization

    def as_(self, authorization: tuple[str, str] | None) -> "Client":
        """The same server, called by somebody else."""
        return Client(self.port, authorization)

    async def get(self, path: str, *headers: tuple[str, str]) -> Reply:
        """GET."""
        return await self.call("GET", path, headers=headers)

    async def post(self, path: str, body: object, headers: Headers = JSON) -> Reply:
        """POST a value as JSON, or bytes unchanged."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.call("POST", path, raw, headers)

    async def call(self, method: str, path: str, body: bytes | None = None, headers: Headers = ()) -> Reply:
        """Any method, with a body whose length is announced, or without one."""
        length = () if body is None else (("Content-Length", str(len(body))),)
        return await self.send(method, path, [*headers, *length], body or b"")

    async def send_chunks(self, method: str, path: str, chunks: Sequence[bytes]) -> Reply:
        """Send JSON in chunks, without announcing its length."""
        body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
        return await self.send(method, path, [*JSON, ("Transfer-Encoding", "chunked")], body)

    async def send(self, method: str, path: str, headers: Headers, body: bytes) -> Reply:
        """Send one request on its own connection."""
        said = [("Host", "127.0.0.1"), *headers]
        if self.authorization is not None:
            said.append(self.authorization)
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in said) + "\r\n"
        return await self.send_raw(head.encode("latin-1") + body, has_body=method != "HEAD")

    async def send_raw(self, raw: bytes, *, has_body: bool = True) -> Reply:
        """Send bytes unchanged, and read the answer even while they are still being sent."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**22)
        try:
            writer.write(raw)
            async with asyncio.timeout(_ENOUGH_S):
                return await _read(reader, has_body=has_body)
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader, *, has_body: bool) -> Reply:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    headers = tuple((name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines))
    length = int(dict(headers).get("content-length", "0"))
    body = await reader.readexactly(length) if has_body else b""
    return Reply(int(first.split(" ")[1]), headers, body)
