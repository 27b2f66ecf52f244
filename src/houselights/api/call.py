"""A call and its answer: what endpoints see of HTTP."""

from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

from msgspec import Struct
from starlette.types import Receive, Scope

from houselights.api.auth import Caller
from houselights.api.bodies import read_object, read_raw
from houselights.api.errors import Headers
from houselights.api.fields import Fields
from houselights.api.query import parse_query
from houselights.core.errors import Refused
from houselights.core.ids import ApplicationId, parse_uuid


class Answer(Struct, frozen=True):
    """What goes out. headers: besides `content-length` and `request-id`, names in lower case.

    A raw NUL byte in the body stands for the server's public address (`resources.heads`), unless it is literal.
    """

    status: int
    body: bytes
    headers: Headers = ((b"content-type", b"application/json"),)
    is_literal: bool = False


class Call:
    """One request. Its query and its body are read when an endpoint asks for them.

    caller  who calls; endpoints without authentication have none
    """

    __slots__ = ("_receive", "_scope", "caller")

    def __init__(self, scope: Scope, receive: Receive, caller: Caller | None) -> None:
        self._scope = scope
        self._receive = receive
        self.caller = caller

    @property
    def application_id(self) -> ApplicationId:
        """Whose rows this call may see."""
        return self.known_caller.application_id

    @property
    def known_caller(self) -> Caller:
        """The caller, for an endpoint that requires credentials. Raises Refused where there is none."""
        if self.caller is None:
            raise Refused("invalid_credentials")
        return self.caller

    def parameter(self, name: str) -> str:
        """A part of the path, percent-decoded once."""
        parameters: Mapping[str, str] = self._scope["path_params"]
        return parameters[name]

    def path_id(self) -> UUID:
        """The `id` in the path. Raises Refused where it is not an id."""
        parsed = parse_uuid(self.parameter("id"))
        if parsed is None:
            raise Refused("INVALID_FIELDS", "id")
        return parsed

    def query(self) -> Fields:
        """The query's parameters; if one is given twice, the last one counts."""
        return Fields(parse_query(self._scope["query_string"]))

    async def fields(self, *, xml: bool = False) -> Fields:
        """The body's fields. Raises Refused where the body is of another type, too large or not an object.

        xml  whether this operation reads XML too
        """
        return Fields(read_object(self._scope["headers"], await read_raw(self._scope, self._receive), xml=xml))

    async def no_fields(self) -> None:
        """For an operation that takes none. Without a body its type does not matter: many libraries send one anyway.

        raises  Refused as `fields` does
        """
        raw = await read_raw(self._scope, self._receive)
        if raw.strip():
            read_object(self._scope["headers"], raw, xml=False)


Endpoint = Callable[[Call], Awaitable[Answer]]
