"""A server that is ours except for one thing: something between it and the kit spoils requests or answers."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from houselights.outbound.calls import Sent
from houselights.outbound.client import HttpClient


class Asked(Struct, frozen=True):
    """One request."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes | None

    def is_for(self, method: str, pattern: str) -> bool:
        """Whether it calls this operation."""
        return self.method == method and re.fullmatch(pattern, self.path) is not None


Turn = Callable[[Asked], Asked | Sent]
"""What becomes of a request: itself, another one, or an answer at once."""
Spoil = Callable[[Asked, Sent], Sent]
"""What becomes of an answer."""


class WrongServer:
    """Passes everything on to the right server, except for what its spoilers change; remembers what came."""

    def __init__(self, http: HttpClient, base_url: str, turn: Turn, spoil: Spoil) -> None:
        self._http = http
        self._base_url = base_url
        self._turn = turn
        self._spoil = spoil
        self.asked: list[Asked] = []

    async def send(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None) -> Sent:
        """Send one request, and return the answer of a server that gets things wrong."""
        path, _, query = url.removeprefix(self._base_url).partition("?")
        asked = Asked(method, path, query, headers, body)
        self.asked.append(asked)
        turned = self._turn(asked)
        if isinstance(turned, Sent):
            return turned
        target = self._base_url + turned.path + (f"?{turned.query}" if turned.query else "")
        sent = await self._http.send(turned.method, target, headers=turned.headers, body=turned.body, base=target)
        return self._spoil(asked, sent)


def changed(sent: Sent, **fields: Any) -> Sent:
    """The same answer with other fields."""
    return msgspec.structs.replace(sent, **fields)


def without_header(sent: Sent, name: str) -> Sent:
    """The same answer without a header."""
    return changed(sent, headers={key: value for key, value in sent.headers.items() if key != name})


def with_document(sent: Sent, change: Callable[[Any], Any]) -> Sent:
    """The same answer with another document, written the same way; `change` returns it, or changes what it is given."""
    document = json.loads(sent.body)
    instead = change(document)
    written = json.dumps(document if instead is None else instead, separators=(",", ":"), ensure_ascii=False)
    return changed(sent, body=written.encode())


def each_document(sent: Sent, change: Callable[[Any], Any]) -> Sent:
    """As `with_document`, for each row of a list or for the document itself."""

    def change_all(document: Any) -> None:
        for row in document["data"] if isinstance(document.get("data"), list) else [document]:
            change(row)

    return with_document(sent, change_all)
