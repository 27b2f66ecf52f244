"""One refresh: the profile and the audience's three dimensions, side by side.

Source: https://developers.facebook.com/docs/instagram-platform/api-reference/instagram-user/insights
(read 2026-11-23).
"""

from datetime import datetime

from houselights.core.messages import Request, Response, Script
from houselights.core.secret import Secret
from houselights.platforms.instagram_direct import raw
from houselights.platforms.instagram_direct.normalise import profile_facts
from houselights.platforms.instagram_direct.oauth import me
from houselights.port.families import meta_graph
from houselights.port.families.meta_demographics import Account, reading
from houselights.port.families.meta_graph import GoneError
from houselights.port.families.meta_long_lived import USER
from houselights.port.manifest import Manifest
from houselights.port.platform import AppKeys, Grant, Reading, Usage
from houselights.resources.profiles import ProfileFacts


def usage(manifest: Manifest, reply: Response) -> Usage | None:
    """As `Platform.usage`."""
    return meta_graph.usage(reply, manifest.limits)


def read(manifest: Manifest, _app: AppKeys, grant: Grant, _now: datetime, with_audience: bool) -> Script[Reading]:
    """As `Platform.read`. An account that is gone is looked up once more before the grant counts as dead."""
    with_audience = with_audience and set(manifest.oauth.scopes["IDENTITY.AUDIENCE"]) <= set(grant.scopes)
    token, account = grant.tokens[USER], grant.refs["account"]
    try:
        return (yield from reading(manifest, _account(manifest, token, account), with_audience=with_audience))
    except GoneError:
        user = yield from me(manifest, token)
    return (yield from reading(manifest, _account(manifest, token, str(user.user_id)), with_audience=with_audience))


def _account(manifest: Manifest, token: Secret, account: str) -> Account:
    """No `timeframe`: the audience is today's, and a timeframe would only add a column."""
    asked = {name: manifest.settings[name] for name in ("metric", "period", "metric_type")}

    def insights(dimension: str) -> Request:
        return meta_graph.get(manifest, f"{account}/insights", token, **asked, breakdown=dimension)

    fields = manifest.settings["profile_fields"]
    return Account(meta_graph.get(manifest, account, token, fields=fields), _profile, insights)


def _profile(reply: Response) -> ProfileFacts:
    return profile_facts(meta_graph.profile(reply, raw.User))
