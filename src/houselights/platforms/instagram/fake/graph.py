"""The nodes and edges of the invented Graph API: what a session may see of pages, accounts and insights."""

import base64
import binascii
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeAlias
from urllib.parse import urlencode, urlsplit

import msgspec
from msgspec import Struct

from houselights.core.messages import Response
from houselights.platforms.instagram.fake.refusals import REFUSALS, RefusedError, documented, refused
from houselights.port.fakes.tokens import Claims
from houselights.port.persona import Persona, Trait
from houselights.port.platform import FakeRequest
from houselights.resources.audience import Gender

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
_PAGE_DEFAULT = "access_token,category,category_list,name,id,tasks"
_ALL_TASKS = ["ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MESSAGING", "MODERATE", "MANAGE"]
_LETTERS = {Gender.FEMALE: "F", Gender.MALE: "M", Gender.OTHERS: "U"}
_METRIC = "follower_demographics"
_KNOWN_METRICS = {_METRIC, "engaged_audience_demographics", "reach", "follower_count", "profile_views", "views"}
_TOP = 45
_THRESHOLD = 100

Values: TypeAlias = dict[str, object]


class Session(Struct, frozen=True):
    """One call with a living token.

    people      every persona, by number
    scopes      what the token may do at this moment
    page_token  makes the token of a page that the session's creator manages
    """

    persona: Persona
    people: Sequence[Persona]
    claims: Claims
    scopes: frozenset[str]
    sent: Mapping[str, str]
    request: FakeRequest
    page_token: Callable[["Session", str], str]


class Page(Struct, frozen=True):
    """A page and the account that is linked to it."""

    id: str
    name: str
    account: Persona | None


def answer(version: str, body: object, headers: Mapping[str, str] | None = None) -> Response:
    """200 with JSON."""
    usual = {"content-type": "application/json; charset=UTF-8", "facebook-api-version": version}
    return Response(200, {**usual, "x-fb-trace-id": "AExAmPlE", **(headers or {})}, msgspec.json.encode(body))


def user_id(persona: Persona) -> str:
    """Of the person who manages the pages."""
    return str(300_000_000_000_001 + persona.number)


def account_id(persona: Persona) -> str:
    """Larger than 2^53, as in life."""
    return str(17_841_400_000_000_001 + persona.number)


def pages_of(persona: Persona, people: Sequence[Persona]) -> list[Page]:
    """Everything that a creator manages, the linked page first unless it is one of very many."""
    if Trait.NO_PAGE in persona.traits:
        return []
    if Trait.NO_PROFESSIONAL_ACCOUNT in persona.traits:
        return [Page(_page_id(persona, 1), persona.full_name, None)]
    own = Page(_page_id(persona, 1), persona.full_name, persona)
    if Trait.MANY_PAGES in persona.traits:
        return [*(Page(_page_id(persona, n), f"Page {n}", None) for n in range(2, 102)), own]
    pages = [own, Page(_page_id(persona, 2), f"{persona.full_name} Studio", None)]
    if Trait.SEVERAL_ACCOUNTS in persona.traits:
        pages += [Page(_page_id(other, 3), other.full_name, other) for other in people if _follows(other, persona)]
    return pages


def granular(persona: Persona, people: Sequence[Persona], scopes: Collection[str]) -> list[Values]:
    """`granular_scopes` of debug_token: which pages and accounts each scope was given for."""
    linked = [page for page in pages_of(persona, people) if page.account is not None]
    rows: list[Values] = []
    for scope in scopes:
        if scope.startswith("pages_"):
            rows.append({"scope": scope, "target_ids": [page.id for page in linked]})
        elif scope.startswith("instagram_"):
            rows.append({"scope": scope, "target_ids": [account_id(page.account) for page in linked if page.account]})
        elif scope != "public_profile":
            rows.append({"scope": scope})
    return rows


