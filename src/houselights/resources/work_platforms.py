"""The catalogue of work platforms: 16 rows with fixed ids that clients hard-code (contract section 3), and ours.

Here: what the catalogue says about a platform for a given deployment. Not here: how to talk to a platform
(`platforms/`), and which products a deployment builds (its manifests, handed in).
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

import msgspec
from msgspec import Struct

from houselights.core.ids import WorkPlatformId
from houselights.core.instants import wire
from houselights.resources.heads import WorkPlatformRef, logo_url


class Product(StrEnum):
    """The seven products of the contract. A deployment builds some of them on some platforms."""

    IDENTITY = "IDENTITY"
    IDENTITY_AUDIENCE = "IDENTITY.AUDIENCE"
    ENGAGEMENT = "ENGAGEMENT"
    ENGAGEMENT_AUDIENCE = "ENGAGEMENT.AUDIENCE"
    INCOME = "INCOME"
    ACTIVITY = "ACTIVITY"
    PUBLISH_CONTENT = "PUBLISH.CONTENT"


def read_products(names: Iterable[str]) -> tuple[Product, ...] | None:
    """The products that a caller named, each once, in the caller's order; None if any is not one of the seven."""
    try:
        return tuple(dict.fromkeys(Product(name) for name in names))
    except ValueError:
        return None


class WorkPlatform(Struct, frozen=True):
    """One row of the catalogue. `url` is the platform's home page, empty where it has none."""

    id: WorkPlatformId
    name: str
    slug: str
    category: str
    url: str
    added_at: str

    @property
    def ref(self) -> WorkPlatformRef:
        """The row in short, as documents carry it."""
        return WorkPlatformRef(self.id, self.name, self.slug)


class Supported(Struct, frozen=True):
    """Whether this deployment builds a product on a platform."""

    is_supported: bool


class SupportedWithAudience(Struct, frozen=True):
    """As `Supported`, for the products that have an audience part."""

    is_supported: bool
    audience: Supported


class Products(Struct, frozen=True):
    """The support matrix, in wire order. `publish` is `publish_content` under a second name (contract X-06)."""

    identity: SupportedWithAudience
    engagement: SupportedWithAudience
    income: Supported
    switch: Supported
    activity: Supported
    publish_content: Supported
    publish: Supported


class WorkPlatformDocument(Struct, frozen=True):
    """A platform as it goes out, in wire order; the address holds `PUBLIC_ADDRESS` until then."""

    id: WorkPlatformId
    name: str
    logo_url: msgspec.Raw
    created_at: str
    updated_at: str
    category: str
    status: str
    url: str
    products: Products


_ADDED_AT = wire(datetime(2021, 10, 30, 11, 31, 57, 886681, UTC))
"""The instant in the contract's example; rows of a fixed catalogue have no other."""

_WE_ADDED_AT = wire(datetime(2026, 11, 23, tzinfo=UTC))
"""For the rows beyond the contract's."""

