"""Raw replies -> profile and audience: what is missing is None, what is unknown is counted and flagged.

Not here: asking (`fetch`), tables of followers (`port.families.meta_demographics`) and arithmetic (`rules.shares`).
"""

from collections.abc import Sequence

import msgspec

from houselights.platforms.instagram import raw
from houselights.port.families import meta_demographics, meta_graph
from houselights.port.families.meta_demographics import recognised
from houselights.port.manifest import Manifest
from houselights.port.platform import UnfitReplyError
from houselights.resources.audience import AudienceFacts, NoAudience
from houselights.resources.profiles import ProfileFacts, Reputation
from houselights.rules.texts import said

_ACCOUNT_TYPES = {"BUSINESS": "BUSINESS", "MEDIA_CREATOR": "CREATOR"}


def profile(manifest: Manifest, replies: Sequence[bytes]) -> ProfileFacts:
    """As `Platform.normalise_profile`; replies about the audience of the same refresh may be among them.

    If the same account appears in both of its forms, they complete each other: the one with `ig_id` takes precedence.
    """
    users = _users(recognised(manifest, replies, raw.User))
    if not users:
        raise UnfitReplyError(0, "no reply about a profile: `$.username` is missing")
    facts = [profile_facts(user) for user in sorted(users, key=lambda user: user.user_id is not None)]
    whole = facts[0]
    for more in facts[1:]:
        missing = [name for name in ProfileFacts.__struct_fields__ if getattr(whole, name) is None]
        whole = msgspec.structs.replace(whole, **{name: getattr(more, name) for name in missing})
    return whole


def audience(manifest: Manifest, replies: Sequence[bytes]) -> AudienceFacts | NoAudience:
    """As `Platform.normalise_audience`; the profile reply of the same refresh, if among them, counts the followers."""
    kept = recognised(manifest, replies, raw.User)
    followers = next((user.followers_count for user in _users(kept)), None)
    return meta_demographics.kept_audience(manifest, kept, followers)


def profile_facts(user: raw.User) -> ProfileFacts:
    """One account as the contract serves it; only professional accounts connect, so all of them are business ones."""
    username = said(user.username)
    account_id = str(user.ig_id or user.user_id or user.id)
    return ProfileFacts(
        username=username,
        platform_username=username,
        full_name=said(user.name),
        url=None if username is None else f"https://instagram.com/{username}",
        introduction=said(user.biography),
        image_url=said(user.profile_picture_url),
        external_id=account_id,
        platform_account_type=_ACCOUNT_TYPES.get(user.account_type or ""),
        website=said(user.website),
        reputation=Reputation(
            follower_count=user.followers_count, following_count=user.follows_count, content_count=user.media_count
        ),
        platform_profile_name=username,
        platform_profile_id=account_id,
        is_business=True,
    )


def _users(kept: Sequence[object]) -> list[raw.User]:
    """The one account that the replies are about, in every form in which it appears."""
    return meta_graph.about_one(kept, raw.User, lambda user: user.user_id or user.id)
