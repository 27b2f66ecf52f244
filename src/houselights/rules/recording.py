"""Which parts of a reading's replies are kept, so that a disputed number can be normalised again: bodies only.

No header, no address, no token: platforms repeat tokens in the addresses of further pages and in error replies.
Where the bodies go is `store.replies`' business.
"""

import re
from collections.abc import Sequence
from typing import TypeVar

from houselights.core.messages import Script
from houselights.core.secret import Secret

T = TypeVar("T")

_TOKEN = re.compile(rb'((?:access|refresh|id)_token(?:=|%3[Dd]|\\?"\s*:\s*\\?"))[^"&\\\s]+')
"""In a query (also one nested in another query), or as a field (also of JSON inside a text)."""


def recorded(script: Script[T], bodies: list[bytes], secrets: Sequence[Secret]) -> Script[T]:
    """The script itself; `bodies` is what it has read so far, in the order of its requests.

    secrets  those that the requests carry
    """
    try:
        asks = next(script)
        while True:
            answers = yield asks
            if any(request.starts_over for request in asks):
                bodies.clear()
            else:
                bodies.extend(_without_secrets(reply.body, secrets) for reply in answers)
            asks = script.send(answers)
    except StopIteration as done:
        result: T = done.value
        return result
    finally:
        script.close()


def _without_secrets(body: bytes, secrets: Sequence[Secret]) -> bytes:
    for secret in secrets:
        body = secret.struck_from(body)
    return _TOKEN.sub(rb"\1***", body)
