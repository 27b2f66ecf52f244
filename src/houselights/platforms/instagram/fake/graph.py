"""The nodes of the invented Instagram: what a session may see of pages, professional accounts and their insights."""

from collections.abc import Sequence

from houselights.core.messages import Response
from houselights.platforms.instagram.fake.refusals import REFUSALS
from houselights.port.fakes import demographics, meta
from houselights.port.fakes.demographics import METRIC, THRESHOLD
from houselights.port.fakes.facebook_login import Page, visible
from houselights.port.fakes.meta import RefusedError, Session, Values
from houselights.port.persona import Persona, Trait

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
_KNOWN_METRICS = {METRIC, "engaged_audience_demographics", "reach", "follower_count", "profile_views", "views"}
_TOP = 45
_WORDS = (
    "Follower demographics",
    "The demographic characteristics of followers, including countries, cities and gender distribution.",
)


def account_id(persona: Persona) -> str:
    """Larger than 2^53, as in life."""
    return str(17_841_400_000_000_001 + persona.number)


def page(session: Session, shown: Page, token: str, fields: str) -> object:
    """A page, with the account that is linked to it where the session may see that."""
    values: Values = {
        "id": shown.id,
        "name": shown.name,
        "access_token": token,
        "category": "Digital creator",
        "category_list": [{"id": "1350536325044173", "name": "Digital creator"}],
        "tasks": shown.tasks,
    }
    linked = _account_of(shown)
    if linked is not None and "instagram_basic" in session.scopes:
        nested = meta.field_tree(fields).get("instagram_business_account", "")
        values["instagram_business_account"] = _account(linked, nested or "id")
    return meta.selected(values, fields, "Page", _PAGE_FIELDS)


def node(session: Session, wanted: str) -> object:
    """`/{id}` of a professional account."""
    account = _seen(session, wanted)
    if not {"instagram_basic", "pages_read_engagement"} <= session.scopes:
        raise _documented("error_10_permission")
    return _account(account, session.sent.get("fields", "id"))


def insights(session: Session, wanted: str) -> object:
    """`/{account}/insights` of one metric by one breakdown."""
    account, sent = _seen(session, wanted), session.sent
    if "instagram_manage_insights" not in session.scopes:
        raise _documented("error_200_permission")
    if sent.get("metric", "") not in _KNOWN_METRICS:
        raise _documented("error_100_invalid_metric")
    if sent.get("period") != "lifetime" or sent.get("metric_type") != "total_value":
        raise meta.refused(400, 100, "(#100) Incompatible metrics with period or metric_type")
    columns = sent.get("breakdown", "").split(",")
    if set(columns) not in ({"country"}, {"city"}, {"age"}, {"gender"}, {"age", "gender"}):
        known = "age, city, country, gender"
        raise meta.refused(400, 100, f"(#100) breakdown[0] must be one of the following values: {known}")
    return _demographics(account, columns, framed="timeframe" in sent)


def targets(scope: str, pages: Sequence[Page]) -> list[str] | None:
    """Pages and accounts that a scope was given for."""
    linked = [shown for shown in pages if shown.is_linked]
    if scope.startswith("pages_"):
        return [shown.id for shown in linked]
    owners = [shown.owner for shown in linked]
    return [account_id(owner) for owner in owners if owner] if scope.startswith("instagram_") else None


def usage(session: Session, percent: int) -> dict[str, str]:
    """Of the app for a user's token, of the account beside it for a page's."""
    if session.claims.kind != "page":
        return meta.app_usage(percent)
    return {**meta.app_usage(1), **meta.business_usage("instagram", account_id(session.persona), percent)}


def _demographics(persona: Persona, columns: Sequence[str], *, framed: bool) -> object:
    if persona.follower_count < THRESHOLD and Trait.TOO_FEW_IS_AN_ERROR in persona.traits:
        raise _documented("error_not_enough_users_2874010")
    if persona.follower_count < THRESHOLD:
        return {"data": []}
    if Trait.FRESH in persona.traits:
        return _nothing_yet(persona, columns)
    if len(columns) > 1 and Trait.JOINT_REFUSED in persona.traits:
        raise meta.refused(400, 100, "(#100) The breakdowns age and gender cannot be combined for this account")
    return _insight(persona, demographics.breakdowns(persona, columns, top=_TOP, framed=framed))


def _nothing_yet(persona: Persona, columns: Sequence[str]) -> object:
    """The three forms in which nothing is said."""
    if columns == ["country"]:
        return _insight(persona, [{"dimension_keys": columns}])
    return _insight(persona, []) if columns == ["city"] else {"data": []}


def _insight(persona: Persona, breakdowns: list[Values]) -> object:
    return demographics.insight({"breakdowns": breakdowns}, account_id(persona), "insights", _WORDS)


def _account(persona: Persona, fields: str) -> Values:
    """A professional account; what the creator left out is absent, not null."""
    values: Values = {
        "id": account_id(persona),
        "ig_id": None if Trait.NO_LEGACY_ID in persona.traits else 50_400_000_001 + persona.number,
        "username": persona.username,
        "name": persona.full_name or None,
        "biography": persona.biography,
        "website": persona.website,
        "profile_picture_url": persona.picture_url,
        "followers_count": persona.follower_count,
        "follows_count": persona.following_count,
        "media_count": persona.content_count,
    }
    return meta.selected(meta.filled(values), fields, "ShadowIGUser", _ACCOUNT_FIELDS)


def _account_of(shown: Page) -> Persona | None:
    return shown.owner if shown.is_linked else None


def _seen(session: Session, wanted: str) -> Persona:
    """The creator behind an account that a token reaches."""
    for shown in visible(session):
        account = _account_of(shown)
        if account is not None and account_id(account) == wanted:
            return account
    raise meta.gone(wanted)


def _documented(name: str) -> RefusedError:
    reply: Response = REFUSALS[name]
    return RefusedError(reply)
