"""The invented platform: Facebook Pages behind Facebook Login, answered from personas.

Written from the documentation, not from our connector, from which it imports nothing.
Source: https://developers.facebook.com/docs/graph-api/reference/page/ and
https://developers.facebook.com/docs/platforminsights/page (read 2026-11-23).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from urllib.parse import urlencode

from houselights.core.messages import Response
from houselights.port.fakes import meta
from houselights.port.fakes.dialog import Dialog
from houselights.port.fakes.facebook_login import (
    APP_ID,
    APP_NAME,
    CONFIG_ID,
    DATA_ACCESS_EXPIRED,
    DENIED,
    FacebookLogin,
    Page,
    Site,
    visible,
)
from houselights.port.fakes.meta import RefusedError, Session, Values
from houselights.port.persona import Persona, Trait

_SCOPES = {
    "pages_show_list": "see the pages you manage",
    "pages_read_engagement": "read what your pages publish",
    "read_insights": "read who follows your pages: countries and cities",
    "business_management": "see the business portfolio your pages belong to",
    "public_profile": "know your name",
}
_FIELDS = (
    "id",
    "name",
    "username",
    "about",
    "description",
    "category",
    "category_list",
    "link",
    "website",
    "fan_count",
    "followers_count",
    "verification_status",
    "is_published",
    "picture",
    "access_token",
    "tasks",
)
_METRICS = {"page_follows_country": "Page Follows Country", "page_follows_city": "Page Follows City"}
_OTHER_METRICS = {"page_follows", "page_media_view"}
_TOP, _THRESHOLD = 45, 100
_DAY_ENDS = time(8, tzinfo=UTC)
_LONGEST = timedelta(days=90)

REFUSALS: Mapping[str, Response] = {
    **meta.HICCUPS,
    **meta.SPENT_BUDGETS,
    **meta.DEAD_TOKENS,
    "error_190_493_data_access_expired": DATA_ACCESS_EXPIRED,
    "error_10_permission": meta.refusal(403, 10, "(#10) Application does not have permission for this action"),
    "error_3_data_permission": meta.refusal(
        403, 3, "(#3) Application does not have the data permission to make this API call."
    ),
    "error_200_missing_task": meta.refusal(403, 200, "(#200) Provide valid app ID"),
    "error_190_page_token_required": meta.refusal(
        400, 190, "(#190) This method must be called with a Page Access Token"
    ),
    "error_210_page_token_required": meta.refusal(
        400, 210, "(#210) A page access token is required to request this resource."
    ),
    "error_100_33_object_gone": meta.gone("200000000000001").reply,
    "error_100_retired_metric": meta.refusal(400, 100, "(#100) The value must be a valid insights metric"),
    "error_3001_1504028_no_metric": meta.refusal(
        400,
        3001,
        "Invalid query",
        subcode=1504028,
        is_transient=False,
        error_user_title="No Metric Specified",
        error_user_msg="No metric was specified to be fetched. Please specify one or more metrics to be fetched and "
        "try again.",
    ),
    "error_80001_buc_rate_limit": meta.refusal(
        403,
        80001,
        "(#80001) There have been too many calls to this Page account. Wait a bit and try again.",
        is_transient=True,
    ),
}
"""Every refusal that the platform documents, by the name of its sample."""


def invented(personas: Sequence[Persona]) -> FacebookLogin:
    """As `Platform.fake`."""
    return FacebookLogin(_SITE, personas)


def _page(session: Session, shown: Page, token: str, fields: str) -> object:
    """The filled-in fields of a page; one that belongs to nobody in the cast has a name and no followers."""
    if "pages_read_engagement" not in session.scopes:
        raise RefusedError(REFUSALS["error_10_permission"])
    values: Values = {
        "id": shown.id,
        "name": shown.name or None,
        "access_token": token,
        "category": "Digital creator",
        "category_list": [{"id": "1350536325044173", "name": "Digital creator"}],
        "tasks": shown.tasks,
        "link": f"https://www.facebook.com/{shown.id}",
        "is_published": True,
        "fan_count": 0,
        "followers_count": 0,
        "verification_status": "not_verified",
        **({} if shown.owner is None else _creator(shown.owner)),
    }
    return meta.selected(meta.filled(values), fields, "Page", _FIELDS)


def _creator(persona: Persona) -> Values:
    """The fields that a creator has filled in on their own page."""
    picture = {"height": 720, "width": 720, "is_silhouette": False, "url": persona.picture_url}
    return {
        "username": persona.username,
        "about": persona.biography,
        "description": "Weekly notes." if persona.biography else None,
        "link": f"https://www.facebook.com/{persona.username}",
        "website": persona.website,
        "fan_count": persona.follower_count - persona.follower_count // 16,
        "followers_count": persona.follower_count,
        "verification_status": "blue_verified" if persona.follower_count >= 100_000 else "not_verified",
        "picture": {"data": picture} if persona.picture_url else None,
    }


def _node(_session: Session, wanted: str) -> object:
    raise meta.gone(wanted)


def _insights(session: Session, wanted: str) -> object:
    """`/{page}/insights` for one metric, day by day."""
    sent = session.sent
    shown = next((page for page in visible(session) if page.id == wanted), None)
    if shown is None:
        raise meta.gone(wanted)
    if session.claims.kind != "page":
        raise RefusedError(REFUSALS["error_190_page_token_required"])
    if "read_insights" not in session.scopes or "ANALYZE" not in shown.tasks:
        raise RefusedError(REFUSALS["error_200_missing_task"])
    if not sent.get("metric"):
        raise RefusedError(REFUSALS["error_3001_1504028_no_metric"])
    traits = frozenset() if shown.owner is None else shown.owner.traits
    refused_city = sent["metric"] == "page_follows_city" and Trait.CITIES_REFUSED in traits
    if sent["metric"] not in (*_METRICS, *_OTHER_METRICS) or refused_city:
        raise RefusedError(REFUSALS["error_100_retired_metric"])
    if sent.get("period") not in ("day", "lifetime") or (sent["period"] == "day" and Trait.DAYS_REFUSED in traits):
        raise meta.refused(400, 100, "(#100) The period is not supported for this metric")
    return {"data": _series(session, shown), "paging": _other_days(session)}


def _series(session: Session, shown: Page) -> list[Values]:
    """The metric's numbers; nothing below the threshold, nor for a page that is too new."""
    persona, metric, period = shown.owner, session.sent["metric"], session.sent["period"]
    if persona is None or metric not in _METRICS:
        return []
    if persona.follower_count < _THRESHOLD or Trait.FRESH in persona.traits:
        return []
    people = persona.audience.countries if metric == "page_follows_country" else persona.audience.cities
    largest = sorted(people.items(), key=lambda row: (-row[1], row[0]))[:_TOP]
    values = [{"value": dict(largest), "end_time": f"{end:%Y-%m-%dT%H:%M:%S%z}"} for end in _days(session)]
    if Trait.LATEST_DAY_EMPTY in persona.traits and len(values) > 1:
        values[-1]["value"] = {}
    about = {"title": _METRICS[metric], "description": "", "id": f"{shown.id}/insights/{metric}/{period}"}
    return [{"name": metric, "period": period, "values": values, **about}]


