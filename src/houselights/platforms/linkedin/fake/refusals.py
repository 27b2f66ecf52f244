"""Every refusal that the invented platform knows, in LinkedIn's own envelopes, by the name of its sample.

Source: https://learn.microsoft.com/en-us/linkedin/shared/api-guide/concepts/error-handling (read 2026-11-23).
"""

from collections.abc import Mapping

import msgspec

from houselights.core.messages import Response

HEADERS = {"content-type": "application/json"}


class RefusedError(Exception):
    """Carries the platform's own refusal up to the one place that sends answers."""

    def __init__(self, reply: Response) -> None:
        super().__init__(reply.status)
        self.reply = reply


def documented(name: str) -> RefusedError:
    """One of `REFUSALS`."""
    return RefusedError(REFUSALS[name])


def token_refusal(word: str, description: str, status: int = 400) -> RefusedError:
    """A refusal of the token endpoint that has no sample."""
    body = {"error": word, "error_description": description}
    return RefusedError(Response(status, HEADERS, msgspec.json.encode(body)))


def _refusal(status: int, code: str, message: str, service: int | None = None) -> Response:
    body = {"status": status, "message": message, "code": code}
    body |= {} if service is None else {"serviceErrorCode": service}
    return Response(status, HEADERS, msgspec.json.encode(body))


_FINDER = "organizationalEntityFollowerStatistics.FINDER-organizationalEntity.20261001"
_QUOTA = "Resource level throttle APPLICATION_AND_MEMBER DAY limit for calls to this resource is reached."
_GRANT = "The provided authorization grant or refresh token is invalid, expired or revoked."

REFUSALS: Mapping[str, Response] = {
    "error_400_param": _refusal(400, "ILLEGAL_ARGUMENT", "Syntax exception in path variables", 100),
    "error_401_expired": _refusal(401, "EXPIRED_ACCESS_TOKEN", "The token used in the request has expired", 65602),
    "error_401_invalid": _refusal(401, "INVALID_ACCESS_TOKEN", "Invalid access token", 65600),
    "error_401_revoked": _refusal(
        401, "REVOKED_ACCESS_TOKEN", "The token used in the request has been revoked by the user", 65601
    ),
    "error_403_access_denied": _refusal(403, "ACCESS_DENIED", f"Not enough permissions to access: {_FINDER}", 100),
    "error_404_not_found": _refusal(404, "RESOURCE_NOT_FOUND", "Could not find entity", 0),
    "error_426_version": _refusal(426, "NONEXISTENT_VERSION", "Requested version 20240601 is not active"),
    "error_429_throttled": _refusal(429, "TOO_MANY_REQUESTS", _QUOTA, 101),
    "error_500": _refusal(500, "INTERNAL_SERVER_ERROR", "Internal Server Error", 0),
    "error_token_invalid_grant": token_refusal("invalid_grant", _GRANT).reply,
}
