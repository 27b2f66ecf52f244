"""What goes out: single documents, list envelopes, the error envelope (contract 1.9 and 2). Bodies in: `api.bodies`."""

from collections.abc import Sequence
from datetime import date

import msgspec

from houselights.api.call import Answer
from houselights.api.errors import ERRORS, code_of, headers_of, message_of
from houselights.core.pages import Page

JSON = (b"content-type", b"application/json")


def listing(rows: Sequence[bytes], page: Page) -> Answer:
    """200 with rendered rows in their envelope. No total, no cursor: a short page is the last one."""
    # Not msgspec: an offset may have more digits than it can write.
    numbers = f'"offset":{_number(page.offset)},"limit":{_number(page.limit)}'
    days = f'"from_date":{_day(page.from_date)},"to_date":{_day(page.to_date)}'
    metadata = f'"metadata":{{{numbers},{days}}}}}'
    return Answer(200, b'{"data":[' + b",".join(rows) + b"]," + metadata.encode())


def refusal(error: Exception, request_id: bytes) -> Answer:
    """The error envelope: seven keys, in this order, with both spellings of code and status."""
    code = code_of(error)
    kind = ERRORS[code]
    body = {
        "error": {
            "type": kind.type,
            "code": code,
            "error_code": code,
            "message": message_of(error),
            "status_code": kind.status,
            "http_status_code": kind.status,
            "request_id": request_id.decode(),
        }
    }
    return Answer(kind.status, msgspec.json.encode(body), (JSON, *headers_of(error)))


def _number(value: int | None) -> str:
    return "null" if value is None else str(value)


def _day(value: date | None) -> str:
    return "null" if value is None else f'"{value.isoformat()}"'
