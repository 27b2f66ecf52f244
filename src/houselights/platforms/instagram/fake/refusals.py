"""Every refusal that the invented platform knows, in Meta's own envelope, by the name of its sample.

Those of Instagram Login are among them: they are Instagram's too, and what becomes of them here is tested.
Source: https://developers.facebook.com/docs/graph-api/guides/error-handling (read 2026-11-23).
"""

from collections.abc import Mapping

from houselights.core.messages import Response
from houselights.port.fakes.facebook_login import DATA_ACCESS_EXPIRED
from houselights.port.fakes.meta import DEAD_TOKENS, FEW_PEOPLE, HICCUPS, SPENT_BUDGETS, flat_refusal, refusal

_METRICS = (
    "reach, follower_count, website_clicks, profile_views, online_followers, accounts_engaged, total_interactions, "
    "likes, comments, shares, saves, replies, engaged_audience_demographics, reached_audience_demographics, "
    "follower_demographics, follows_and_unfollows, profile_links_taps, views"
)

REFUSALS: Mapping[str, Response] = {
    **HICCUPS,
    **SPENT_BUDGETS,
    **DEAD_TOKENS,
    "error_190_493_data_access_expired": DATA_ACCESS_EXPIRED,
    "error_10_permission": refusal(403, 10, "(#10) Application does not have permission for this action"),
    "error_200_permission": refusal(403, 200, "(#200) Permissions error: instagram_manage_insights is required"),
    "error_not_enough_users_2874010": FEW_PEOPLE,
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
    "error_il_refresh_too_young": refusal(
        400,
        190,
        "Session key invalid. This could be because the session key has an incorrect format, or because the user has "
        "revoked this session",
        subcode=452,
    ),
    "error_il_code_used": flat_refusal("Matching code was not found or was already used"),
}
