"""Raw replies -> profile and audience: what is missing is None, what is unknown is counted and flagged.

Not here: asking (`fetch`) and arithmetic (`rules.shares`).
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias, TypeVar

import msgspec
from msgspec import Struct, structs

from houselights.core.errors import NotGiven, NotGranted, PlatformChanged, PlatformError
from houselights.core.messages import Response
from houselights.platforms.tiktok import raw
from houselights.platforms.tiktok.refusals import FIELD_REFUSED, refusal
from houselights.port import lists, replies
from houselights.port.manifest import Manifest
from houselights.port.platform import UnfitReplyError
from houselights.resources.audience import AudienceFacts, Gender, NoAudience, Quality
from houselights.resources.profiles import ProfileFacts, Reputation
from houselights.rules.countries import country
from houselights.rules.demographics import age_range, gender
from houselights.rules.shares import product, told
from houselights.rules.texts import said

Answer: TypeAlias = raw.Audience | PlatformError
"""What one call says about the audience, or why it was refused."""

T = TypeVar("T", raw.CountryPart, raw.CityPart)

Kept: TypeAlias = Answer | raw.Profile | raw.User | raw.TokenInfo


class _Shape(Struct, frozen=True):
    """Just enough of a kept reply to recognise it."""

    code: int | None = None
    data: msgspec.Raw = msgspec.Raw(b"{}")


class _Data(Struct, frozen=True):
    """Which keys there are."""

    display_name: msgspec.Raw = msgspec.Raw()
    username: msgspec.Raw = msgspec.Raw()
    creator_id: msgspec.Raw = msgspec.Raw()
    user: msgspec.Raw = msgspec.Raw()


def profile(_manifest: Manifest, kept: Sequence[bytes]) -> ProfileFacts:
    """As `Platform.normalise_profile`; replies about the audience of the same refresh may be among them.

    The Accounts API does not repeat the id in the profile: it is None unless a reply of `token_info` gives it.
    """
    found = _recognised(kept)
    for place, each in enumerate(found):
        if isinstance(each, raw.User):
            return display_profile_facts(each)
        if isinstance(each, raw.Profile):
            others = [other for other in found[place + 1 :] if isinstance(other, raw.Profile) and other != each]
            if others:
                raise UnfitReplyError(found.index(others[0]), "a second profile - at `$.data`")
            open_id = next((info.creator_id for info in found if isinstance(info, raw.TokenInfo)), None)
            return profile_facts(each, open_id)
    raise UnfitReplyError(0, "no reply about a profile: `$.data.display_name` is missing")


def audience(manifest: Manifest, kept: Sequence[bytes]) -> AudienceFacts | NoAudience:
    """As `Platform.normalise_audience`."""
    found = _recognised(kept)
    answers = [each for each in found if isinstance(each, raw.Audience | PlatformError)]
    if not answers:
        raise UnfitReplyError(0, "no reply about an audience: `$.data.audience_countries` is missing")
    for name in _PARTS:
        told_by = [place for place, each in enumerate(found) if isinstance(each, raw.Audience) and getattr(each, name)]
        if len(told_by) > 1:
            raise UnfitReplyError(told_by[1], f"a second reply about `{name}`")
    return audience_facts(manifest, answers, None)


def profile_facts(about: raw.Profile, open_id: str | None) -> ProfileFacts:
    """A creator as the Accounts API describes them. open_id: None if unknown."""
    return _facts(
        about,
        open_id=open_id,
        picture=about.profile_image,
        is_business=about.is_business_account,
        reputation=Reputation(
            follower_count=about.followers_count,
            following_count=about.following_count,
            like_count=about.total_likes,
            content_count=about.videos_count,
        ),
    )


def display_profile_facts(about: raw.User) -> ProfileFacts:
    """A creator as Login Kit describes them."""
    return _facts(
        about,
        open_id=about.open_id,
        picture=about.avatar_url,
        is_business=None,
        reputation=Reputation(
            follower_count=about.follower_count,
            following_count=about.following_count,
            like_count=about.likes_count,
            content_count=about.video_count,
        ),
    )


def audience_facts(manifest: Manifest, answers: Sequence[Answer], followers: int | None) -> AudienceFacts | NoAudience:
    """The audience of one reading.

    answers    one about everything, or one for each field
    followers  None if only the answers may say
    """
    told_of = [answer for answer in answers if isinstance(answer, raw.Audience)]
    refused = [answer for answer in answers if isinstance(answer, PlatformError)]
    if followers is None:
        followers = next((each.followers_count for each in told_of if each.followers_count is not None), None)
    merged = _merged(told_of)
    says_something = any(getattr(merged, name) for name in _PARTS)
    missing: PlatformError | None = None
    if says_something or not told_of:
        missing = refused[0] if refused else NotGiven("not_told")
    flags: set[Quality] = set()
    return lists.audience(
        _places(merged.audience_countries, _of_country, missing, flags),
        _places(merged.audience_cities, _of_city, missing, flags),
        _people(merged, missing, flags),
        flags,
        is_too_small=followers is not None and followers < (manifest.audience_threshold or 0),
    )


_PARTS = ("audience_countries", "audience_cities", "audience_ages", "audience_genders")


def _places(
    parts: Sequence[T] | None, key: Callable[[T], str | None], missing: PlatformError | None, flags: set[Quality]
) -> lists.Shares[str]:
    """Percentages of all followers by country or city, although only the largest places are listed."""
    if parts is None:
        return missing or {}
    shares = told((key(part), part.percentage) for part in parts)
    if shares:
        flags.add(Quality.TRUNCATED)
    return shares


def _people(
    audience_told: raw.Audience, missing: PlatformError | None, flags: set[Quality]
) -> Mapping[tuple[Gender, str], Decimal] | PlatformError:
    """The product of genders and ages, which are given separately."""
    genders, ages = audience_told.audience_genders, audience_told.audience_ages
    if genders is None or ages is None:
        return missing or {}
    by_gender = [(gender(part.gender), part.percentage) for part in genders]
    by_age = [(age_range(part.age), part.percentage) for part in ages]
    people = product(by_gender, by_age)
    if people:
        flags.add(Quality.ESTIMATED_GENDER_AGE)
    unknown = any(part and g is Gender.OTHERS for g, part in by_gender) or any(part and a is None for a, part in by_age)
    if people and unknown:
        flags.add(Quality.UNKNOWN_SHARE)
    return people


def _merged(told_of: Sequence[raw.Audience]) -> raw.Audience:
    """One audience from several calls, each about some of the fields."""
    whole = raw.Audience()
    for each in told_of:
        new = {name: getattr(each, name) for name in _PARTS if getattr(each, name) or getattr(whole, name) is None}
        whole = structs.replace(whole, **new)
    return whole


def _facts(
    about: raw.Profile | raw.User,
    *,
    open_id: str | None,
    picture: str | None,
    is_business: bool | None,
    reputation: Reputation,
) -> ProfileFacts:
    display_name, username = said(about.display_name), said(about.username)
    return ProfileFacts(
        username=username or display_name,
        platform_username=username or display_name,
        full_name=display_name,
        url=f"https://www.tiktok.com/@{username}" if username else said(about.profile_deep_link),
        introduction=said(about.bio_description),
        image_url=said(picture),
        external_id=open_id,
        reputation=reputation,
        platform_profile_name=display_name or username,
        platform_profile_id=open_id,
        is_verified=about.is_verified,
        is_business=is_business,
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
    if shape.code:
        refused = refusal(Response(200, {}, body))
        if refused is None or not (isinstance(refused, NotGranted) or refused.code in FIELD_REFUSED):
            raise PlatformChanged("reply_changed", "a refusal of the whole refresh, not an answer - at `$.code`")
        return refused
    data = replies.fit(bytes(shape.data), _Data)
    if bytes(data.user):
        return replies.fit(body, raw.UserReply).data.user
    if bytes(data.creator_id):
        return replies.fit(bytes(shape.data), raw.TokenInfo)
    if bytes(data.display_name) or bytes(data.username):
        return replies.fit(bytes(shape.data), raw.Profile)
    if shape.code is None:
        raise PlatformChanged("reply_changed", "neither a profile nor an audience: `$.code` is missing")
    return replies.fit(bytes(shape.data), raw.Audience)


def _of_country(part: raw.CountryPart) -> str | None:
    return country(part.country)


def _of_city(part: raw.CityPart) -> str | None:
    return (said(part.city_name or part.city) or "").strip() or None
