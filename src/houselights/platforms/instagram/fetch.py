"""One refresh: the profile and the audience's three dimensions, side by side.

Source: https://developers.facebook.com/docs/instagram-platform/api-reference/instagram-user/insights
(read 2026-11-23).
"""

from datetime import datetime

import msgspec

from houselights.core.errors import NotGiven, NotGranted, PlatformError, TokenRevoked
from houselights.core.messages import Request, Response, Script, ask_all
from houselights.core.secret import Secret
from houselights.platforms.instagram import raw
from houselights.platforms.instagram.normalise import (
    AGE,
    CITY,
    COUNTRY,
    GENDER,
    JOINT,
    Answer,
    answer,
    audience_facts,
    profile_facts,
)
from houselights.platforms.instagram.oauth import linked_pages
from houselights.port.families import meta_graph
from houselights.port.families.meta_graph import Kind
from houselights.port.manifest import Manifest
from houselights.port.platform import AppKeys, Grant, Reading, Usage
from houselights.resources.audience import NoAudience


class AccountGoneError(TokenRevoked):
    """The account cannot be seen through this page any more: unlinked, deleted, or turned personal."""


def usage(manifest: Manifest, reply: Response) -> Usage | None:
    """As `Platform.usage`."""
    return meta_graph.usage(reply, manifest.limits)


def read(manifest: Manifest, app: AppKeys, grant: Grant, _now: datetime) -> Script[Reading]:
    """As `Platform.read`. An account that has gone is looked up once more before the grant counts as dead."""
    try:
        return (yield from _reading(manifest, app, grant))
    except AccountGoneError:
        found = yield from _found_again(manifest, app, grant)
    return (yield from _reading(manifest, app, found))


def _reading(manifest: Manifest, app: AppKeys, grant: Grant) -> Script[Reading]:
    wanted = (COUNTRY, CITY, JOINT) if _audience_granted(manifest, grant) else ()
    identity, *rest = yield from ask_all(
        _read_account(manifest, app, grant), *(_insights(manifest, app, grant, dimension) for dimension in wanted)
    )
    user = _user(identity)
    if not wanted:
        return Reading(profile_facts(user), NoAudience("NOT_GRANTED"))
    answers = {name: _answer(manifest, reply) for name, reply in zip(wanted, rest, strict=True)}
    if answers[JOINT] is Kind.PARAMETER:
        marginals = (GENDER, AGE)
        replies = yield from ask_all(*(_insights(manifest, app, grant, dimension) for dimension in marginals))
        answers |= {name: _answer(manifest, reply) for name, reply in zip(marginals, replies, strict=True)}
    return Reading(profile_facts(user), audience_facts(manifest, answers, (), user.followers_count))


def _found_again(manifest: Manifest, app: AppKeys, grant: Grant) -> Script[Grant]:
    """The grant with the token of the page that carries the account now.

    raises  AccountGoneError where none does
    """
    try:
        pages = yield from linked_pages(manifest, app, grant.tokens["user"], [grant.refs["page"]])
    except (NotGiven, NotGranted) as error:
        raise AccountGoneError(error.code) from None
    for page in pages:
        linked = page.instagram_business_account
        if linked is not None and str(linked.id) == grant.refs["account"]:
            tokens = dict(grant.tokens) if page.access_token is None else {**grant.tokens, "page": page.access_token}
            return msgspec.structs.replace(grant, tokens=tokens, refs={**grant.refs, "page": str(page.id)})
    raise AccountGoneError("account_gone")


def _user(reply: Response) -> raw.User:
    """The account; a missing scope here means that nothing can be read any more."""
    refused = meta_graph.refusal(reply)
    if refused is not None and refused.kind is Kind.SCOPE:
        raise TokenRevoked(refused.code)
    if refused is not None:
        raise _error(refused)
    return meta_graph.fit(reply.body, raw.User)


def _answer(manifest: Manifest, reply: Response) -> Answer:
    """A dimension's table or why there is none; what would stop the other dimensions as well is raised."""
    refused = meta_graph.refusal(reply)
    if refused is None:
        return answer(manifest, meta_graph.fit(reply.body, raw.Insights))
    if refused.kind in (Kind.SCOPE, Kind.PARAMETER, Kind.EMPTY, Kind.TOO_FEW):
        return refused.kind
    raise _error(refused)


def _error(refused: meta_graph.Refusal) -> PlatformError:
    return AccountGoneError(refused.code) if refused.kind is Kind.GONE else refused.error()


def _token(grant: Grant) -> Secret:
    return grant.tokens.get("page", grant.tokens["user"])


def _audience_granted(manifest: Manifest, grant: Grant) -> bool:
    return set(manifest.oauth.scopes["IDENTITY.AUDIENCE"]) <= set(grant.scopes)


def _read_account(manifest: Manifest, app: AppKeys, grant: Grant) -> Request:
    fields = manifest.settings["profile_fields"]
    return meta_graph.get(manifest, app, grant.refs["account"], _token(grant), fields=fields)


def _insights(manifest: Manifest, app: AppKeys, grant: Grant, dimension: str) -> Request:
    """No `timeframe`: the audience is that of today, and a frame only adds a column."""
    parameters = {name: manifest.settings[name] for name in ("metric", "period", "metric_type")}
    path = f"{grant.refs['account']}/insights"
    return meta_graph.get(manifest, app, path, _token(grant), **parameters, breakdown=dimension)
