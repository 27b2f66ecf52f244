"""The job's client and creator's browser: they keep every answer and page, and plant the secrets they are given."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from houselights.cli.client import OPTIONS
from houselights.outbound.calls import Sent
from houselights.outbound.client import HttpClient
from houselights.outbound.egress import SANDBOX
from measures.secrets.ledger import SHORTEST, Ledger

_TELLS_A_TOKEN = "/v1/sdk-tokens"
_NOT_KEPT = {"set-cookie", "location"}


class Overhearing(HttpClient):
    """Sends as `HttpClient` does. answers: what houselights said, by method and path. ours: its hosts with ports."""

    def __init__(self, ledger: Ledger, *ours: str) -> None:
        super().__init__(OPTIONS, SANDBOX)
        self._ledger = ledger
        self._ours = frozenset(ours)
        self.answers: list[tuple[str, bytes]] = []
        self.errors = 0

    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None, base: str | None = None
    ) -> Sent:
        """As `HttpClient.send`."""
        sent = await super().send(method, url, headers=headers, body=body, base=base)
        place = urlsplit(url)
        self._ledger.take_address(sent.headers.get("location", ""))
        if place.netloc in self._ours:
            self._hear(f"{method} {place.path}", sent)
        return sent

    def _hear(self, call: str, sent: Sent) -> None:
        self.errors += sent.status >= 400
        cookie = sent.headers.get("set-cookie", "").partition(";")[0].partition("=")[2]
        if len(cookie) >= SHORTEST:
            self._ledger.plant("cookie", cookie)
        if call == f"POST {_TELLS_A_TOKEN}" and sent.status == 201:
            self._ledger.plant("SDK token", msgspec.json.decode(sent.body)["sdk_token"])
            return
        if call == "POST /x/connect-sessions" and sent.status == 201:
            # The part before its last letters names the session, which is not secret.
            self._ledger.plant("connect address", msgspec.json.decode(sent.body)["url"][-21:])
        kept = "\n".join(f"{name}: {value}" for name, value in sent.headers.items() if name not in _NOT_KEPT)
        self.answers.append((call, kept.encode() + b"\n" + sent.body + self._own(sent.headers.get("location", ""))))

    def _own(self, location: str) -> bytes:
        """Where a browser is sent, if that is an address of ours."""
        return location.encode() if urlsplit(location).netloc in self._ours | {""} else b""