def accounts(session: Session) -> object:
    """`/me/accounts`, in pages of `limit` rows."""
    hidden = Trait.HIDDEN_PAGES in session.persona.traits or "pages_show_list" not in session.scopes
    rows = [] if hidden else pages_of(session.persona, session.people)
    limit = min(max(_number(session.sent.get("limit", "25"), "limit"), 1), 100)
    start = _cursor_place(session.sent.get("after"))
    fields = session.sent.get("fields", _PAGE_DEFAULT)
    shown = rows[start : start + limit]
    listed: Values = {"data": [_page(session, page, fields) for page in shown]}
    if shown:
        after = _cursor(start + len(shown))
        paging: Values = {"cursors": {"before": _cursor(start), "after": after}}
        if start + len(shown) < len(rows):
            path = urlsplit(session.request.url).path
            paging["next"] = f"{session.request.public_base}{path}?{urlencode({**session.sent, 'after': after})}"
        listed["paging"] = paging
    return listed


def node(session: Session, wanted: str) -> object:
    """`/{id}`: a page, a professional account, or `me`."""
    fields = session.sent.get("fields", "id")
    if wanted in ("me", user_id(session.persona)):
        return _selected({"id": user_id(session.persona), "name": session.persona.full_name}, fields, "User")
    for page in _visible(session):
        if page.id == wanted:
            return _page(session, page, fields)
        if page.account is not None and account_id(page.account) == wanted:
            if not {"instagram_basic", "pages_read_engagement"} <= session.scopes:
                raise documented("error_10_permission")
            return _account(page.account, fields)
    raise _gone(wanted)


def insights(session: Session, wanted: str) -> object:
    """`/{account}/insights` of one metric by one breakdown."""
    seen = [page.account for page in _visible(session) if page.account and account_id(page.account) == wanted]
    if not seen:
        raise _gone(wanted)
    if "instagram_manage_insights" not in session.scopes:
        raise documented("error_200_permission")
    metric = session.sent.get("metric", "")
    if metric not in _KNOWN_METRICS:
        raise documented("error_100_invalid_metric")
    if session.sent.get("period") != "lifetime" or session.sent.get("metric_type") != "total_value":
        raise refused(400, 100, "(#100) Incompatible metrics with period or metric_type")
    columns = session.sent.get("breakdown", "").split(",")
    if set(columns) not in ({"country"}, {"city"}, {"age"}, {"gender"}, {"age", "gender"}):
        raise refused(400, 100, "(#100) breakdown[0] must be one of the following values: age, city, country, gender")
    return _demographics(seen[0], sorted(columns), "timeframe" in session.sent)


