"""Raw replies -> profile and audience: what is missing is None, what is unknown is counted and flagged.

Not here: asking (`fetch`), tables of followers (`port.families.meta_demographics`) and arithmetic (`rules.shares`).
"""

import re
from collections.abc import Collection, Sequence

from msgspec import Struct

from houselights.core.errors import PlatformChanged
from houselights.platforms.threads import raw
from houselights.port.families import meta_graph
from houselights.port.families.meta_demographics import (
    AGE,
    CITY,
    COUNTRY,
    GENDER,
    Answer,
    kept_audience,
    table_of,
    the_one,
)
from houselights.port.families.meta_graph import Kind
from houselights.port.manifest import Manifest
from houselights.port.platform import UnfitReplyError
from houselights.port.replies import fit
from houselights.resources.audience import AudienceFacts, NoAudience
from houselights.resources.profiles import ProfileFacts, Reputation
from houselights.rules.demographics import age_range
from houselights.rules.texts import said

_GENDER_LETTERS = {"F", "M", "U"}


class Counted(Struct, frozen=True):
    """A kept reply about the number of followers."""

    followers: int | None


def profile(manifest: Manifest, replies: Sequence[bytes]) -> ProfileFacts:
    """As `Platform.normalise_profile`; replies about the audience of the same refresh may be among them."""
    kept = _kept(manifest, replies)
    users = meta_graph.about_one(kept, raw.User, lambda user: user.id)
    if not users:
        raise UnfitReplyError(0, "no reply about a profile: `$.username` is missing")
    return profile_facts(users[0], _followers(kept))


def audience(manifest: Manifest, replies: Sequence[bytes]) -> AudienceFacts | NoAudience:
    """As `Platform.normalise_audience`; the number of followers of the same refresh may be among them."""
    kept = _kept(manifest, replies)
    return kept_audience(manifest, kept, _followers(kept))


def profile_facts(user: raw.User, followers: int | None) -> ProfileFacts:
    """One profile as the contract serves it. followers: None if unknown."""
    username = said(user.username)
    return ProfileFacts(
        username=username,
        platform_username=username,
        full_name=said(user.name),
        url=None if username is None else f"https://www.threads.com/@{username}",
        introduction=said(user.threads_biography),
        image_url=said(user.threads_profile_picture_url),
        external_id=str(user.id),
        reputation=Reputation(follower_count=followers),
        platform_profile_name=username,
        platform_profile_id=str(user.id),
        is_verified=user.is_verified,
    )


def follower_count(manifest: Manifest, insights: raw.Insights) -> int | None:
    """The number of followers; None if the platform does not give it."""
    totals = [each.total_value.value for each in insights.data if each.name == manifest.settings["followers_metric"]]
    return next((value for value in totals if isinstance(value, int)), None)


def table(manifest: Manifest, insights: raw.Insights, dimension: str | None = None) -> Answer:
    """The one table of a reply, in either of its shapes; EMPTY if the platform says nothing.

    dimension  what was asked for; None if unknown: the older shape does not name it, so it is guessed from its words
    raises     PlatformChanged for a reply about another metric, or a row with more or fewer values than columns
    """
    if not insights.data:
        return Kind.EMPTY
    insight = insights.data[0]
    if insight.name != manifest.settings["metric"]:
        raise PlatformChanged(
            "reply_changed", f"Expected the metric {manifest.settings['metric']} - at `$.data[0].name`"
        )
    value = insight.total_value.value
    if isinstance(value, dict) and value:
        return table_of(dimension or _dimension_of(value), value)
    return the_one(insight.total_value.breakdowns)


def _dimension_of(words: Collection[str]) -> str:
    """The dimension of some words: letters for genders, age ranges, country codes, or else names of cities."""
    if _GENDER_LETTERS.issuperset(words):
        return GENDER
    if all(age_range(word) for word in words):
        return AGE
    return COUNTRY if all(re.fullmatch(r"[A-Z]{2}", word) for word in words) else CITY


def _followers(kept: Sequence[object]) -> int | None:
    return next((reply.followers for reply in kept if isinstance(reply, Counted)), None)


def _kept(manifest: Manifest, replies: Sequence[bytes]) -> list[raw.User | Counted | Answer]:
    def good(body: bytes) -> raw.User | Counted | Answer:
        shape = fit(body, raw.Shape)
        if bytes(shape.data):
            insights = fit(body, raw.Insights)
            if any(insight.name == manifest.settings["followers_metric"] for insight in insights.data):
                return Counted(follower_count(manifest, insights))
            return table(manifest, insights)
        if shape.username is None:
            raise PlatformChanged("reply_changed", "neither a profile (`$.username`) nor insights (`$.data`)")
        return fit(body, raw.User)

    return meta_graph.kept(replies, good)