def _days(session: Session) -> Iterator[datetime]:
    """Ends of the days that were asked for, or of the last two; for a lifetime only the newest."""
    since, until = _asked_days(session)
    if session.sent["period"] == "lifetime":
        since = until - timedelta(days=1)
    end = datetime.combine(since.date(), _DAY_ENDS)
    while end <= until:
        if end > since:
            yield end
        end += timedelta(days=1)


def _asked_days(session: Session) -> tuple[datetime, datetime]:
    sent, now = session.sent, session.request.now
    until = datetime.fromtimestamp(meta.number(sent["until"], "until"), UTC) if "until" in sent else now
    since = until - timedelta(days=2)
    if "since" in sent:
        since = datetime.fromtimestamp(meta.number(sent["since"], "since"), UTC)
    if not since < until <= since + _LONGEST:
        raise meta.refused(400, 100, "(#100) There cannot be more than 90 days between since and until")
    return since, min(until, now)


def _other_days(session: Session) -> Values:
    """Links to earlier and later days, which are not pages of a list; the token is in the address."""
    since, until = (int(instant.timestamp()) for instant in _asked_days(session))
    address = session.request.url.replace("https://graph.facebook.com", session.request.public_base)

    def days(first: int, last: int) -> str:
        return f"{address}?{urlencode({**session.sent, 'since': first, 'until': last})}"

    return {"previous": days(2 * since - until, since), "next": days(until, 2 * until - since)}


def _targets(scope: str, pages: Sequence[Page]) -> list[str] | None:
    return [shown.id for shown in pages] if scope.startswith("pages_") or scope == "read_insights" else None


def _usage(session: Session, percent: int) -> dict[str, str]:
    """The app's usage for a person's token; for a page's token also the usage of the page."""
    if session.claims.kind != "page":
        return meta.app_usage(percent)
    return {**meta.app_usage(1), **meta.business_usage("pages", session.claims.bound_to, percent), **meta.page_usage(1)}


_SITE = Site(
    dialog=Dialog("Facebook's consent dialog", APP_ID, APP_NAME, _SCOPES, "read_insights", DENIED, config_id=CONFIG_ID),
    prefix="EAAF",
    refusals=REFUSALS,
    page=_page,
    node=_node,
    insights=_insights,
    targets=_targets,
    usage=_usage,
)
