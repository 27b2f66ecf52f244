"""One refresh: the profile and the audience side by side; with Login Kit only the profile.

There are two calls, so that a refused field of the audience does not cost the profile; if one field spoils the call
for the audience, its fields are asked for one by one.
Source: https://business-api.tiktok.com/portal/docs (TikTok Accounts, read 2026-11-23).
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from houselights.core.errors import NotGranted, PlatformError, TokenRevoked
from houselights.core.messages import Request, Response, Script, ask, ask_all
from houselights.platforms.tiktok import raw
from houselights.platforms.tiktok.normalise import (
    Answer,
    audience_facts,
    display_profile_facts,
    profile_facts,
)
from houselights.platforms.tiktok.refusals import FIELD_REFUSED, display_refusal, refusal
from houselights.port import replies
from houselights.port.families import oauth2
from houselights.port.manifest import Manifest
from houselights.port.platform import AppKeys, Grant, Reading, Usage
from houselights.resources.audience import NoAudience
from houselights.resources.profiles import ProfileFacts


def usage(_manifest: Manifest, _reply: Response) -> Usage | None:
    """TikTok's replies say nothing about its budgets."""
    return None


def read(manifest: Manifest, _app: AppKeys, grant: Grant, _now: datetime, with_audience: bool) -> Script[Reading]:
    """As `Platform.read`."""
    if grant.refs["product"] != "business":
        return Reading((yield from read_profile(manifest, grant)), NoAudience("NOT_SUPPORTED"))
    if not with_audience or not set(manifest.oauth.scopes["IDENTITY.AUDIENCE"]) <= set(grant.scopes):
        return Reading((yield from read_profile(manifest, grant)), NoAudience("NOT_GRANTED"))
    fields = manifest.settings["audience_fields"].split()
    identity, told = yield from ask_all(
        _get(manifest, grant, _profile_fields(manifest, grant)), _get(manifest, grant, ["followers_count", *fields])
    )
    facts = _profile(identity, grant)
    answers = [_answer(told)]
    if any(isinstance(answer, PlatformError) and answer.code in FIELD_REFUSED for answer in answers):
        single = yield from ask_all(*(_get(manifest, grant, ["followers_count", field]) for field in fields))
        answers = [_answer(reply) for reply in single]
    return Reading(facts, audience_facts(manifest, answers, facts.reputation.follower_count))


def read_profile(manifest: Manifest, grant: Grant) -> Script[ProfileFacts]:
    """Only the creator's profile, through the product that the grant belongs to."""
    if grant.refs["product"] == "business":
        return _profile((yield from ask(_get(manifest, grant, _profile_fields(manifest, grant)))), grant)
    url = f"{manifest.settings['display']}/user/info/"
    query = (("fields", manifest.settings["login_kit_fields"]),)
    reply = yield from ask(Request("GET", url, query=query, headers=(oauth2.bearer(grant),)))
    _check(display_refusal(reply))
    return display_profile_facts(replies.fit(reply.body, raw.UserReply).data.user)


def _profile(reply: Response, grant: Grant) -> ProfileFacts:
    _check(refusal(reply))
    data = replies.fit(reply.body, raw.Reply).data
    return profile_facts(replies.fit(bytes(data), raw.Profile), grant.refs["open_id"])


def _check(refused: PlatformError | None) -> None:
    """Raise a refusal of the profile; a missing scope means that nothing can be read any more."""
    if isinstance(refused, NotGranted):
        raise TokenRevoked(refused.code)
    if refused is not None:
        raise refused


def _answer(reply: Response) -> Answer:
    """The audience, or why some of it is refused. Raises a refusal that would stop everything else as well."""
    refused = refusal(reply)
    if refused is None:
        return replies.fit(bytes(replies.fit(reply.body, raw.Reply).data), raw.Audience)
    if isinstance(refused, NotGranted) or refused.code in FIELD_REFUSED:
        return refused
    raise refused


def _profile_fields(manifest: Manifest, grant: Grant) -> list[str]:
    """The fields that the granted scopes cover; if we asked for more, the whole call would be refused."""
    return [field for scope in grant.scopes for field in manifest.settings.get(f"fields {scope}", "").split()]


def _get(manifest: Manifest, grant: Grant, fields: Sequence[str]) -> Request:
    """Asks for fields, which are sent as a JSON list in one parameter."""
    wanted = msgspec.json.encode(fields).decode()
    return Request(
        "GET",
        f"{manifest.settings['business']}/business/get/",
        query=(("business_id", grant.refs["open_id"]), ("fields", wanted)),
        headers=(("access-token", grant.tokens[oauth2.ACCESS]),),
    )
