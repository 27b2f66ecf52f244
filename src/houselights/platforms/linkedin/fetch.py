"""One refresh: a page with its followers, and a further step that names their places; or the member alone.

Source: https://learn.microsoft.com/en-us/linkedin/marketing/community-management/organizations/follower-statistics
(read 2026-11-23).
"""

from datetime import datetime

from houselights.core.errors import NotGranted, PlatformDown, PlatformError, TokenRevoked
from houselights.core.messages import Request, Response, Script, ask, ask_all
from houselights.platforms.linkedin import calls, raw
from houselights.platforms.linkedin.normalise import (
    audience_facts,
    names_of,
    page_facts,
    person_facts,
    unnamed,
)
from houselights.platforms.linkedin.refusals import GoneError, refusal
from houselights.port import replies
from houselights.port.manifest import Manifest
from houselights.port.platform import AppKeys, Grant, Reading, Usage
from houselights.resources.audience import AudienceFacts, NoAudience

PAGE, MEMBER = "page", "member"
"""What a grant is for."""


def usage(_manifest: Manifest, _reply: Response) -> Usage | None:
    """LinkedIn's replies say nothing about its quotas."""
    return None


def read(manifest: Manifest, _app: AppKeys, grant: Grant, now: datetime, with_audience: bool) -> Script[Reading]:
    """As `Platform.read`. A member has no audience."""
    if grant.refs["kind"] == MEMBER:
        return Reading(person_facts((yield from read_person(manifest, grant, now))), NoAudience("NOT_SUPPORTED"))
    urn = calls.urn(grant.refs["id"])
    statistics = f"organizationalEntityFollowerStatistics?q=organizationalEntity&organizationalEntity={urn}"
    about, size, *counted = yield from ask_all(
        calls.rest(manifest, grant, f"organizations/{grant.refs['id']}"),
        calls.rest(manifest, grant, f"networkSizes/{urn}?edgeType={manifest.settings['edge']}"),
        *([calls.rest(manifest, grant, statistics)] if with_audience else []),
    )
    if isinstance(refusal(about, now), GoneError):
        raise (yield from _why_gone(manifest, grant, now))
    page = replies.fit(_needed(about, now), raw.Organization)
    sized = _optional(size, now)
    followers = None if isinstance(sized, PlatformError) else replies.fit(sized, raw.NetworkSize).first_degree_size
    told = _optional(counted[0], now) if with_audience else None
    if told is None or isinstance(told, PlatformError):
        reason = "EMPTY" if isinstance(told, GoneError) else "NOT_GRANTED"
        return Reading(page_facts(page, followers), NoAudience(reason))
    audience = yield from _audience(manifest, grant, replies.fit(told, raw.Statistics), now)
    return Reading(page_facts(page, followers), audience)


def read_person(manifest: Manifest, grant: Grant, now: datetime) -> Script[raw.Person]:
    """The member."""
    reply = yield from ask(calls.plain(manifest, grant, "userinfo"))
    return replies.fit(_needed(reply, now), raw.Person)


def administered(manifest: Manifest, grant: Grant, start: int) -> Request:
    """A page of the list of pages that the member administers."""
    size = manifest.settings["page_size"]
    asked = f"q=roleAssignee&role=ADMINISTRATOR&state=APPROVED&start={start}&count={size}"
    return calls.rest(manifest, grant, f"organizationAcls?{asked}")


def _why_gone(manifest: Manifest, grant: Grant, now: datetime) -> Script[PlatformError]:
    """Why a page is not found: whether the member still administers it.

    ->  PlatformDown if they do, so that it is asked for again; TokenRevoked if it is not in the list of their pages
    """
    size, urn = int(manifest.settings["page_size"]), f"urn:li:organization:{grant.refs['id']}"
    for number in range(manifest.limits.pages):
        listed = replies.fit(
            _needed((yield from ask(administered(manifest, grant, number * size))), now), raw.Acls
        ).elements
        if any(acl.organization == urn for acl in listed):
            return PlatformDown("linkedin_page_not_found")
        if len(listed) < size:
            return TokenRevoked("linkedin_page_gone")
    return PlatformDown("linkedin_page_not_found")


def _audience(
    manifest: Manifest, grant: Grant, statistics: raw.Statistics, now: datetime
) -> Script[AudienceFacts | NoAudience]:
    """The audience; places that are in no table are looked up: one call for countries, one for metropolitan areas."""
    lookups = [
        calls.plain(manifest, grant, f"geo?ids={calls.id_list(numbers)}&locale=(language:en,country:US)")
        for numbers in unnamed(statistics)
        if numbers
    ]
    names: dict[str, str] = {}
    refused: PlatformError | None = None
    if lookups:
        for reply in (yield from ask_all(*lookups)):
            told = _optional(reply, now)
            if isinstance(told, PlatformError):
                refused = told
            else:
                names |= names_of(replies.fit(told, raw.Batch))
    return audience_facts(manifest, statistics, names, refused)


def _needed(reply: Response, now: datetime) -> bytes:
    """A body that the profile needs; a missing right means that nothing can be read any more."""
    refused = refusal(reply, now)
    if isinstance(refused, NotGranted):
        raise TokenRevoked(refused.code)
    if refused is not None:
        raise refused
    return reply.body


def _optional(reply: Response, now: datetime) -> bytes | PlatformError:
    """A body that the profile can do without. Raises a refusal that would stop the other calls as well."""
    refused = refusal(reply, now)
    if refused is None or isinstance(refused, NotGranted | GoneError):
        return reply.body if refused is None else refused
    raise refused
