"""The one table: code -> status, type and message (contract section 2). Errors become HTTP only here."""

from msgspec import Struct

from houselights.core.errors import Refused, StoreDown

Headers = tuple[tuple[bytes, bytes], ...]


class ErrorKind(Struct, frozen=True):
    """What a code looks like from outside. message: for people; clients must not match on it."""

    status: int
    type: str
    message: str


def _not_found(noun: str) -> ErrorKind:
    return ErrorKind(404, "RECORD_NOT_FOUND", f"Requested {noun} id does not exist")


_BAD = "INVALID_REQUEST_PARAMETERS"

ERRORS = {
    "MISSING_FIELDS": ErrorKind(400, _BAD, "Request is missing required fields: [{fields}]."),
    "INVALID_FIELDS": ErrorKind(400, _BAD, "Request has invalid values for fields: [{fields}]."),
    "MALFORMED_BODY": ErrorKind(400, _BAD, "Request body could not be read."),
    "malformed_request": ErrorKind(400, _BAD, "This is not an HTTP request."),
    "head_too_large": ErrorKind(400, _BAD, "The line and headers of a request may be 64 KiB long."),
    "product_not_supported": ErrorKind(
        400, _BAD, "This product is not available for the work platform of the account."
    ),
    "user_exists_with_external_id": ErrorKind(400, _BAD, "A user with this external id already exists."),
    "invalid_credentials": ErrorKind(401, "UNAUTHORIZED", "Client id or secret is not valid."),
    "account_disconnected": ErrorKind(403, "FORBIDDEN", "The account is disconnected."),
    "account_session_expired": ErrorKind(403, "FORBIDDEN", "The creator must connect the account again."),
    "incorrect_account_id": _not_found("account"),
    "incorrect_user_id": _not_found("user"),
    "incorrect_user_external_id": _not_found("user external"),
    "incorrect_profile_id": _not_found("profile"),
    "incorrect_work_platform_id": _not_found("work platform"),
    "incorrect_webhook_id": _not_found("webhook"),
    "incorrect_connect_session_id": _not_found("connect session"),
    "audience_not_found": ErrorKind(404, "RECORD_NOT_FOUND", "No audience data is stored for this account yet."),
    "resource_not_found": ErrorKind(404, "RESOURCE_NOT_FOUND", "There is nothing at this address."),
    "method_not_allowed": ErrorKind(405, "METHOD_NOT_ALLOWED", "This method is not available here."),
    "payload_too_large": ErrorKind(413, "PAYLOAD_TOO_LARGE", "The request body is too large."),
    "unsupported_media_type": ErrorKind(415, "UNSUPPORTED_MEDIA_TYPE", "This content type cannot be read here."),
    "rate_limit_exceeded": ErrorKind(429, "TOO_MANY_REQUESTS", "Too many requests."),
    "internal_server_error": ErrorKind(500, "INTERNAL_SERVER_ERROR", "Something went wrong on our side."),
    "service_unavailable": ErrorKind(503, "SERVICE_UNAVAILABLE", "Not available right now."),
}
"""Every code that this face answers with."""

_ALWAYS: dict[str, Headers] = {
    "invalid_credentials": ((b"www-authenticate", b'Basic realm="api"'),),
    "service_unavailable": ((b"retry-after", b"1"),),
}


class RefusedWith(Refused):
    """A refusal that carries response headers of its own."""

    def __init__(self, code: str, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(code)
        self.headers: Headers = headers


def code_of(error: Exception) -> str:
    """The code that answers an error; an error that is not a refusal is our own fault."""
    if isinstance(error, Refused) and error.code in ERRORS:
        return error.code
    return "service_unavailable" if isinstance(error, StoreDown) else "internal_server_error"


def message_of(error: Exception) -> str:
    """The text for people. It names at most our own fields, never anything that the caller sent."""
    text = ERRORS[code_of(error)].message
    return text.format(fields=", ".join(error.fields)) if isinstance(error, Refused) else text


def headers_of(error: Exception) -> Headers:
    """The headers that an error's answer carries in addition to those of every answer."""
    own = error.headers if isinstance(error, RefusedWith) else ()
    return own + _ALWAYS.get(code_of(error), ())
