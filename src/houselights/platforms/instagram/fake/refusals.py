"""Every refusal that the invented platform knows, in Meta's own envelope, by the name of its sample.

HTTP statuses vary as they do in life; only code and subcode mean something.
Source: https://developers.facebook.com/docs/graph-api/guides/error-handling (read 2026-11-23).
"""

from collections.abc import Mapping

import msgspec

from houselights.core.messages import Response

_HEADERS = {"content-type": "application/json; charset=UTF-8", "x-fb-trace-id": "AExAmPlE"}
_VALIDATING = "Error validating access token:"
_METRICS = (
    "reach, follower_count, website_clicks, profile_views, online_followers, accounts_engaged, total_interactions, "
    "likes, comments, shares, saves, replies, engaged_audience_demographics, reached_audience_demographics, "
    "follower_demographics, follows_and_unfollows, profile_links_taps, views"
)


class RefusedError(Exception):
    """Carries the platform's own refusal up to the one place that answers."""

    def __init__(self, reply: Response) -> None:
        super().__init__(reply.status)
        self.reply = reply


def documented(name: str) -> RefusedError:
    """One of `REFUSALS`."""
    return RefusedError(REFUSALS[name])


def refused(status: int, code: int, message: str, subcode: int | None = None) -> RefusedError:
    """A refusal that has no sample."""
    return RefusedError(refusal(status, code, message, subcode=subcode))


def refusal(status: int, code: int, message: str, *, subcode: int | None = None, **more: object) -> Response:
    """One refusal; `more` are further keys of the envelope."""
    told = {"message": message, "type": "OAuthException", "code": code}
    told |= {} if subcode is None else {"error_subcode": subcode}
    body = {"error": {**told, **more, "fbtrace_id": "AExAmPlEtRaCeId0000001"}}
    return Response(status, _HEADERS, msgspec.json.encode(body))


REFUSALS: Mapping[str, Response] = {
    "error_1_unknown": refusal(500, 1, "An unknown error occurred"),
    "error_2_transient": refusal(
        500, 2, "An unexpected error has occurred. Please retry your request later.", is_transient=True
    ),
    "error_4_app_rate_limit": refusal(403, 4, "(#4) Application request limit reached", is_transient=True),
    "error_10_permission": refusal(403, 10, "(#10) Application does not have permission for this action"),
    "error_not_enough_users_2874010": refusal(
        400,
        10,
        "(#10) Not enough users in segment",
        subcode=2874010,
        error_user_title="Not enough users",
        error_user_msg="Demographic data is not available until there are enough people in this segment.",
    ),
    "error_17_user_rate_limit": refusal(
        400, 17, "(#17) User request limit reached", subcode=2446079, is_transient=True
    ),
    "error_32_page_rate_limit": refusal(400, 32, "(#32) Page request limit reached", is_transient=True),
    "error_80002_buc_rate_limit": refusal(
        403,
        80002,
        "(#80002) There have been too many calls to this Instagram account. Wait a bit and try again.",
        is_transient=True,
    ),
    "error_100_33_object_gone": refusal(
        400,
        100,
        "Unsupported get request. Object with ID '17841400000000001' does not exist, cannot be loaded due to missing "
        "permissions, or does not support this operation.",
        subcode=33,
        type="GraphMethodException",
    ),
    "error_100_invalid_metric": refusal(400, 100, f"(#100) metric[0] must be one of the following values: {_METRICS}"),
    "error_100_nonexisting_field_ig_host": refusal(
        400, 100, "Tried accessing nonexisting field (is_published)", type="IGApiException"
    ),
    "error_2108006_before_business": refusal(
        400,
        100,
        "Invalid parameter",
        subcode=2108006,
        error_user_title="Media posted before business account conversion",
        is_transient=False,
    ),
    "error_102_session": refusal(400, 102, "The session is invalid because the user logged out."),
    "error_190_458_app_removed": refusal(
        400, 190, f"{_VALIDATING} The user has not authorized application 1000000000000001.", subcode=458
    ),
    "error_190_459_checkpoint": refusal(
        400,
        190,
        f"{_VALIDATING} You cannot access the app till you log in to www.facebook.com and follow the "
        "instructions given.",
        subcode=459,
    ),
    "error_190_460_password_changed": refusal(
        400,
        190,
        f"{_VALIDATING} The session has been invalidated because the user changed their password or Facebook "
        "has changed the session for security reasons.",
        subcode=460,
    ),
    "error_190_463_expired": refusal(
        400,
        190,
        f"{_VALIDATING} Session has expired on Sunday, 22-Nov-26 09:00:00 PST. The current time is Monday, 23-Nov-26 "
        "05:00:00 PST.",
        subcode=463,
    ),
    "error_190_493_data_access_expired": refusal(
        400, 190, f"{_VALIDATING} This user has not engaged with the app for longer than 90 days.", subcode=493
    ),
    "error_190_no_subcode_ig_host": refusal(400, 190, "Invalid OAuth access token - Cannot parse access token"),
    "error_il_refresh_too_young": refusal(
        400,
        190,
        "Session key invalid. This could be because the session key has an incorrect format, or because the user has "
        "revoked this session",
        subcode=452,
    ),
    "error_200_permission": refusal(403, 200, "(#200) Permissions error: instagram_manage_insights is required"),
    "error_il_code_used": Response(
        400,
        _HEADERS,
        b'{"error_type":"OAuthException","code":400,"error_message":"Matching code was not found or was already used"}',
    ),
}
