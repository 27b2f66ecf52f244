"""The contract that this server keeps, served as it was written; only `servers` says where this one is."""

from importlib import resources

from houselights.api.call import Answer, Call

_WRITTEN = b"https://api.example.org\n"
_HEADERS = ((b"content-type", b"application/yaml"),)


class ReferenceEndpoints:
    """`/openapi.yaml`."""

    def __init__(self, public_url: str) -> None:
        written = (resources.files("houselights.api") / "openapi.yaml").read_bytes()
        self._text = written.replace(_WRITTEN, public_url.encode() + b"\n", 1)

    async def get_openapi(self, _call: Call) -> Answer:
        """The whole document."""
        return Answer(200, self._text, _HEADERS)
