"""Raw replies -> profile and audience: what is missing is None, what is unknown is counted and flagged.

Not here: asking (`fetch`), tables of followers (`port.families.meta_demographics`) and arithmetic (`rules.shares`).
"""

from collections.abc import Sequence

from houselights.platforms.instagram_direct import raw
from houselights.port.families import meta_demographics, meta_graph
from houselights.port.families.meta_demographics import recognised
from houselights.port.manifest import Manifest
from houselights.port.platform import UnfitReplyError
from houselights.resources.audience import AudienceFacts, NoAudience
from houselights.resources.profiles import ProfileFacts, Reputation
from houselights.rules.texts import said

_ACCOUNT_TYPES = {"BUSINESS": "BUSINESS", "MEDIA_CREATOR": "CREATOR"}


def profile(manifest: Manifest, replies: Sequence[bytes]) -> ProfileFacts:
    """As `Platform.normalise_profile`; replies about the audience of the same refresh may be among them."""
    users = _users(recognised(manifest, replies, raw.User))
    if not users:
        raise UnfitReplyError(0, "no reply about a profile: `$.username` is missing")
    return profile_facts(users[0])


def audience(manifest: Manifest, replies: Sequence[bytes]) -> AudienceFacts | NoAudience:
    """As `Platform.normalise_audience`; the profile reply of the same refresh, if among them, counts the followers."""
    kept = recognised(manifest, replies, raw.User)
    followers = next((user.followers_count for user in _users(kept)), None)
    return meta_demographics.kept_audience(manifest, kept, followers)


def profile_facts(user: raw.User) -> ProfileFacts:
    """One account as the contract serves it; only professional accounts connect, so all of them are business ones."""
    username = said(user.username)
    return ProfileFacts(
        username=username,
        platform_username=username,
        full_name=said(user.name),
        url=None if username is None else f"https://instagram.com/{username}",
        introduction=said(user.biography),
        image_url=said(user.profile_picture_url),
        external_id=str(user.user_id),
        platform_account_type=_ACCOUNT_TYPES.get(user.account_type or ""),
        website=said(user.website),
        reputation=Reputation(
            follower_count=user.followers_count, following_count=user.follows_count, content_count=user.media_count
        ),
        platform_profile_name=username,
        platform_profile_id=str(user.user_id),
        is_business=True,
    )


def _users(kept: Sequence[object]) -> list[raw.User]:
    """The one account that the replies are about, as often as it appears."""
    return meta_graph.about_one(kept, raw.User, lambda user: user.user_id)
