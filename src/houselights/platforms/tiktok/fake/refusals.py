"""Every refusal that the invented platform knows, in TikTok's own envelopes, by the name of its sample.

Sources: https://github.com/tiktok/tiktok-business-api-sdk and
https://developers.tiktok.com/doc/tiktok-api-v2-error-handling (read 2026-11-23).
"""

from collections.abc import Mapping

import msgspec

from houselights.core.messages import Response

HEADERS = {"content-type": "application/json; charset=utf-8"}
_ID = "202611230812345ABCDEF0123456789ABCD"


class RefusedError(Exception):
    """Carries the platform's own refusal up to the one place that sends answers."""

    def __init__(self, reply: Response) -> None:
        super().__init__(reply.status)
        self.reply = reply


def documented(name: str) -> RefusedError:
    """One of `REFUSALS`."""
    return RefusedError(REFUSALS[name])


def said(data: object, code: int = 0, message: str = "OK") -> Response:
    """An answer of the Accounts API: 200, whatever happened."""
    body = {"code": code, "message": message, "request_id": _ID, "data": data}
    return Response(200, HEADERS, msgspec.json.encode(body))


def refused(code: int, message: str) -> RefusedError:
    """A refusal of the Accounts API that has no sample."""
    return RefusedError(said({}, code, message))


def display_refusal(status: int, code: str, message: str) -> Response:
    """A refusal of one of Login Kit's reads."""
    error = {"code": code, "message": message, "log_id": _ID}
    return Response(status, HEADERS, msgspec.json.encode({"data": {}, "error": error}))


def token_refusal(word: str, description: str) -> Response:
    """A refusal of Login Kit's token endpoint."""
    body = {"error": word, "error_description": description, "log_id": _ID}
    return Response(400, HEADERS, msgspec.json.encode(body))


_SCOPES = "No permission to operate the API. Please check the scopes granted by the TikTok account owner."

REFUSALS: Mapping[str, Response] = {
    "error_40001_no_permission": said({}, 40001, _SCOPES),
    "error_40002_param": said({}, 40002, "fields: Unsupported field 'audience_regions'"),
    "error_40006_version": said({}, 40006, "No schema found"),
    "error_40100_too_frequent": said({}, 40100, "Requests made too frequently"),
    "error_40101_bad_app": said({}, 40101, "Invalid client_id or client_secret"),
    "error_40102_access_token_expired": said({}, 40102, "Access token is expired"),
    "error_40103_refresh_token_expired": said({}, 40103, "Refresh token is expired"),
    "error_40104_access_token_empty": said({}, 40104, "Access token is empty"),
    "error_40105_access_token_invalid": said({}, 40105, "Access token is incorrect or has been revoked"),
    "error_40107_refresh_token_invalid": said({}, 40107, "Refresh token is incorrect or has been revoked"),
    "error_40110_auth_code": said({}, 40110, "Auth code is invalid, expired or has been used"),
    "error_40113_app_forbidden": said({}, 40113, "App is forbidden"),
    "error_40130_scope_not_authorized": said({}, 40130, "Scope not authorized"),
    "error_40132_frequency_limited": said({}, 40132, "Request frequency is limited"),
    "error_50000_system": said({}, 50000, "System error. Please try again later."),
    "error_50002_timeout": said({}, 50002, "Service timeout"),
    "error_51000_rpc": said({}, 51000, "Internal service error"),
    "error_loginkit_access_token_invalid": display_refusal(
        401, "access_token_invalid", "The access token is invalid or not found in the request."
    ),
    "error_loginkit_internal": display_refusal(500, "internal_error", "Something is wrong. Please try again later."),
    "error_loginkit_invalid_params": display_refusal(400, "invalid_params", "The fields parameter is invalid."),
    "error_loginkit_rate_limit": display_refusal(
        429, "rate_limit_exceeded", "The API rate limit was exceeded. Please try again later."
    ),
    "error_loginkit_scope_not_authorized": display_refusal(
        401,
        "scope_not_authorized",
        "The user did not authorize the scope required for completing this request.",
    ),
    "error_loginkit_token_invalid_grant": token_refusal("invalid_grant", "Refresh token is invalid or expired."),
    "error_loginkit_token_invalid_request": token_refusal("invalid_request", "The request parameters are malformed."),
}
