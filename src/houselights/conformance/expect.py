"""What answers must be. Each function raises Failed with the exchange if the answer is not so."""

import re
from collections.abc import Iterable

from houselights.conformance.calls import Reply
from houselights.conformance.documents import Document
from houselights.conformance.rule import Failed

_REQUEST_ID = re.compile(rb'"request_id": ?"[^"]*"')

ERROR_KEYS = ["type", "code", "error_code", "message", "status_code", "http_status_code", "request_id"]


def that(holds: object, seen: str) -> None:
    """Whatever must hold."""
    if not holds:
        raise Failed(seen)


def answered(reply: Reply, *statuses: int) -> Reply:
    """One of these statuses."""
    if reply.status not in statuses:
        raise Failed(f"{reply.shown()}: not {' or '.join(map(str, statuses))}")
    return reply


def document(reply: Reply, status: int = 200) -> Document:
    """A JSON object under this status."""
    return answered(reply, status).document()


def rows(reply: Reply) -> list[Document]:
    """A page of a list: its rows."""
    data = document(reply).get("data")
    if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
        raise Failed(f"{reply.shown()}: `data` is no list of objects")
    return data


def error(reply: Reply) -> Document:
    """The inner object of an error's body."""
    inner = reply.document().get("error")
    if not isinstance(inner, dict):
        raise Failed(f"{reply.shown()}: no object `error`")
    return inner


def refused(reply: Reply, status: int, code: str, *fields: str) -> None:
    """The refusal with this code; if fields are given, its message must name exactly those."""
    told = error(answered(reply, status))
    if told.get("code") != code:
        raise Failed(f"{reply.shown()}: not {code}")
    if fields and f"[{', '.join(fields)}]" not in str(told.get("message")):
        raise Failed(f"{reply.shown()}: the message does not name [{', '.join(fields)}]")


def keys(found: Document, wanted: Iterable[str], reply: Reply) -> None:
    """All of these keys, in this order; others may come between them."""
    names = list(wanted)
    known = [key for key in found if key in names]
    if known != names:
        raise Failed(f"{reply.shown()}: keys {known} instead of {names}")


def same(first: Reply, second: Reply) -> None:
    """Equal answers."""
    if (first.status, first.body) != (second.status, second.body):
        raise Failed(f"{second.shown()}: differs from the answer {first.status} to {first.target}")


def alike(first: Reply, second: Reply) -> None:
    """Equal answers, except for their request ids."""
    if _blotted(first) != _blotted(second):
        raise Failed(f"{second.shown()}: can be told from the answer to {first.target}, {first.status}")


def same_document(reply: Reply, wanted: Document) -> None:
    """A 200 with exactly this document."""
    if document(reply) != wanted:
        raise Failed(f"{reply.shown()}: differs from what was answered before")


def _blotted(reply: Reply) -> tuple[int, bytes]:
    return reply.status, _REQUEST_ID.sub(b'"request_id":*', reply.body)
