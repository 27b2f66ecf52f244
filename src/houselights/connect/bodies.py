"""What a page's form or script sends, up to a maximum size."""

from urllib.parse import parse_qsl

from starlette.requests import Request

_MOST = 16_384


async def read(request: Request) -> bytes:
    """The body; b"" for one that is too large."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST:
            return b""
    return body


async def form(request: Request) -> dict[str, str]:
    """A form's fields; the last value of a field that appears twice, {} if there are too many."""
    try:
        return dict(parse_qsl((await read(request)).decode("ascii", "replace"), max_num_fields=10))
    except ValueError:
        return {}
