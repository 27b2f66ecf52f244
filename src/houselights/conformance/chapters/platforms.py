"""Work platforms: C-053 to C-055."""

from houselights.conformance import expect
from houselights.conformance.documents import Document
from houselights.conformance.kit import Kit
from houselights.conformance.rule import evidence, rule
from houselights.conformance.shapes import PRODUCTS

CATALOGUE = {
    "9bb8913b-ddd9-430b-a66a-d74d846e6c66": "Instagram",
    "d3badb09-a81f-4444-bc27-1a994d939e00": "Instagram Direct",
    "fb7cafcf-60ed-468a-ad6d-6bb6899d0871": "Instagram Lite",
    "14d9ddf5-51c6-415e-bde6-f8ed36ad7054": "YouTube",
    "de55aeec-0dc8-4119-bf90-16b3d1f0c987": "TikTok",
    "7f9c3e9a-6d2f-4b77-9b47-3c8f5a1d4e62": "Tiktok Shop",
    "ad2fec62-2987-40a0-89fb-23485972598c": "Facebook",
    "7645460a-96e0-4192-a3ce-a1fc30641f72": "X",
    "e4de6c01-5b78-4fc0-a651-24f44134457b": "Twitch",
    "fbf76083-710b-439a-8b8c-956f607ef2c1": "Substack",
    "24fcaa09-0a79-4deb-b074-d8efd900265b": "Beehiiv",
    "36410629-f907-43ba-aa0d-434ca9c0501a": "LinkedIn",
    "3e6f4cdd-2119-4125-aa0d-86eee4e20fcc": "AdSense",
    "1db0b86c-a547-4119-9834-da927171a685": "Spotify",
    "ee3c8d7a-3207-4f56-945f-f942b34c96e1": "Snapchat",
    "a22c6022-5226-55f4-a436-3693f2148bd4": "WWW",
}
"""Consumers hard-code these."""


async def _rows(kit: Kit) -> list[Document]:
    return expect.rows(await kit.api.get("/v1/work-platforms?limit=100"))


@rule("C-053")
async def the_catalogue_is_whole(kit: Kit) -> str:
    """The 16 ids and names are served; by id equals the list entry."""
    rows = await _rows(kit)
    names = {row.get("id"): row.get("name") for row in rows}
    for platform_id, name in CATALOGUE.items():
        expect.that(names.get(platform_id) == name, f"{platform_id} is {names.get(platform_id)!r}, not {name!r}")
    for row in rows:
        expect.same_document(await kit.api.get(f"/v1/work-platforms/{row.get('id')}"), row)
    return f"{len(rows)} rows"


@rule("C-054")
async def platforms_are_found_by_name(kit: Kit) -> str:
    """name=youtube, YouTube and Instagram%20Direct give one row each, an unknown name none."""
    for asked, name in (("youtube", "YouTube"), ("YouTube", "YouTube"), ("Instagram%20Direct", "Instagram Direct")):
        reply = await kit.api.get(f"/v1/work-platforms?name={asked}")
        found = [row.get("name") for row in expect.rows(reply)]
        expect.that(found == [name], f"{reply.method} {reply.target}: {found}")
    unknown = await kit.api.get("/v1/work-platforms?name=nothing-of-that-name")
    expect.that(expect.rows(unknown) == [], f"{unknown.shown()}: rows")
    return "four names"


@rule("C-055")
async def products_are_whole(kit: Kit) -> str:
    """Products has seven keys, publish = publish_content, identity and engagement have audience."""
    rows = await _rows(kit)
    for row in rows:
        products, name = row.get("products"), row.get("name")
        if not isinstance(products, dict):
            products = {}
        lost = [key for key in PRODUCTS.keys if not isinstance(products.get(key), dict)]
        expect.that(not lost, f"{name}: products without {lost}")
        expect.that(products["publish"] == products["publish_content"], f"{name}: publish differs from publish_content")
        both = all("audience" in products[key] for key in ("identity", "engagement"))
        expect.that(both, f"{name}: identity or engagement has no audience")
    return evidence(len(rows), "rows")
