"""What Instagram answers about a professional account, whichever login led there: insights, refusals, usage.

Written from the documentation, not from our connectors.
Source: https://developers.facebook.com/docs/instagram-platform/api-reference/instagram-user/insights (read 2026-11-23).
"""

from collections.abc import Mapping, Sequence

from houselights.core.messages import Response
from houselights.port.fakes import demographics, meta
from houselights.port.fakes.demographics import METRIC, THRESHOLD
from houselights.port.fakes.long_lived import TOO_YOUNG
from houselights.port.fakes.meta import RefusedError, Values
from houselights.port.persona import Persona, Trait

_KNOWN_METRICS = {METRIC, "engaged_audience_demographics", "reach", "follower_count", "profile_views", "views"}
_METRICS = (
    "reach, follower_count, website_clicks, profile_views, online_followers, accounts_engaged, total_interactions, "
    "likes, comments, shares, saves, replies, engaged_audience_demographics, reached_audience_demographics, "
    "follower_demographics, follows_and_unfollows, profile_links_taps, views"
)
_TOP = 45
_WORDS = (
    "Follower demographics",
    "The demographic characteristics of followers, including countries, cities and gender distribution.",
)

REFUSALS: Mapping[str, Response] = {
    **meta.HICCUPS,
    **meta.SPENT_BUDGETS,
    **meta.DEAD_TOKENS,
    "error_10_permission": meta.refusal(403, 10, "(#10) Application does not have permission for this action"),
    "error_200_permission": meta.refusal(403, 200, "(#200) Permissions error: instagram_manage_insights is required"),
    "error_not_enough_users_2874010": meta.refusal(
        400,
        10,
        "(#10) Not enough users in segment",
        subcode=2874010,
        error_user_title="Not enough users",
        error_user_msg="Demographic data is not available until there are enough people in this segment.",
    ),
    "error_80002_buc_rate_limit": meta.refusal(
        403,
        80002,
        "(#80002) There have been too many calls to this Instagram account. Wait a bit and try again.",
        is_transient=True,
    ),
    "error_100_33_object_gone": meta.gone("17841400000000001").reply,
    "error_100_invalid_metric": meta.refusal(
        400, 100, f"(#100) metric[0] must be one of the following values: {_METRICS}"
    ),
    "error_100_nonexisting_field_ig_host": meta.refusal(
        400, 100, "Tried accessing nonexisting field (is_published)", type="IGApiException"
    ),
    "error_2108006_before_business": meta.refusal(
        400,
        100,
        "Invalid parameter",
        subcode=2108006,
        error_user_title="Media posted before business account conversion",
        is_transient=False,
    ),
    "error_il_refresh_too_young": TOO_YOUNG,
    "error_il_code_used": meta.flat_refusal("Matching code was not found or was already used"),
}
"""Every refusal that Instagram documents, by the name of its sample; those of its own login start with `il`."""


def account_id(persona: Persona) -> str:
    """The id used in paths; larger than 2^53, as in real life."""
    return str(17_841_400_000_000_001 + persona.number)


def account(persona: Persona, ids: Mapping[str, object]) -> Values:
    """A professional account's fields; what the creator left out is absent, not null. ids: those of this login."""
    return meta.filled(
        {
            **ids,
            "username": persona.username,
            "name": persona.full_name or None,
            "biography": persona.biography,
            "website": persona.website,
            "profile_picture_url": persona.picture_url,
            "followers_count": persona.follower_count,
            "follows_count": persona.following_count,
            "media_count": persona.content_count,
        }
    )


def insights(persona: Persona, sent: Mapping[str, str]) -> object:
    """One metric by one breakdown, for anyone allowed to see it. sent: the call's parameters."""
    if sent.get("metric", "") not in _KNOWN_METRICS:
        raise RefusedError(REFUSALS["error_100_invalid_metric"])
    if sent.get("period") != "lifetime" or sent.get("metric_type") != "total_value":
        raise meta.refused(400, 100, "(#100) Incompatible metrics with period or metric_type")
    columns = sent.get("breakdown", "").split(",")
    if set(columns) not in ({"country"}, {"city"}, {"age"}, {"gender"}, {"age", "gender"}):
        known = "age, city, country, gender"
        raise meta.refused(400, 100, f"(#100) breakdown[0] must be one of the following values: {known}")
    return _demographics(persona, columns, framed="timeframe" in sent)


def usage(persona: Persona, percent: int) -> dict[str, str]:
    """The account's, and next to it the app's."""
    return {**meta.app_usage(1), **meta.business_usage("instagram", account_id(persona), percent)}


def _demographics(persona: Persona, columns: Sequence[str], *, framed: bool) -> object:
    if persona.follower_count < THRESHOLD and Trait.TOO_FEW_IS_AN_ERROR in persona.traits:
        raise RefusedError(REFUSALS["error_not_enough_users_2874010"])
    if persona.follower_count < THRESHOLD:
        return {"data": []}
    if Trait.FRESH in persona.traits:
        return _nothing_yet(persona, columns)
    if len(columns) > 1 and Trait.JOINT_REFUSED in persona.traits:
        raise meta.refused(400, 100, "(#100) The breakdowns age and gender cannot be combined for this account")
    return _insight(persona, demographics.breakdowns(persona, columns, top=_TOP, framed=framed))


def _nothing_yet(persona: Persona, columns: Sequence[str]) -> object:
    """The three forms of an answer that says nothing."""
    if columns == ["country"]:
        return _insight(persona, [{"dimension_keys": columns}])
    return _insight(persona, []) if columns == ["city"] else {"data": []}


def _insight(persona: Persona, breakdowns: list[Values]) -> object:
    return demographics.insight({"breakdowns": breakdowns}, account_id(persona), "insights", _WORDS)
