"""One refresh: the profile, the number of followers, and four tables of them, side by side.

Source: https://developers.facebook.com/docs/threads/insights (read 2026-11-23).
"""

from datetime import datetime

from houselights.core.messages import Request, Response, Script, ask, ask_all
from houselights.core.secret import Secret
from houselights.platforms.threads import raw
from houselights.platforms.threads.normalise import follower_count, profile_facts, table
from houselights.platforms.threads.oauth import asked_followers, asked_profile
from houselights.port.families import meta_graph
from houselights.port.families.meta_demographics import AGE, CITY, COUNTRY, GENDER, Answer, audience_facts
from houselights.port.families.meta_graph import Kind
from houselights.port.families.meta_long_lived import USER
from houselights.port.manifest import Manifest
from houselights.port.platform import AppKeys, Grant, Reading, Usage
from houselights.port.replies import fit
from houselights.resources.audience import NoAudience

_DIMENSIONS = (COUNTRY, CITY, AGE, GENDER)


def usage(manifest: Manifest, reply: Response) -> Usage | None:
    """As `Platform.usage`."""
    return meta_graph.usage(reply, manifest.limits)


def read(manifest: Manifest, _app: AppKeys, grant: Grant, _now: datetime, with_audience: bool) -> Script[Reading]:
    """As `Platform.read`. Without the scope for insights, the number of followers is unknown."""
    token, account = grant.tokens[USER], grant.refs["account"]
    if not set(manifest.oauth.scopes["IDENTITY.AUDIENCE"]) <= set(grant.scopes):
        reply = yield from ask(asked_profile(manifest, token))
        return Reading(profile_facts(meta_graph.profile(reply, raw.User), None), NoAudience("NOT_GRANTED"))
    identity, counted, *rest = yield from ask_all(
        asked_profile(manifest, token),
        asked_followers(manifest, token, account),
        *(_demographics(manifest, token, account, dimension) for dimension in _DIMENSIONS if with_audience),
    )
    user = meta_graph.profile(identity, raw.User)
    followers = _followers(manifest, counted)
    if not with_audience:
        return Reading(profile_facts(user, followers), NoAudience("NOT_GRANTED"))
    answers = {name: _answer(manifest, name, reply) for name, reply in zip(_DIMENSIONS, rest, strict=True)}
    return Reading(profile_facts(user, followers), audience_facts(manifest, answers, (), followers))


def _demographics(manifest: Manifest, token: Secret, account: str, dimension: str) -> Request:
    path = f"{account}/threads_insights"
    return meta_graph.get(manifest, path, token, metric=manifest.settings["metric"], breakdown=dimension)


def _followers(manifest: Manifest, reply: Response) -> int | None:
    """The number of followers; None if this one call is refused."""
    insights = _insights(reply)
    return None if isinstance(insights, Kind) else follower_count(manifest, insights)


def _answer(manifest: Manifest, dimension: str, reply: Response) -> Answer:
    insights = _insights(reply)
    return insights if isinstance(insights, Kind) else table(manifest, insights, dimension)


def _insights(reply: Response) -> raw.Insights | Kind:
    """What one call answered. Raises a refusal that would stop the others as well."""
    refused = meta_graph.refusal(reply)
    if refused is None:
        return fit(reply.body, raw.Insights)
    if refused.kind in meta_graph.ANSWERS:
        return refused.kind
    raise refused.error()
