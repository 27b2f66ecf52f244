"""Raw replies -> profile: what is missing is None. Twitch gives no audience."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeAlias

import msgspec
from msgspec import Struct

from houselights.core.errors import AppRefused, NotGranted, PlatformChanged, PlatformError
from houselights.core.messages import Response
from houselights.platforms.twitch import raw
from houselights.platforms.twitch.refusals import refusal
from houselights.port import replies
from houselights.port.manifest import Manifest
from houselights.port.platform import UnfitReplyError
from houselights.resources.audience import AudienceFacts, NoAudience
from houselights.resources.profiles import ProfileFacts, Reputation
from houselights.rules.texts import said

Kept: TypeAlias = raw.User | raw.Followers | PlatformError

_AT_ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""For kept refusals: how long we had to wait at the time no longer matters."""


class _Shape(Struct, frozen=True):
    """Just enough of a kept reply to recognise it."""

    total: msgspec.Raw = msgspec.Raw()
    data: msgspec.Raw = msgspec.Raw()


def profile(_manifest: Manifest, kept: Sequence[bytes]) -> ProfileFacts:
    """As `Platform.normalise_profile`."""
    found = _recognised(kept)
    users = [(place, each) for place, each in enumerate(found) if isinstance(each, raw.User)]
    if not users:
        raise UnfitReplyError(0, "no reply about an account: `$.data[0].login` is missing")
    if len({str(user.id) for _, user in users}) > 1:
        raise UnfitReplyError(users[-1][0], "another account than that of an earlier reply - at `$.data[0].id`")
    total = next((each.total for each in found if isinstance(each, raw.Followers)), None)
    return profile_facts(users[0][1], total)


def audience(_manifest: Manifest, kept: Sequence[bytes]) -> AudienceFacts | NoAudience:
    """As `Platform.normalise_audience`: there is none, in any reply that fits."""
    _recognised(kept)
    return NoAudience("NOT_SUPPORTED")


def profile_facts(user: raw.User, followers: int | None = None) -> ProfileFacts:
    """One account as the contract serves it. followers: None if they were not counted."""
    login, name = said(user.login), said(user.display_name)
    kind = said(user.broadcaster_type)
    return ProfileFacts(
        username=login,
        platform_username=login,
        full_name=name,
        url=f"https://www.twitch.tv/{login}" if login else None,
        introduction=said(user.description),
        image_url=said(user.profile_image_url),
        external_id=str(user.id),
        platform_account_type=None if kind is None else kind.upper(),
        reputation=Reputation(follower_count=followers),
        platform_profile_name=name or login,
        platform_profile_id=str(user.id),
        platform_profile_published_at=user.created_at,
        is_verified=None if user.broadcaster_type is None else kind == "partner",
    )


def kept_refusal(refused: PlatformError) -> bool:
    """Whether a refusal is only about the number of followers, not about the whole refresh."""
    return isinstance(refused, NotGranted | AppRefused)


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
    if bytes(shape.total):
        return replies.fit(body, raw.Followers)
    if bytes(shape.data):
        users = replies.fit(body, raw.Users).data
        if users and users[0].login is not None:
            return users[0]
    refused = refusal(Response(200, {}, body), _AT_ANY_TIME)
    if refused is not None and kept_refusal(refused):
        return refused
    raise PlatformChanged("reply_changed", "neither an account (`$.data[0].login`) nor followers (`$.total`)")
