"""One refresh: the profile and the audience's three dimensions, side by side.

Source: https://developers.facebook.com/docs/instagram-platform/api-reference/instagram-user/insights
(read 2026-11-23).
"""

from datetime import datetime

import msgspec

from houselights.core.errors import NotGiven, NotGranted
from houselights.core.messages import Request, Response, Script
from houselights.platforms.instagram import raw
from houselights.platforms.instagram.normalise import profile_facts
from houselights.platforms.instagram.oauth import linked_pages
from houselights.port.families import meta_graph
from houselights.port.families.meta_demographics import Account, reading
from houselights.port.families.meta_graph import GoneError
from houselights.port.manifest import Manifest
from houselights.port.platform import AppKeys, Grant, Reading, Usage
from houselights.resources.profiles import ProfileFacts


def usage(manifest: Manifest, reply: Response) -> Usage | None:
    """As `Platform.usage`."""
    return meta_graph.usage(reply, manifest.limits)


def read(manifest: Manifest, app: AppKeys, grant: Grant, _now: datetime, with_audience: bool) -> Script[Reading]:
    """As `Platform.read`. An account that is gone is looked up once more before the grant counts as dead."""
    with_audience = with_audience and set(manifest.oauth.scopes["IDENTITY.AUDIENCE"]) <= set(grant.scopes)
    try:
        return (yield from reading(manifest, _account(manifest, app, grant), with_audience=with_audience))
    except GoneError:
        found = yield from _found_again(manifest, app, grant)
    return (yield from reading(manifest, _account(manifest, app, found), with_audience=with_audience))


def _found_again(manifest: Manifest, app: AppKeys, grant: Grant) -> Script[Grant]:
    """The grant with the token of the page that the account is linked to now.

    raises  GoneError if there is none
    """
    try:
        pages = yield from linked_pages(manifest, app, grant.tokens["user"], [grant.refs["page"]])
    except (NotGiven, NotGranted) as error:
        raise GoneError(error.code) from None
    for page in pages:
        linked = page.instagram_business_account
        if linked is not None and str(linked.id) == grant.refs["account"]:
            tokens = dict(grant.tokens) if page.access_token is None else {**grant.tokens, "page": page.access_token}
            return msgspec.structs.replace(grant, tokens=tokens, refs={**grant.refs, "page": str(page.id)})
    raise GoneError("account_gone")


def _account(manifest: Manifest, app: AppKeys, grant: Grant) -> Account:
    """The grant's account. No `timeframe`: the audience is today's, and a timeframe would only add a column."""
    account, token = grant.refs["account"], grant.tokens.get("page", grant.tokens["user"])
    asked = {name: manifest.settings[name] for name in ("metric", "period", "metric_type")}

    def insights(dimension: str) -> Request:
        return meta_graph.signed_get(manifest, app, f"{account}/insights", token, **asked, breakdown=dimension)

    fields = manifest.settings["profile_fields"]
    return Account(meta_graph.signed_get(manifest, app, account, token, fields=fields), _profile, insights)


def _profile(reply: Response) -> ProfileFacts:
    return profile_facts(meta_graph.profile(reply, raw.User))
