"""Raw replies -> profile and audience: what is missing is None, what is unknown is flagged.

Not here: asking (`fetch`) and arithmetic (`rules.shares`).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeAlias

import msgspec
from msgspec import Struct

from houselights.core.errors import NotGiven, NotGranted, PlatformChanged, PlatformError
from houselights.core.messages import Response
from houselights.platforms.pinterest import raw
from houselights.platforms.pinterest.refusals import refusal
from houselights.port import lists, replies
from houselights.port.manifest import Manifest
from houselights.port.platform import UnfitReplyError
from houselights.resources.audience import AudienceFacts, Gender, NoAudience, Quality
from houselights.resources.profiles import ProfileFacts, Reputation
from houselights.rules.countries import country
from houselights.rules.demographics import age_range, gender
from houselights.rules.shares import product, told
from houselights.rules.texts import said

Kept: TypeAlias = raw.Account | raw.AdAccounts | raw.Insights | PlatformError

_TYPES = {"BUSINESS": "BUSINESS", "PINNER": "PERSONAL"}

_AT_ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""For kept refusals: how long we had to wait at the time no longer matters."""


class _Shape(Struct, frozen=True):
    """Just enough of a kept reply to recognise it."""

    username: msgspec.Raw = msgspec.Raw()
    items: msgspec.Raw = msgspec.Raw()
    demographics: msgspec.Raw = msgspec.Raw()
    code: msgspec.Raw = msgspec.Raw()


def profile(manifest: Manifest, kept: Sequence[bytes]) -> ProfileFacts:
    """As `Platform.normalise_profile`."""
    found = _recognised(manifest, kept)
    accounts = [(place, each) for place, each in enumerate(found) if isinstance(each, raw.Account)]
    if not accounts:
        raise UnfitReplyError(0, "no reply about an account: `$.username` is missing")
    if len({str(account.id) for _, account in accounts}) > 1:
        raise UnfitReplyError(accounts[-1][0], "another account than that of an earlier reply - at `$.id`")
    return profile_facts(accounts[0][1])


def audience(manifest: Manifest, kept: Sequence[bytes]) -> AudienceFacts | NoAudience:
    """As `Platform.normalise_audience`; a list of ad accounts without insights means that none is the creator's."""
    insights: raw.Insights | None = None
    refused: PlatformError | None = None
    found = _recognised(manifest, kept)
    for place, each in enumerate(found):
        if isinstance(each, raw.Insights):
            if insights is not None:
                raise UnfitReplyError(place, "a second reply about an audience")
            insights = each
        elif isinstance(each, PlatformError):
            refused = each
    if insights is not None:
        return audience_facts(insights)
    if refused is not None:
        return NoAudience("NOT_GRANTED" if isinstance(refused, NotGranted) else "EMPTY")
    if any(isinstance(each, raw.AdAccounts) for each in found):
        return NoAudience("NOT_SUPPORTED")
    raise UnfitReplyError(0, "no reply about an audience: `$.demographics` is missing")


def profile_facts(account: raw.Account) -> ProfileFacts:
    """One account as the contract serves it."""
    username, name = said(account.username), said(account.business_name)
    kind = account.account_type
    return ProfileFacts(
        username=username,
        platform_username=username,
        full_name=name or username,
        url=f"https://www.pinterest.com/{username}/" if username else None,
        introduction=said(account.about),
        image_url=said(account.profile_image),
        external_id=str(account.id),
        platform_account_type=_TYPES.get(kind or ""),
        website=said(account.website_url),
        reputation=Reputation(
            follower_count=account.follower_count,
            following_count=account.following_count,
            content_count=account.pin_count,
            content_group_count=account.board_count,
        ),
        platform_profile_name=name or username,
        platform_profile_id=str(account.id),
        is_business=None if kind is None else kind == "BUSINESS",
    )


def own_ad_account(account: raw.Account, listed: raw.AdAccounts) -> raw.AdAccount | None:
    """The creator's own ad account, None without one; one shared with them has an audience that is not theirs."""
    for each in listed.items:
        owner = each.owner
        is_own = owner.username == account.username if owner.id is None else str(owner.id) == str(account.id)
        if is_own:
            return each
    return None


def audience_facts(insights: raw.Insights) -> AudienceFacts | NoAudience:
    """The audience of one reading."""
    parts = insights.demographics
    flags: set[Quality] = set()
    everything = (parts.countries, parts.metros, parts.ages, parts.genders)
    missing = NotGiven("not_told") if any(everything) else None
    return lists.audience(
        _places(parts.countries, lambda part: country(part.key), missing, flags),
        _places(parts.metros, _metro, missing, flags),
        _people(parts, missing, flags),
        flags,
    )


def read_insights(manifest: Manifest, body: bytes) -> raw.Insights:
    """A reply about an audience. Raises PlatformChanged if it is not the creator's audience."""
    insights = replies.fit(body, raw.Insights)
    wanted = manifest.settings["audience_type"]
    if insights.type != wanted:
        raise PlatformChanged("reply_changed", f"Expected {wanted} - at `$.type`")
    return insights


def _places(
    parts: Sequence[raw.Part] | None,
    key: Callable[[raw.Part], str | None],
    missing: PlatformError | None,
    flags: set[Quality],
) -> lists.Shares[str]:
    """Percentages of the whole audience, although only the largest places are listed."""
    if parts is None:
        return missing or {}
    shares = told((key(part), part.ratio) for part in parts)
    if shares:
        flags.add(Quality.TRUNCATED)
    return shares


def _people(
    parts: raw.Demographics, missing: PlatformError | None, flags: set[Quality]
) -> Mapping[tuple[Gender, str], Decimal] | PlatformError:
    """The product of genders and ages, which are given separately."""
    if parts.genders is None or parts.ages is None:
        return missing or {}
    by_gender = [(gender(part.key), part.ratio) for part in parts.genders]
    by_age = [(age_range(part.key), part.ratio) for part in parts.ages]
    people = product(by_gender, by_age)
    unknown = any(part and g is Gender.OTHERS for g, part in by_gender) or any(part and a is None for a, part in by_age)
    if people:
        flags |= {Quality.ESTIMATED_GENDER_AGE} | ({Quality.UNKNOWN_SHARE} if unknown else set())
    return people


def _metro(part: raw.Part) -> str | None:
    return (said(part.name) or "").strip() or None


def _recognised(manifest: Manifest, kept: Sequence[bytes]) -> list[Kept]:
    """The kept replies, each recognised by what it holds."""
    found: list[Kept] = []
    for place, body in enumerate(kept):
        try:
            found.append(_recognise(manifest, body))
        except PlatformChanged as error:
            raise UnfitReplyError(place, str(error)) from None
    return found


def _recognise(manifest: Manifest, body: bytes) -> Kept:
    shape = replies.fit(body, _Shape)
    if bytes(shape.demographics):
        return read_insights(manifest, body)
    if bytes(shape.items):
        return replies.fit(body, raw.AdAccounts)
    if bytes(shape.username):
        return replies.fit(body, raw.Account)
    refused = refusal(Response(200, {}, body), _AT_ANY_TIME) if bytes(shape.code) else None
    if isinstance(refused, NotGranted | NotGiven):
        return refused
    raise PlatformChanged("reply_changed", "neither an account (`$.username`) nor an audience (`$.demographics`)")
