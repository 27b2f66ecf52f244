"""Every refusal that the invented platform knows, in Google's own envelopes, by the name of its sample.

The APIs put an object under `error`, the token endpoint a word.
Source: https://developers.google.com/youtube/v3/docs/errors and
https://developers.google.com/identity/protocols/oauth2/web-server#exchange-errors (read 2026-11-23).
"""

from collections.abc import Mapping

import msgspec

from houselights.core.messages import Response

HEADERS = {"content-type": "application/json; charset=UTF-8"}


class RefusedError(Exception):
    """Carries the platform's own refusal up to the one place that sends answers."""

    def __init__(self, reply: Response) -> None:
        super().__init__(reply.status)
        self.reply = reply


def documented(name: str) -> RefusedError:
    """One of `REFUSALS`."""
    return RefusedError(REFUSALS[name])


def refusal(
    code: int, reason: str, message: str, *, said: str | None = None, domain: str = "global", **more: object
) -> Response:
    """A refusal of an API. said: the message within `errors` if it differs; more: further keys of the object."""
    error = {"message": said or message, "domain": domain, "reason": reason}
    if code == 401:
        error |= {"location": "Authorization", "locationType": "header"}
    body = {"error": {"code": code, "message": message, "errors": [error], **more}}
    return Response(code, HEADERS, msgspec.json.encode(body))


def token_refusal(status: int, word: str, description: str) -> Response:
    """A refusal of the token endpoint."""
    return Response(status, HEADERS, msgspec.json.encode({"error": word, "error_description": description}))


_CREDENTIALS = (
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
    "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
)
_QUERY = (
    "The query is not supported. Check the documentation at "
    "https://developers.google.com/youtube/analytics/v2/available_reports for supported queries."
)
_QUOTA = (
    "The request cannot be completed because you have exceeded your "
    '<a href="/youtube/v3/getting-started#quota">quota</a>.'
)
_PER_USER = (
    "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user' of service "
    "'youtubeanalytics.googleapis.com'."
)
_PER_PROJECT = (
    "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute' of service "
    "'youtubeanalytics.googleapis.com' for consumer 'project_number:100000000001'."
)


def _detail(reason: str, metadata: Mapping[str, str]) -> list[object]:
    kind = "type.googleapis.com/google.rpc.ErrorInfo"
    return [{"@type": kind, "reason": reason, "domain": "googleapis.com", "metadata": metadata}]


REFUSALS: Mapping[str, Response] = {
    "error_400_query_not_supported": refusal(400, "badRequest", _QUERY),
    "error_401_auth": refusal(401, "authError", _CREDENTIALS, status="UNAUTHENTICATED"),
    "error_401_youtube_signup_required": refusal(401, "youtubeSignupRequired", "Unauthorized", domain="youtube.header"),
    "error_403_analytics_forbidden": refusal(403, "forbidden", "Forbidden"),
    "error_403_api_disabled": refusal(
        403,
        "accessNotConfigured",
        "YouTube Analytics API has not been used in project 100000000001 before or it is disabled.",
        domain="usageLimits",
        status="PERMISSION_DENIED",
    ),
    "error_403_insufficient_scopes": refusal(
        403,
        "insufficientPermissions",
        "Request had insufficient authentication scopes.",
        said="Insufficient Permission",
        status="PERMISSION_DENIED",
        details=_detail(
            "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
            {
                "service": "youtubeanalytics.googleapis.com",
                "method": "google.youtube.youtubeanalytics.v2.TargetedQueriesService.Query",
            },
        ),
    ),
    "error_403_quota_exceeded": refusal(403, "quotaExceeded", _QUOTA, domain="youtube.quota"),
    "error_403_rate_limit": refusal(
        403, "rateLimitExceeded", _PER_USER, domain="usageLimits", status="PERMISSION_DENIED"
    ),
    "error_404_channel": refusal(
        404,
        "channelNotFound",
        "The channel specified in the id parameter cannot be found.",
        domain="youtube.channel",
    ),
    "error_429_resource_exhausted": refusal(
        429,
        "rateLimitExceeded",
        _PER_PROJECT,
        said="Quota exceeded",
        status="RESOURCE_EXHAUSTED",
        details=_detail(
            "RATE_LIMIT_EXCEEDED",
            {"service": "youtubeanalytics.googleapis.com", "quota_limit": "QueriesPerMinutePerProject"},
        ),
    ),
    "error_500_backend": refusal(500, "backendError", "Backend Error", status="INTERNAL"),
    "error_503_unavailable": refusal(
        503, "backendError", "The service is currently unavailable.", status="UNAVAILABLE"
    ),
    "error_revoke_invalid": token_refusal(400, "invalid_token", "Token expired or revoked"),
    "error_token_bad_code": token_refusal(400, "invalid_grant", "Malformed auth code."),
    "error_token_invalid_client": token_refusal(401, "invalid_client", "The OAuth client was not found."),
    "error_token_invalid_grant": token_refusal(400, "invalid_grant", "Token has been expired or revoked."),
}
