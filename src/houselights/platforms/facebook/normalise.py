"""Raw replies -> profile and audience: what is missing is None, what is unknown is counted and flagged.

Not here: asking (`fetch`) and arithmetic (`rules.shares`).
"""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from houselights.core.errors import PlatformChanged
from houselights.platforms.facebook import raw
from houselights.port.families import meta_graph
from houselights.port.families.meta_demographics import CITY, COUNTRY, Answer, kept_audience, table_of
from houselights.port.families.meta_graph import Kind
from houselights.port.manifest import Manifest
from houselights.port.platform import UnfitReplyError
from houselights.port.replies import fit
from houselights.resources.audience import AudienceFacts, NoAudience
from houselights.resources.profiles import ProfileFacts, Reputation
from houselights.rules.texts import said

METRICS: Mapping[str, str] = {"country_metric": COUNTRY, "city_metric": CITY}
"""The manifest's setting that holds a metric's name -> what it counts people by."""


class _Shape(Struct, frozen=True):
    """Just enough of a kept reply to recognise it."""

    data: msgspec.Raw = msgspec.Raw()
    id: meta_graph.Id | None = None


def profile(manifest: Manifest, replies: Sequence[bytes]) -> ProfileFacts:
    """As `Platform.normalise_profile`; replies about the audience of the same refresh may be among them."""
    pages = _pages(_kept(manifest, replies))
    if not pages:
        raise UnfitReplyError(0, "no reply about a page: `$.id` is missing")
    return profile_facts(pages[0])


def audience(manifest: Manifest, replies: Sequence[bytes]) -> AudienceFacts | NoAudience:
    """As `Platform.normalise_audience`; the page's reply of the same refresh, if among them, counts the followers."""
    kept = _kept(manifest, replies)
    return kept_audience(manifest, kept, next((_followers(page) for page in _pages(kept)), None))


def profile_facts(page: raw.Page) -> ProfileFacts:
    """One page as the contract serves it; a page without a handle goes by its id."""
    page_id = str(page.id)
    username, name = said(page.username) or page_id, said(page.name)
    status = page.verification_status
    return ProfileFacts(
        username=username,
        platform_username=username,
        full_name=name,
        url=said(page.link),
        introduction=said(page.about) or said(page.description),
        image_url=said(page.picture.data.url),
        external_id=page_id,
        platform_account_type="BUSINESS",
        category=said(page.category),
        website=said(page.website),
        reputation=Reputation(follower_count=_followers(page), like_count=page.fan_count),
        platform_profile_name=name,
        platform_profile_id=page_id,
        is_verified=None if status is None else status != "not_verified",
        is_business=True,
    )


def table(manifest: Manifest, insights: raw.Insights) -> Answer:
    """People by country or by city on the newest day that has numbers; EMPTY if the platform says nothing at all.

    raises  PlatformChanged for a reply about another metric
    """
    if not insights.data:
        return Kind.EMPTY
    series = insights.data[0]
    column = next((column for setting, column in METRICS.items() if manifest.settings[setting] == series.name), None)
    if column is None:
        raise PlatformChanged("reply_changed", "Expected a metric of the audience - at `$.data[0].name`")
    counted = [point.value for point in series.values if point.value]
    return table_of(column, counted[-1] if counted else {})


def _followers(page: raw.Page) -> int | None:
    return page.fan_count if page.followers_count is None else page.followers_count


def _pages(kept: Sequence[object]) -> list[raw.Page]:
    """The one page that the replies are about, as often as it appears."""
    return meta_graph.about_one(kept, raw.Page, lambda page: page.id)


def _kept(manifest: Manifest, replies: Sequence[bytes]) -> list[raw.Page | Answer]:
    def good(body: bytes) -> raw.Page | Answer:
        shape = fit(body, _Shape)
        if bytes(shape.data):
            return table(manifest, fit(body, raw.Insights))
        if shape.id is None:
            raise PlatformChanged("reply_changed", "neither a page (`$.id`) nor an audience (`$.data`)")
        return fit(body, raw.Page)

    return meta_graph.kept(replies, good)
