"""Raw replies -> profile: what is missing is None. X gives no audience."""

from collections.abc import Sequence

from houselights.core.errors import PlatformChanged
from houselights.platforms.x import raw
from houselights.port import replies
from houselights.port.manifest import Manifest
from houselights.port.platform import UnfitReplyError
from houselights.resources.audience import AudienceFacts, NoAudience
from houselights.resources.profiles import ProfileFacts, Reputation
from houselights.rules.texts import said


def profile(_manifest: Manifest, kept: Sequence[bytes]) -> ProfileFacts:
    """As `Platform.normalise_profile`."""
    users = _recognised(kept)
    if not users:
        raise UnfitReplyError(0, "no reply about an account: `$.data` is missing")
    for place, user in enumerate(users):
        if str(user.id) != str(users[0].id):
            raise UnfitReplyError(place, "another account than that of an earlier reply - at `$.data.id`")
    return profile_facts(users[0])


def audience(_manifest: Manifest, kept: Sequence[bytes]) -> AudienceFacts | NoAudience:
    """As `Platform.normalise_audience`: there is none, in any reply that fits."""
    _recognised(kept)
    return NoAudience("NOT_SUPPORTED")


def profile_facts(user: raw.User) -> ProfileFacts:
    """One account as the contract serves it; its address keeps the host that clients know."""
    handle, metrics = said(user.username), user.public_metrics
    links = [said(link.expanded_url) for link in user.entities.url.urls]
    return ProfileFacts(
        username=handle,
        platform_username=handle,
        full_name=said(user.name),
        url=f"https://twitter.com/{handle}" if handle else None,
        introduction=said(user.description),
        image_url=said(user.profile_image_url),
        external_id=str(user.id),
        website=next((link for link in links if link), said(user.url)),
        reputation=Reputation(
            follower_count=metrics.followers_count,
            following_count=metrics.following_count,
            content_count=metrics.tweet_count,
        ),
        platform_profile_name=handle,
        platform_profile_id=str(user.id),
        platform_profile_published_at=user.created_at,
        is_verified=user.verified,
        is_business=None if user.verified_type is None else user.verified_type == "business",
    )


def _recognised(kept: Sequence[bytes]) -> list[raw.User]:
    """The accounts of kept replies."""
    users = []
    for place, body in enumerate(kept):
        try:
            user = replies.fit(body, raw.Me).data
        except PlatformChanged as error:
            raise UnfitReplyError(place, str(error)) from None
        if user is None or user.username is None:
            raise UnfitReplyError(place, "no account - at `$.data.username`")
        users.append(user)
    return users