def usage_headers(session: Session, percent: int) -> dict[str, str]:
    """JSON as text: of the app for a user's token, of the account beside it for a page's."""
    counters = {"call_count": percent, "total_cputime": percent // 3, "total_time": percent // 2}
    if session.claims.kind != "page":
        return {"x-app-usage": msgspec.json.encode(counters).decode()}
    minutes = 19 if percent >= 100 else 0
    row = {"type": "instagram", **counters, "estimated_time_to_regain_access": minutes}
    headers = {"x-business-use-case-usage": msgspec.json.encode({account_id(session.persona): [row]}).decode()}
    return {"x-app-usage": '{"call_count":1,"total_cputime":1,"total_time":1}', **headers}


def _demographics(persona: Persona, columns: list[str], with_frame: bool) -> object:
    if persona.follower_count < _THRESHOLD and Trait.TOO_FEW_IS_AN_ERROR in persona.traits:
        raise documented("error_not_enough_users_2874010")
    if persona.follower_count < _THRESHOLD:
        return {"data": []}
    if Trait.FRESH in persona.traits:
        return _nothing_yet(persona, columns)
    if len(columns) > 1 and Trait.JOINT_REFUSED in persona.traits:
        raise refused(400, 100, "(#100) The breakdowns age and gender cannot be combined for this account")
    counted = sorted(_counts(persona, columns).items(), key=lambda row: (-row[1], row[0]))[:_TOP]
    if Trait.REVERSED_COLUMNS in persona.traits:
        columns.reverse()
        counted = [(values[::-1], people) for values, people in counted]
    if with_frame:
        columns = ["timeframe", *columns]
        counted = [(("THIS_MONTH", *values), people) for values, people in counted]
    results = [{"dimension_values": list(values), "value": people} for values, people in counted]
    return _insight(persona, [{"dimension_keys": columns, "results": results}])


def _counts(persona: Persona, columns: list[str]) -> dict[tuple[str, ...], int]:
    """People by the values of each column, columns in alphabetical order."""
    audience = persona.audience
    match columns:
        case ["country"]:
            return {(code,): people for code, people in audience.countries.items()}
        case ["city"]:
            return {(name,): people for name, people in audience.cities.items()}
    counts: dict[tuple[str, ...], int] = {}
    for (gender, age), people in audience.gender_age.items():
        words = {"age": age.replace("65-", "65+"), "gender": _LETTERS[gender]}
        values = tuple(words[column] for column in columns)
        counts[values] = counts.get(values, 0) + people
    return counts


def _nothing_yet(persona: Persona, columns: list[str]) -> object:
    """The three forms in which nothing is said."""
    if columns == ["country"]:
        return _insight(persona, [{"dimension_keys": columns}])
    return _insight(persona, []) if columns == ["city"] else {"data": []}


def _insight(persona: Persona, breakdowns: list[Values]) -> object:
    text = "The demographic characteristics of followers, including countries, cities and gender distribution."
    return {
        "data": [
            {
                "name": _METRIC,
                "period": "lifetime",
                "title": "Follower demographics",
                "description": text,
                "total_value": {"breakdowns": breakdowns},
                "id": f"{account_id(persona)}/insights/{_METRIC}/lifetime",
            }
        ]
    }


def _visible(session: Session) -> list[Page]:
    pages = pages_of(session.persona, session.people)
    return [page for page in pages if session.claims.kind != "page" or page.id == session.claims.bound_to]


def _page(session: Session, page: Page, fields: str) -> Values:
    values: Values = {
        "id": page.id,
        "name": page.name,
        "access_token": session.page_token(session, page.id),
        "category": "Digital creator",
        "category_list": [{"id": "1350536325044173", "name": "Digital creator"}],
        "tasks": _ALL_TASKS if page.account is not None else ["ANALYZE"],
    }
    nested = _field_tree(fields).get("instagram_business_account", "")
    if page.account is not None and "instagram_basic" in session.scopes:
        values["instagram_business_account"] = _account(page.account, nested or "id")
    return _selected(values, fields, "Page", _PAGE_FIELDS)


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
    told = {name: value for name, value in values.items() if value is not None}
    return _selected(told, fields, "ShadowIGUser", _ACCOUNT_FIELDS)


def _selected(values: Values, fields: str, kind: str, known: Collection[str] = ("id", "name")) -> Values:
    """The fields that were asked for, and always the id; one that does not exist fails the whole call."""
    for name in _field_tree(fields):
        if name not in known:
            raise refused(400, 100, f"(#100) Tried accessing nonexisting field ({name}) on node type ({kind})")
    wanted = [*_field_tree(fields), "id"]
    return {name: value for name, value in values.items() if name in wanted}


def _field_tree(fields: str) -> dict[str, str]:
    """`id,page{id,name}` -> {"id": "", "page": "id,name"}."""
    tree: dict[str, str] = {}
    depth, start = 0, 0
    for place, letter in enumerate(fields + ","):
        depth += (letter == "{") - (letter == "}")
        if letter == "," and depth <= 0:
            name, _, inner = fields[start:place].strip().partition("{")
            tree[name] = inner.removesuffix("}")
            start = place + 1
    return {name: inner for name, inner in tree.items() if name}


def _gone(wanted: str) -> RefusedError:
    reply = REFUSALS["error_100_33_object_gone"]
    return RefusedError(msgspec.structs.replace(reply, body=reply.body.replace(b"17841400000000001", wanted.encode())))


def _page_id(persona: Persona, which: int) -> str:
    return str(200_000_000_000_000 + persona.number * 1_000 + which)


def _follows(other: Persona, persona: Persona) -> bool:
    return other.number == persona.number + 1


def _cursor(place: int) -> str:
    return base64.urlsafe_b64encode(f"place {place}".encode()).decode()


def _cursor_place(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        return _number(base64.urlsafe_b64decode(cursor).decode().removeprefix("place "), "after")
    except (binascii.Error, UnicodeDecodeError):
        raise refused(400, 100, "(#100) Invalid cursors values") from None


def _number(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise refused(400, 100, f"(#100) Param {name} must be an integer")
    return int(text)
