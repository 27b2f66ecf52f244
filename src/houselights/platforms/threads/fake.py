"""The invented platform: Threads behind its own login, answered from personas.

Written from the documentation, not from our connector, from which it imports nothing.
Source: https://developers.facebook.com/docs/threads/threads-profiles and
https://developers.facebook.com/docs/threads/insights (read 2026-11-23).
"""

from collections.abc import Mapping, Sequence

from houselights.core.messages import Response
from houselights.port.fakes import demographics, meta
from houselights.port.fakes.demographics import METRIC, THRESHOLD
from houselights.port.fakes.dialog import Dialog
from houselights.port.fakes.long_lived import APP_NAME, LongLivedLogin, Site
from houselights.port.fakes.meta import RefusedError, Session, Values
from houselights.port.persona import Persona, Trait

_APP_ID = "1000000000000003"
_BASIC, _INSIGHTS = "threads_basic", "threads_manage_insights"
_SCOPES = {
    _BASIC: "read your profile",
    _INSIGHTS: "read who follows you: countries, cities, ages and genders",
    "threads_content_publish": "publish for you",
    "threads_read_replies": "read replies to you",
    "threads_manage_replies": "answer for you",
}
_FIELDS = ("id", "username", "name", "threads_profile_picture_url", "threads_biography", "is_verified")
_BREAKDOWNS = ("country", "city", "age", "gender")
_WORDS = ("follower demographics", "The demographic characteristics of followers")

REFUSALS: Mapping[str, Response] = {
    **meta.HICCUPS,
    **meta.DEAD_TOKENS,
    "error_190_expired": meta.refusal(
        400,
        190,
        "Error validating access token: Session has expired on Sunday, 22-Nov-26 09:00:00 PST.",
        subcode=463,
    ),
    "error_4_rate_limit": meta.refusal(403, 4, "Application request limit reached", is_transient=True),
    "error_17_user_rate_limit": meta.SPENT_BUDGETS["error_17_user_rate_limit"],
    "error_10_permission": meta.refusal(
        403, 10, "Application does not have permission for this action", type="THApiException"
    ),
    "error_100_breakdown": meta.refusal(
        400, 100, "Param breakdown must be one of {COUNTRY, CITY, AGE, GENDER}", type="THApiException"
    ),
    "error_801_4279032_under_100_followers": meta.refusal(
        400,
        801,
        "User demographics are not available for users with fewer than 100 followers.",
        subcode=4279032,
        type="THApiException",
        is_transient=False,
        error_user_title="Low Follower Count",
        error_user_msg="You can't get demographics for users with fewer than 100 followers.",
    ),
    "error_token_code_used": meta.flat_refusal("This authorization code has been used"),
}
"""Every refusal that the platform documents, by the name of its sample."""


def invented(personas: Sequence[Persona]) -> LongLivedLogin:
    """As `Platform.fake`."""
    return LongLivedLogin(_SITE, personas)


def _short(persona: Persona, token: str, _granted: Sequence[str]) -> object:
    """A short-lived token. The id is a number larger than 2^53; the granted scopes are not named."""
    return {"access_token": token, "user_id": int(_id(persona))}


def _node(session: Session, wanted: str) -> object:
    """`/me` or `/{id}`; what the creator left out is absent, not null."""
    persona = _own(session, wanted)
    if _BASIC not in session.scopes:
        raise RefusedError(REFUSALS["error_10_permission"])
    values: Values = {
        "id": _id(persona),
        "username": persona.username,
        "name": persona.full_name or None,
        "threads_profile_picture_url": persona.picture_url,
        "threads_biography": persona.biography,
        "is_verified": persona.follower_count >= 100_000,
    }
    return meta.selected(meta.filled(values), session.sent.get("fields", "id"), "ThreadsUser", _FIELDS)


def _insights(session: Session, wanted: str) -> object:
    """`/{id}/threads_insights` for one metric."""
    persona, sent = _own(session, wanted), session.sent
    if _INSIGHTS not in session.scopes:
        raise RefusedError(REFUSALS["error_10_permission"])
    if sent.get("metric") == "followers_count":
        return _follower_count(persona)
    if sent.get("metric") != METRIC:
        raise meta.refused(400, 100, "Param metric must be one of {VIEWS, FOLLOWERS_COUNT, FOLLOWER_DEMOGRAPHICS}")
    if sent.get("breakdown") not in _BREAKDOWNS:
        raise RefusedError(REFUSALS["error_100_breakdown"])
    if persona.follower_count < THRESHOLD:
        raise RefusedError(REFUSALS["error_801_4279032_under_100_followers"])
    if Trait.FRESH in persona.traits:
        return {"data": []}
    return _demographics(persona, sent["breakdown"])


def _follower_count(persona: Persona) -> object:
    about = {"title": "followers", "description": "The total number of followers on this profile"}
    told = {"name": "followers_count", "period": "day", **about, "total_value": {"value": persona.follower_count}}
    return {"data": [{**told, "id": f"{_id(persona)}/threads_insights/followers_count/day"}]}


def _demographics(persona: Persona, column: str) -> object:
    """A table of followers; a map in the older shape."""
    total: Values = {"breakdowns": demographics.breakdowns(persona, [column])}
    if Trait.OLDER_SHAPES in persona.traits:
        total = {"value": demographics.people_by(persona, column)}
    return demographics.insight(total, _id(persona), "threads_insights", _WORDS)


def _own(session: Session, wanted: str) -> Persona:
    """The creator behind the token's own profile; a token reaches no other."""
    if wanted not in ("me", _id(session.persona)):
        raise meta.gone(wanted)
    return session.persona


def _id(persona: Persona) -> str:
    """The profile's id: larger than 2^53, as in real life."""
    return str(9_100_000_000_000_001 + persona.number)


def _usage(_session: Session, percent: int) -> dict[str, str]:
    return meta.app_usage(percent)


_SITE = Site(
    dialog=Dialog("Threads' own login", _APP_ID, APP_NAME, _SCOPES, _INSIGHTS, {"error": "access_denied"}, tail="#_"),
    prefix="THAA",
    grant_types=("th_exchange_token", "th_refresh_token"),
    places=("threads.net/oauth/authorize", "graph.threads.net/oauth/access_token", "graph.threads.net"),
    versions=frozenset({"v1.0"}),
    refusals=REFUSALS,
    spent_code="error_token_code_used",
    short=_short,
    node=_node,
    edges={"threads_insights": _insights},
    usage=_usage,
    person=_id,
)
