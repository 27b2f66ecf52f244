"""One refresh: the page, and its followers by country and by city, side by side.

Each metric is asked for separately, so that one that is retired or refused does not cost the other.
Source: https://developers.facebook.com/docs/platforminsights/page (read 2026-11-23).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from houselights.core.errors import TokenRevoked
from houselights.core.messages import Request, Response, Script, ask_all
from houselights.platforms.facebook import raw
from houselights.platforms.facebook.normalise import METRICS, profile_facts, table
from houselights.port.families import meta_graph, meta_login
from houselights.port.families.meta_demographics import Answer, audience_facts
from houselights.port.families.meta_graph import GoneError, Kind, OtherTokenError
from houselights.port.manifest import Manifest
from houselights.port.platform import AppKeys, Grant, Reading, Usage
from houselights.port.replies import fit
from houselights.resources.audience import NoAudience


def usage(manifest: Manifest, reply: Response) -> Usage | None:
    """As `Platform.usage`."""
    return meta_graph.usage(reply, manifest.limits)


def read(manifest: Manifest, app: AppKeys, grant: Grant, now: datetime, with_audience: bool) -> Script[Reading]:
    """As `Platform.read`. A page that is gone, or needs a token of another kind, is looked up again once."""
    try:
        return (yield from _reading(manifest, app, grant, now, with_audience))
    except (GoneError, OtherTokenError):
        page = yield from meta_login.page(manifest, app, grant.tokens["user"], grant.refs["page"])
    if page.access_token is None:
        raise TokenRevoked("page_lost")
    found = msgspec.structs.replace(grant, tokens={**grant.tokens, "page": page.access_token})
    return (yield from _reading(manifest, app, found, now, with_audience))


def _reading(manifest: Manifest, app: AppKeys, grant: Grant, now: datetime, with_audience: bool) -> Script[Reading]:
    """The numbers of the last few days; a metric that refuses days is asked for again by its lifetime."""
    settings = manifest.settings
    wanted = with_audience and set(manifest.oauth.scopes["IDENTITY.AUDIENCE"]) <= set(grant.scopes)
    page, token = grant.refs["page"], grant.tokens["page"]
    identity, *rest = yield from ask_all(
        meta_graph.signed_get(manifest, app, page, token, fields=settings["profile_fields"]),
        *(_insights(manifest, app, grant, metric, now) for metric in METRICS if wanted),
    )
    profile = profile_facts(meta_graph.profile(identity, raw.Page))
    if not wanted:
        return Reading(profile, NoAudience("NOT_GRANTED"))
    answers = _answers(manifest, list(METRICS), rest)
    refused = [metric for metric in METRICS if answers[METRICS[metric]] is Kind.PARAMETER]
    if refused:
        rest = list((yield from ask_all(*(_insights(manifest, app, grant, metric, None) for metric in refused))))
        answers |= _answers(manifest, refused, rest)
    return Reading(profile, audience_facts(manifest, answers, (), profile.reputation.follower_count))


def _insights(manifest: Manifest, app: AppKeys, grant: Grant, metric: str, now: datetime | None) -> Request:
    """Asks for the last few days up to `now`; if it is None, for the lifetime."""
    settings = manifest.settings
    path = f"{grant.refs['page']}/insights"
    asked = {"metric": settings[metric], "period": settings["period_otherwise"]}
    if now is not None:
        since = now - timedelta(days=int(settings["days"]))
        days = {"since": str(int(since.timestamp())), "until": str(int(now.timestamp()))}
        asked |= {"period": settings["period"], **days}
    return meta_graph.signed_get(manifest, app, path, grant.tokens["page"], **asked)


def _answers(manifest: Manifest, metrics: Sequence[str], replies: Sequence[Response]) -> dict[str, Answer]:
    """Answers by dimension. Raises a refusal that would stop every dimension."""
    return {METRICS[metric]: _answer(manifest, reply) for metric, reply in zip(metrics, replies, strict=True)}


def _answer(manifest: Manifest, reply: Response) -> Answer:
    refused = meta_graph.refusal(reply)
    if refused is None:
        return table(manifest, fit(reply.body, raw.Insights))
    if refused.kind in meta_graph.ANSWERS:
        return refused.kind
    raise refused.error()
