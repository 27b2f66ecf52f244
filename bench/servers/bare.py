"""C0: the ASGI server as houselights runs it, and an application that answers everything with the same bytes.

python -m bench.servers.bare PORT DOCUMENT
"""

import sys
from pathlib import Path

from starlette.types import Receive, Scope, Send

from bench.servers.lifeline import end_with_parent
from houselights.compose.serving import Stop, bound, run, serving, settle_memory


async def main(port: int, document: bytes) -> None:
    """Serves until told to stop."""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(document))]

    async def application(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": document})

    stop = Stop()
    with bound("127.0.0.1", [port]) as (listener,):
        async with serving(application, listener):
            settle_memory()
            await stop.asked()


if __name__ == "__main__":
    end_with_parent()
    run(main(int(sys.argv[1]), Path(sys.argv[2]).read_bytes()))
