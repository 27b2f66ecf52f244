"""The invented platform: Instagram behind Facebook Login, answered from personas.

Written from the documentation, not from our connector, from which it imports nothing.
Source: https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user (read 2026-11-23).
"""

from collections.abc import Sequence

from houselights.port.fakes import instagram, meta
from houselights.port.fakes.dialog import Dialog
from houselights.port.fakes.facebook_login import (
    APP_ID,
    APP_NAME,
    CONFIG_ID,
    DATA_ACCESS_EXPIRED,
    DENIED,
    FacebookLogin,
    Page,
    Site,
    visible,
)
from houselights.port.fakes.instagram import account_id
from houselights.port.fakes.meta import RefusedError, Session, Values
from houselights.port.persona import Persona, Trait

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
_ACCOUNT_FIELDS = (
    "id",
    "ig_id",
    "username",
    "name",
    "biography",
    "website",
    "profile_picture_url",
    "followers_count",
    "follows_count",
    "media_count",
)
_PAGE_FIELDS = ("id", "name", "access_token", "category", "category_list", "tasks", "instagram_business_account")


def invented(personas: Sequence[Persona]) -> FacebookLogin:
    """As `Platform.fake`."""
    return FacebookLogin(_SITE, personas)


def _page(session: Session, shown: Page, token: str, fields: str) -> object:
    """A page, with the account linked to it if the session may see that."""
    values: Values = {
        "id": shown.id,
        "name": shown.name,
        "access_token": token,
        "category": "Digital creator",
        "category_list": [{"id": "1350536325044173", "name": "Digital creator"}],
        "tasks": shown.tasks,
    }
    linked = _linked(shown)
    if linked is not None and "instagram_basic" in session.scopes:
        nested = meta.field_tree(fields).get("instagram_business_account", "")
        values["instagram_business_account"] = _account(linked, nested or "id")
    return meta.selected(values, fields, "Page", _PAGE_FIELDS)


def _node(session: Session, wanted: str) -> object:
    """`/{id}` of a professional account."""
    persona = _seen(session, wanted)
    if not {"instagram_basic", "pages_read_engagement"} <= session.scopes:
        raise RefusedError(instagram.REFUSALS["error_10_permission"])
    return _account(persona, session.sent.get("fields", "id"))


def _insights(session: Session, wanted: str) -> object:
    """`/{id}/insights` of a professional account."""
    persona = _seen(session, wanted)
    if "instagram_manage_insights" not in session.scopes:
        raise RefusedError(instagram.REFUSALS["error_200_permission"])
    return instagram.insights(persona, session.sent)


def _targets(scope: str, pages: Sequence[Page]) -> list[str] | None:
    linked = [shown for shown in pages if shown.is_linked]
    if scope.startswith("pages_"):
        return [shown.id for shown in linked]
    owners = [shown.owner for shown in linked]
    return [account_id(owner) for owner in owners if owner] if scope.startswith("instagram_") else None


def _usage(session: Session, percent: int) -> dict[str, str]:
    """The app's usage for a person's token."""
    return instagram.usage(session.persona, percent) if session.claims.kind == "page" else meta.app_usage(percent)


def _account(persona: Persona, fields: str) -> Values:
    legacy = None if Trait.NO_LEGACY_ID in persona.traits else 50_400_000_001 + persona.number
    values = instagram.account(persona, {"id": account_id(persona), "ig_id": legacy})
    return meta.selected(values, fields, "ShadowIGUser", _ACCOUNT_FIELDS)


def _linked(shown: Page) -> Persona | None:
    return shown.owner if shown.is_linked else None


def _seen(session: Session, wanted: str) -> Persona:
    """The creator behind an account that a token reaches."""
    for shown in visible(session):
        persona = _linked(shown)
        if persona is not None and account_id(persona) == wanted:
            return persona
    raise meta.gone(wanted)


_SITE = Site(
    dialog=Dialog(
        "Instagram's consent dialog",
        APP_ID,
        APP_NAME,
        _SCOPES,
        "instagram_manage_insights",
        DENIED,
        config_id=CONFIG_ID,
    ),
    prefix="EAAS",
    refusals={**instagram.REFUSALS, "error_190_493_data_access_expired": DATA_ACCESS_EXPIRED},
    page=_page,
    node=_node,
    insights=_insights,
    targets=_targets,
    usage=_usage,
)
