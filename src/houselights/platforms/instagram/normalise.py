"""Raw replies -> profile and audience: what is missing is None, what is unknown is counted and flagged.

Not here: asking (`fetch`), tables of followers (`port.families.meta_demographics`) and arithmetic (`rules.shares`).
"""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from houselights.core.errors import PlatformChanged
from houselights.platforms.instagram import raw
from houselights.port.families import meta_demographics, meta_graph
from houselights.port.families.meta_demographics import Answer, Insights
from houselights.port.manifest import Manifest
from houselights.port.platform import UnfitReplyError
from houselights.resources.audience import AudienceFacts, NoAudience
from houselights.resources.profiles import ProfileFacts, Reputation
from houselights.rules.texts import storable

_ACCOUNT_TYPES = {"BUSINESS": "BUSINESS", "MEDIA_CREATOR": "CREATOR"}


class _Shape(Struct, frozen=True):
    """Just enough of a kept reply to recognise it."""

    data: msgspec.Raw = msgspec.Raw()
    username: str | None = None


def profile(manifest: Manifest, replies: Sequence[bytes]) -> ProfileFacts:
    """As `Platform.normalise_profile`; replies about the audience of the same refresh may lie among them.

    Where the same account comes in both of its forms, they complete each other: the one with `ig_id` goes first.
    """
    users = _users(_kept(manifest, replies))
    if not users:
        raise UnfitReplyError(0, "no reply about a profile: `$.username` is missing")
    facts = [profile_facts(user) for user in sorted(users, key=lambda user: user.user_id is not None)]
    whole = facts[0]
    for more in facts[1:]:
        missing = [name for name in ProfileFacts.__struct_fields__ if getattr(whole, name) is None]
        whole = msgspec.structs.replace(whole, **{name: getattr(more, name) for name in missing})
    return whole


def audience(manifest: Manifest, replies: Sequence[bytes]) -> AudienceFacts | NoAudience:
    """As `Platform.normalise_audience`; the profile reply of the same refresh, if among them, tells the followers."""
    kept = _kept(manifest, replies)
    followers = next((user.followers_count for user in _users(kept)), None)
    return meta_demographics.kept_audience(manifest, kept, followers)


def profile_facts(user: raw.User) -> ProfileFacts:
    """One account as the contract serves it; only professional accounts connect, so all of them are business ones."""
    username = _text(user.username)
    account_id = str(user.ig_id or user.user_id or user.id)
    return ProfileFacts(
        username=username,
        platform_username=username,
        full_name=_text(user.name),
        url=None if username is None else f"https://instagram.com/{username}",
        introduction=_text(user.biography),
        image_url=_text(user.profile_picture_url),
        external_id=account_id,
        platform_account_type=_ACCOUNT_TYPES.get(user.account_type or ""),
        website=_text(user.website),
        reputation=Reputation(
            follower_count=user.followers_count, following_count=user.follows_count, content_count=user.media_count
        ),
        platform_profile_name=username,
        platform_profile_id=account_id,
        is_business=True,
    )


def _users(kept: Sequence[object]) -> list[raw.User]:
    """Every form of the one account that the replies are about."""
    users: list[raw.User] = []
    for place, reply in enumerate(kept):
        if isinstance(reply, raw.User):
            users.append(reply)
            if _key(reply) != _key(users[0]):
                raise UnfitReplyError(place, "another account than that of an earlier reply - at `$.id`")
    return users


def _key(user: raw.User) -> str:
    return str(user.user_id or user.id)


def _kept(manifest: Manifest, replies: Sequence[bytes]) -> list[raw.User | Answer]:
    def good(body: bytes) -> raw.User | Answer:
        shape = meta_graph.fit(body, _Shape)
        if bytes(shape.data):
            return meta_demographics.table(manifest, meta_graph.fit(body, Insights))
        if shape.username is None:
            raise PlatformChanged("reply_changed", "neither a profile (`$.username`) nor an audience (`$.data`)")
        return meta_graph.fit(body, raw.User)

    return meta_graph.kept(replies, good)


def _text(text: str | None) -> str | None:
    return None if text is None else storable(text)
