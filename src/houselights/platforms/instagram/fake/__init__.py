"""The invented platform: Instagram behind Facebook Login, answered from personas.

Written from the documentation, not from our connector, of which it imports nothing.
Source: https://developers.facebook.com/docs/instagram-platform/api-reference/instagram-user/insights (read 2026-11-23).
"""

from collections.abc import Sequence

from houselights.platforms.instagram.fake import graph
from houselights.platforms.instagram.fake.refusals import REFUSALS
from houselights.port.fakes.dialog import Dialog
from houselights.port.fakes.facebook_login import APP_ID, APP_NAME, DENIED, FacebookLogin, Site
from houselights.port.persona import Persona

_SCOPES = {
    "instagram_basic": "read your profile",
    "instagram_manage_insights": "read who follows you: countries, cities, ages and genders",
    "pages_show_list": "see the pages you manage",
    "pages_read_engagement": "read what your pages publish",
    "business_management": "see the business portfolio your pages belong to",
    "ads_management": "see your part in advertising accounts",
    "ads_read": "read advertising accounts",
    "public_profile": "know your name",
}

_SITE = Site(
    dialog=Dialog("Instagram's consent dialog", APP_ID, APP_NAME, _SCOPES, "instagram_manage_insights", DENIED),
    prefix="EAAS",
    refusals=REFUSALS,
    page=graph.page,
    node=graph.node,
    insights=graph.insights,
    targets=graph.targets,
    usage=graph.usage,
)


def invented(personas: Sequence[Persona]) -> FacebookLogin:
    """As `Platform.fake`."""
    return FacebookLogin(_SITE, personas)
