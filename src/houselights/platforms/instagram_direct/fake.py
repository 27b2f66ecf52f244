"""The invented platform: Instagram behind its own login, answered from personas.

Written from the documentation, not from our connector, from which it imports nothing.
Source: https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/get-started
(read 2026-11-23).
"""

from collections.abc import Sequence

from houselights.port.fakes import instagram, meta
from houselights.port.fakes.dialog import Dialog
from houselights.port.fakes.instagram import account_id
from houselights.port.fakes.long_lived import APP_NAME, LongLivedLogin, Site
from houselights.port.fakes.meta import RefusedError, Session
from houselights.port.persona import Persona, Trait

_APP_ID = "1000000000000002"
_BASIC, _INSIGHTS = "instagram_business_basic", "instagram_business_manage_insights"
_SCOPES = {
    _BASIC: "read your profile",
    _INSIGHTS: "read who follows you: countries, cities, ages and genders",
    "instagram_business_content_publish": "publish for you",
    "instagram_business_manage_comments": "answer comments for you",
    "instagram_business_manage_messages": "read and answer your messages",
}
_DENIED = {
    "error": "access_denied",
    "error_reason": "user_denied",
    "error_description": "The user denied your request",
}
_FIELDS = (
    "id",
    "user_id",
    "username",
    "name",
    "account_type",
    "profile_picture_url",
    "followers_count",
    "follows_count",
    "media_count",
    "biography",
    "website",
)


def invented(personas: Sequence[Persona]) -> LongLivedLogin:
    """As `Platform.fake`."""
    return LongLivedLogin(_SITE, personas)


def _short(persona: Persona, token: str, granted: Sequence[str]) -> object:
    """A short-lived token. The documented shape is wrapped; the older one is flat, with a number as id."""
    told = {"access_token": token, "permissions": ",".join(granted)}
    if Trait.OLDER_SHAPES in persona.traits:
        return {**told, "user_id": _app_scoped_id(persona)}
    return {"data": [{**told, "user_id": str(_app_scoped_id(persona))}]}


def _node(session: Session, wanted: str) -> object:
    """`/me` or `/{id}`."""
    persona = _own(session, wanted)
    if _BASIC not in session.scopes:
        raise RefusedError(instagram.REFUSALS["error_10_permission"])
    fields = session.sent.get("fields", "id")
    unknown = [name for name in meta.field_tree(fields) if name not in _FIELDS]
    if unknown:
        text = f"Tried accessing nonexisting field ({unknown[0]})"
        raise RefusedError(meta.refusal(400, 100, text, type="IGApiException"))
    kind = "BUSINESS" if persona.number % 2 else "MEDIA_CREATOR"
    ids = {"id": str(_app_scoped_id(persona)), "user_id": account_id(persona), "account_type": kind}
    return meta.selected(instagram.account(persona, ids), fields, "IGUser", _FIELDS)


def _insights(session: Session, wanted: str) -> object:
    """`/{id}/insights`."""
    persona = _own(session, wanted)
    if _INSIGHTS not in session.scopes:
        raise RefusedError(instagram.REFUSALS["error_10_permission"])
    return instagram.insights(persona, session.sent)


def _own(session: Session, wanted: str) -> Persona:
    """The creator behind the token's own account; a token reaches no other."""
    if wanted not in ("me", account_id(session.persona)):
        raise meta.gone(wanted)
    return session.persona


def _app_scoped_id(persona: Persona) -> int:
    """The id that only this one app sees."""
    return 9_000_000_000_000_001 + persona.number


def _usage(session: Session, percent: int) -> dict[str, str]:
    return instagram.usage(session.persona, percent)


_SITE = Site(
    dialog=Dialog("Instagram's own login", _APP_ID, APP_NAME, _SCOPES, _INSIGHTS, _DENIED, tail="#_"),
    prefix="IGAA",
    grant_types=("ig_exchange_token", "ig_refresh_token"),
    places=("www.instagram.com/oauth/authorize", "api.instagram.com/oauth/access_token", "graph.instagram.com"),
    versions=frozenset(f"v{number}.0" for number in range(22, 27)),
    refusals=instagram.REFUSALS,
    spent_code="error_il_code_used",
    short=_short,
    node=_node,
    edges={"insights": _insights},
    usage=_usage,
    person=lambda persona: str(_app_scoped_id(persona)),
    tells_scopes=True,
)
