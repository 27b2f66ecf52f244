"""A kit without a network: what it sends goes to a function of the test."""

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from uuid import UUID

from msgspec import Struct

from houselights.conformance.calls import Line
from houselights.conformance.credentials import Credentials
from houselights.conformance.kit import Doors, Kit, Plan
from houselights.conformance.receiver import Receiver
from houselights.conformance.rule import Verdict
from houselights.conformance.run import Limits, chosen, run
from houselights.core.secret import Secret
from houselights.outbound.calls import Sent

URL = "http://server.example"
CREDENTIALS = Credentials("example-client", Secret("example:secret-1"))


class Asked(Struct, frozen=True):
    """One request as it left the kit."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes | None


Answers = Callable[[Asked], Sent]


class Server:
    """A server that is a function, and what it was asked."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self.asked: list[Asked] = []

    async def send(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None) -> Sent:
        """As `HttpClient.send`."""
        asked = Asked(method, url.removeprefix(URL), headers, body)
        self.asked.append(asked)
        return self._answers(asked)


def reply(status: int, body: object = None, **headers: str) -> Sent:
    """A JSON answer; `_` in names of headers stands for `-`. Bytes are sent unchanged."""
    raw = body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Sent(status, {"content-type": "application/json", **named}, raw, 1)


def kit(server: Server, plan: Plan | None = None, receiver: Receiver | None = None) -> Kit:
    """A kit in front of a server, as fast as it can."""
    numbers = count(1)
    doors = Doors(Line(server, URL, 0), receiver, None, lambda: UUID(int=next(numbers)))
    return Kit(plan or Plan(application=CREDENTIALS), doors)


async def verdicts(made: Kit, patterns: Sequence[str] = (), within_s: float = 60) -> dict[str, Verdict]:
    """The verdicts on the chosen rules, by their numbers."""
    found = await run(made, chosen(patterns), Limits(within_s), lambda _number, _rule: None)
    return {verdict.id: verdict for verdict in found}