_ROWS = (
    ("9bb8913b-ddd9-430b-a66a-d74d846e6c66", "Instagram", "SOCIAL", "https://www.instagram.com/"),
    ("d3badb09-a81f-4444-bc27-1a994d939e00", "Instagram Direct", "SOCIAL", "https://www.instagram.com/"),
    ("fb7cafcf-60ed-468a-ad6d-6bb6899d0871", "Instagram Lite", "SOCIAL", "https://www.instagram.com/"),
    ("14d9ddf5-51c6-415e-bde6-f8ed36ad7054", "YouTube", "ENTERTAINMENT", "https://www.youtube.com/"),
    ("de55aeec-0dc8-4119-bf90-16b3d1f0c987", "TikTok", "SOCIAL", "https://www.tiktok.com/"),
    ("7f9c3e9a-6d2f-4b77-9b47-3c8f5a1d4e62", "Tiktok Shop", "SOCIAL", "https://shop.tiktok.com/"),
    ("ad2fec62-2987-40a0-89fb-23485972598c", "Facebook", "SOCIAL", "https://www.facebook.com/"),
    ("7645460a-96e0-4192-a3ce-a1fc30641f72", "X", "SOCIAL", "https://x.com/"),
    ("e4de6c01-5b78-4fc0-a651-24f44134457b", "Twitch", "ENTERTAINMENT", "https://www.twitch.tv/"),
    ("fbf76083-710b-439a-8b8c-956f607ef2c1", "Substack", "SOCIAL", "https://substack.com/"),
    ("24fcaa09-0a79-4deb-b074-d8efd900265b", "Beehiiv", "PUBLICATION", "https://www.beehiiv.com/"),
    ("36410629-f907-43ba-aa0d-434ca9c0501a", "LinkedIn", "BUSINESS", "https://www.linkedin.com/"),
    ("3e6f4cdd-2119-4125-aa0d-86eee4e20fcc", "AdSense", "SOCIAL", "https://www.google.com/adsense/"),
    ("1db0b86c-a547-4119-9834-da927171a685", "Spotify", "SOCIAL", "https://www.spotify.com/"),
    ("ee3c8d7a-3207-4f56-945f-f942b34c96e1", "Snapchat", "SOCIAL", "https://www.snapchat.com/"),
    ("a22c6022-5226-55f4-a436-3693f2148bd4", "WWW", "GLOBAL_NETWORK", ""),
)

_OUR_ROWS = (
    ("7c30e66a-9f28-48f1-bf1c-1e7781067e03", "Threads", "SOCIAL", "https://www.threads.com/"),
    ("c23e1875-214a-4e7a-bfaf-10c0486f2f37", "Pinterest", "SOCIAL", "https://www.pinterest.com/"),
)
"""Platforms that the contract's catalogue lacks; each has one id for ever."""


def _rows(rows: Iterable[tuple[str, str, str, str]], added_at: str) -> dict[UUID, WorkPlatform]:
    """In order of id: rows that were added at the same instant have no other order."""
    return {
        UUID(row_id): WorkPlatform(
            WorkPlatformId(UUID(row_id)), name, name.lower().replace(" ", "-"), category, url, added_at
        )
        for row_id, name, category, url in sorted(rows)
    }


CATALOGUE: Mapping[UUID, WorkPlatform] = _rows(_ROWS, _ADDED_AT)
"""The contract's rows, in the order of the list: every deployment serves them."""

WORK_PLATFORMS: Mapping[UUID, WorkPlatform] = {**CATALOGUE, **_rows(_OUR_ROWS, _WE_ADDED_AT)}
"""Every row by its id, ours after the contract's."""


def catalogue(built: Mapping[UUID, Collection[str]]) -> tuple[WorkPlatformDocument, ...]:
    """The catalogue as a deployment serves it, in list order; of our own rows only those whose platforms it builds.

    built  products by work platform, under the contract's names; a platform that is absent supports none
    """
    served = (row for row in WORK_PLATFORMS.values() if row.id in CATALOGUE or row.id in built)
    return tuple(_document(platform, built.get(platform.id, ())) for platform in served)


def _document(platform: WorkPlatform, products: Collection[str]) -> WorkPlatformDocument:
    def has(product: Product) -> Supported:
        return Supported(product in products)

    publish = has(Product.PUBLISH_CONTENT)
    return WorkPlatformDocument(
        platform.id,
        platform.name,
        logo_url(platform.slug),
        platform.added_at,
        platform.added_at,
        platform.category,
        "ACTIVE",
        platform.url,
        Products(
            identity=SupportedWithAudience(Product.IDENTITY in products, has(Product.IDENTITY_AUDIENCE)),
            engagement=SupportedWithAudience(Product.ENGAGEMENT in products, has(Product.ENGAGEMENT_AUDIENCE)),
            income=has(Product.INCOME),
            switch=Supported(is_supported=False),
            activity=has(Product.ACTIVITY),
            publish_content=publish,
            publish=publish,
        ),
    )
