"""What can go wrong with a call to a fake, on demand, and what a reply then looks like. Pure.

A fault is either a refusal that the platform documents, under the name of its sample, or one of `Kind`.
"""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, structs

from houselights.core.messages import Response

ANY = "*"


class Kind(StrEnum):
    """Faults of every platform."""

    SLOW_BODY = "slow_body"
    """half of the body; the rest comes only when the faults are cleared, or after `limit_s`"""
    TRUNCATED_JSON = "truncated_json"
    """the body breaks off in the middle"""
    HTML_502 = "html_502"
    """a proxy's page where JSON should be"""
    EMPTY_DATA = "empty_data"
    """a good answer with nothing in it"""
    USAGE_100 = "usage_100"
    """the usual answer, with headers that say that the budget is spent"""
    TOO_MANY_REQUESTS = "too_many_requests"
    """429 with Retry-After"""


class Fault(Struct, frozen=True, forbid_unknown_fields=True):
    """What goes wrong, for whom, and how often.

    kind      a `Kind`, or the name of one of the platform's refusals (`error_190_463_expired`)
    platform, persona  name and username, `*` for any
    match     `path`: part of the path; `method`; any other name: the parameter of that name has exactly this value
    times     how many calls it affects; None: every one until cleared
    limit_s   the longest that a slow body waits, seconds
    """

    kind: str
    platform: str = ANY
    persona: str = ANY
    match: Mapping[str, str] = {}
    times: int | None = None
    limit_s: float = 30


class Call(Struct, frozen=True):
    """What is known about a call before it is answered; persona None where it carries no token."""

    platform: str
    persona: str | None
    method: str
    path: str
    parameters: Mapping[str, str]


def take(faults: tuple[Fault, ...], call: Call) -> tuple[Fault | None, tuple[Fault, ...]]:
    """The first fault that affects a call, and the faults left after it."""
    for place, fault in enumerate(faults):
        if not meets(fault, call):
            continue
        if fault.times is None:
            return fault, faults
        left = structs.replace(fault, times=fault.times - 1)
        return fault, (*faults[:place], *([left] if left.times else []), *faults[place + 1 :])
    return None, faults


def meets(fault: Fault, call: Call) -> bool:
    """Whether a fault affects a call."""
    if fault.platform not in (ANY, call.platform) or fault.persona not in (ANY, call.persona):
        return False
    return all(_matches(name, wanted, call) for name, wanted in fault.match.items())


def spoilt(kind: str, reply: Response) -> Response:
    """A good reply after a fault of `Kind`; faults that do not change the reply return it as it is."""
    match kind:
        case Kind.TRUNCATED_JSON:
            return structs.replace(reply, body=reply.body[: len(reply.body) // 2])
        case Kind.HTML_502:
            page = b"<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"
            return Response(502, {"content-type": "text/html"}, page)
        case Kind.EMPTY_DATA:
            return Response(200, reply.headers, b'{"data":[]}')
        case Kind.TOO_MANY_REQUESTS:
            return Response(429, {"retry-after": "30", "content-type": "text/plain"}, b"Too many requests")
        case _:
            return reply


def _matches(name: str, wanted: str, call: Call) -> bool:
    if name == "path":
        return wanted in call.path
    if name == "method":
        return wanted.upper() == call.method
    return call.parameters.get(name) == wanted
