"""Raw replies -> profile and audience: what is missing is None, what is unknown is flagged.

Not here: asking (`fetch`) and arithmetic (`rules.shares`).
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeAlias

import msgspec
from msgspec import Struct

from houselights.core.errors import NotGranted, PlatformChanged
from houselights.core.messages import Response
from houselights.port import lists, replies
from houselights.port.manifest import Manifest
from houselights.port.platform import UnfitReplyError
from houselights.resources.audience import AudienceFacts, Gender, NoAudience, Quality
from houselights.resources.profiles import ProfileFacts, Reputation
from houselights.rules.countries import country
from houselights.rules.demographics import age_range, gender
from houselights.rules.shares import shares
from houselights.rules.texts import said
from tests.newcomer import raw
from tests.newcomer.refusals import refusal

Kept: TypeAlias = raw.Account | raw.Audience | NotGranted

_AT_ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""For kept refusals: how long we had to wait at the time no longer matters."""


class _Shape(Struct, frozen=True):
    """Just enough of a kept reply to recognise it."""

    handle: msgspec.Raw = msgspec.Raw()
    countries: msgspec.Raw = msgspec.Raw()
    code: msgspec.Raw = msgspec.Raw()


def profile(_manifest: Manifest, kept: Sequence[bytes]) -> ProfileFacts:
    """As `Platform.normalise_profile`."""
    found = _recognised(kept)
    accounts = [(place, each) for place, each in enumerate(found) if isinstance(each, raw.Account)]
    if not accounts:
        raise UnfitReplyError(0, "no reply about an account: `$.handle` is missing")
    if len({str(account.id) for _, account in accounts}) > 1:
        raise UnfitReplyError(accounts[-1][0], "another account than that of an earlier reply - at `$.id`")
    return profile_facts(accounts[0][1])


def audience(manifest: Manifest, kept: Sequence[bytes]) -> AudienceFacts | NoAudience:
    """As `Platform.normalise_audience`."""
    found = _recognised(kept)
    told = [(place, each) for place, each in enumerate(found) if isinstance(each, raw.Audience)]
    if len(told) > 1:
        raise UnfitReplyError(told[-1][0], "a second reply about an audience")
    if not told and any(isinstance(each, NotGranted) for each in found):
        return NoAudience("NOT_GRANTED")
    if not told:
        raise UnfitReplyError(0, "no reply about an audience: `$.countries` is missing")
    followers = next((each.followers for each in found if isinstance(each, raw.Account)), None)
    return audience_facts(manifest, told[0][1], followers)


def profile_facts(account: raw.Account) -> ProfileFacts:
    """One account as the contract serves it."""
    handle, name = said(account.handle), said(account.name)
    return ProfileFacts(
        username=handle,
        platform_username=handle,
        full_name=name,
        url=f"https://newcomer.example/@{handle}" if handle else None,
        introduction=said(account.about),
        image_url=said(account.picture),
        external_id=str(account.id),
        website=said(account.website),
        reputation=Reputation(
            follower_count=account.followers, following_count=account.following, content_count=account.posts
        ),
        platform_profile_name=name or handle,
        platform_profile_id=str(account.id),
    )


def audience_facts(manifest: Manifest, told: raw.Audience, followers: int | None) -> AudienceFacts | NoAudience:
    """The audience of one reading. followers: None if they were not counted."""
    pairs = [((gender(each.gender), age_range(each.age)), each.people) for each in told.pairs]
    people = shares((None if age is None else (who, age), count) for (who, age), count in pairs)
    is_unknown = any(count and (who is Gender.OTHERS or age is None) for (who, age), count in pairs)
    return lists.audience(
        shares((country(row.word), row.people) for row in told.countries),
        shares((said(row.word), row.people) for row in told.cities),
        people,
        {Quality.UNKNOWN_SHARE} if is_unknown else (),
        is_too_small=followers is not None and followers < (manifest.audience_threshold or 0),
    )


def _recognised(kept: Sequence[bytes]) -> list[Kept]:
    """The kept replies, each recognised by what it holds."""
    found: list[Kept] = []
    for place, body in enumerate(kept):
        try:
            found.append(_recognise(body))
        except PlatformChanged as error:
            raise UnfitReplyError(place, str(error)) from None
    return found


def _recognise(body: bytes) -> Kept:
    shape = replies.fit(body, _Shape)
    if bytes(shape.countries):
        return replies.fit(body, raw.Audience)
    if bytes(shape.handle):
        return replies.fit(body, raw.Account)
    refused = refusal(Response(200, {}, body), _AT_ANY_TIME) if bytes(shape.code) else None
    if isinstance(refused, NotGranted):
        return refused
    raise PlatformChanged("reply_changed", "neither an account (`$.handle`) nor an audience (`$.countries`)")
