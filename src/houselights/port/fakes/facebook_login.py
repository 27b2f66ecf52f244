"""Facebook Login, invented: the dialog, the tokens, what they may do, and the pages that a person manages.

Here: what Instagram (by Facebook Login) and Facebook Pages share. Not here: what their own nodes answer, which each
platform's fake hands in as a `Site`. Written from the documentation, not from our connectors.
Source: https://developers.facebook.com/docs/facebook-login/guides/access-tokens and
https://developers.facebook.com/docs/graph-api/reference/debug_token (read 2026-11-23).
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit

import msgspec
from msgspec import Struct

from houselights.core.messages import Response
from houselights.core.secret import Secret
from houselights.port.fakes import meta
from houselights.port.fakes.dialog import Dialog
from houselights.port.fakes.grants import Grants
from houselights.port.fakes.meta import RefusedError, Session, Values, refused
from houselights.port.fakes.tokens import Claims, microseconds, seconds
from houselights.port.persona import Persona, Trait
from houselights.port.platform import AppKeys, FakeRequest

APP_ID, APP_NAME = "1000000000000001", "Example Connector"
CONFIG_ID = "600000000000001"
"""Its configuration of Facebook Login for Business."""

DENIED = {
    "error": "access_denied",
    "error_reason": "user_denied",
    "error_description": "The user denied your request",
}

_APP_KEY = "invented-app-secret-of-the-sandbox"
_CODE_LIFE, _SHORT_LIFE, _LONG_LIFE = timedelta(hours=1), timedelta(hours=2), timedelta(days=60)
_DATA_ACCESS = timedelta(days=90)
_VERSIONS = {f"v{number}.0" for number in range(22, 27)}
_TOKENS = ("short", "user", "page")
_ALL_TASKS = ("ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MESSAGING", "MODERATE", "MANAGE")
_SIDE_PAGES = 100
_APP_REMOVED = "error_190_458_app_removed"


class Page(Struct, frozen=True):
    """A page that somebody manages.

    owner      whose page it is; None for a page that belongs to none of the personas
    is_linked  whether the owner's professional account is linked to it
    tasks      what the person who manages it may do there
    """

    id: str
    name: str
    owner: Persona | None = None
    is_linked: bool = False
    tasks: tuple[str, ...] = _ALL_TASKS


class Site(Struct, frozen=True):
    """One platform behind Facebook Login.

    prefix    how its tokens begin
    refusals  every refusal that it documents, by the name of its sample
    page      what a page looks like: session, page, a token of the page, fields
    node      what any other object looks like: session, id
    insights  the numbers of an object: session, id
    targets   which ids a granted scope was given for; None: for everything
    usage     headers that say how full the budgets are: session, percent
    """

    dialog: Dialog
    prefix: str
    refusals: Mapping[str, Response]
    page: Callable[[Session, Page, str, str], object]
    node: Callable[[Session, str], object]
    insights: Callable[[Session, str], object]
    targets: Callable[[str, Sequence[Page]], list[str] | None]
    usage: Callable[[Session, int], dict[str, str]]


class FacebookLogin:
    """As `port.platform.Fake`. Besides what tokens say, it remembers used codes, ended grants and counts of calls."""

    app = AppKeys(APP_ID, Secret(_APP_KEY))
    other_app = AppKeys(APP_ID, Secret(_APP_KEY), {"config_id": CONFIG_ID})

    def __init__(self, site: Site, personas: Sequence[Persona]) -> None:
        self._site = site
        self.refusals = site.refusals
        self._grants = Grants(site.prefix)
        self._withdrawn: dict[tuple[str, str], int] = {}
        self._meter = meta.Meter()
        self.meet(personas)

    def meet(self, personas: Sequence[Persona]) -> None:
        self._people = tuple(personas)
        self._by_username = {persona.username: persona for persona in personas}

    def end_grants(self, username: str, at: datetime, refusal: str) -> None:
        self._grants.end(username, at, refusal)

    def remove_app(self, username: str, at: datetime) -> Mapping[str, str]:
        self.end_grants(username, at, _APP_REMOVED)
        return meta.signed_request(user_id(self._by_username[username]), at, _APP_KEY)

    def caller(self, request: FakeRequest) -> str | None:
        sent = {**request.query, **request.form}
        for name in ("access_token", "input_token", "fb_exchange_token", "code"):
            claims = self._grants.claims(sent.get(name, ""))
            if claims is not None:
                return claims.persona
        return request.form.get("persona")

    def answer(self, request: FakeRequest) -> Response:
        parts = urlsplit(request.url)
        version, _, path = parts.path.removeprefix("/").partition("/")
        try:
            if parts.hostname == "www.facebook.com" and path == "dialog/oauth":
                return self._site.dialog.answer(
                    request, self._people, lambda choice: self._grants.code(choice, request.now, _CODE_LIFE)
                )
            if version not in _VERSIONS or parts.hostname != "graph.facebook.com":
                raise meta.unknown_path(parts.path)
            return self._graph(request, version, path.rstrip("/"))
        except RefusedError as error:
            return error.reply

    def _graph(self, request: FakeRequest, version: str, path: str) -> Response:
        sent = {**request.query, **request.form}
        if path == "oauth/access_token":
            return meta.answer(version, self._token(sent, request.now))
        if path == "debug_token":
            return meta.answer(version, {"data": self._debugged(sent, request.now)})
        session = self._session(sent, request)
        for pattern, method, handle in self._routes():
            match = re.fullmatch(pattern, path)
            if match and request.method == method:
                body = handle(session, *match.groups())
                percent = self._meter.percent(session.persona.username, request)
                return meta.answer(version, body, self._site.usage(session, percent))
        raise meta.unknown_path(f"/{path}")

    def _routes(self) -> list[tuple[str, str, Callable[..., object]]]:
        return [
            ("me/accounts", "GET", self._accounts),
            (r"(me|\d+)/permissions", "GET", self._permissions),
            (r"(me|\d+)/permissions(?:/(\w+))?", "DELETE", self._withdraw),
            (r"(\d+)/insights", "GET", self._site.insights),
            (r"(\d+|me)", "GET", self._node),
        ]

    # Tokens

    def _token(self, sent: Mapping[str, str], now: datetime) -> object:
        if sent.get("client_id") != APP_ID:
            raise refused(400, 101, "Error validating application. Invalid application ID.")
        if sent.get("client_secret") != _APP_KEY:
            raise refused(400, 1, "Error validating client secret.")
        if sent.get("grant_type") == "client_credentials":
            return {"access_token": f"{APP_ID}|{_APP_KEY}", "token_type": "bearer"}
        if sent.get("grant_type") == "fb_exchange_token":
            claims, _ = self._alive(sent.get("fb_exchange_token", ""), ("short", "user"), now)
            return self._issued("user", claims, claims.bound_to, now, _LONG_LIFE)
        code = sent.get("code", "")
        claims = self._grants.claims(code) or Claims("", "", 0, 0, 0, ())
        if claims.kind != "code" or claims.persona not in self._by_username:
            raise refused(400, 100, "Invalid verification code format.")
        if not self._grants.redirected_to(claims, sent.get("redirect_uri", "")):
            text = "Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request"
            raise refused(400, 100, f"Error validating verification code. {text}", 36008)
        if self._grants.is_used(code):
            raise refused(400, 100, "This authorization code has been used.", 36009)
        if claims.is_expired(now):
            raise refused(400, 100, "This authorization code has expired.", 36007)
        self._grants.use(code, claims, now)
        return self._issued("short", claims, self._grants.declined(claims), now, _SHORT_LIFE)

    def _issued(self, kind: str, claims: Claims, declined: str, now: datetime, life: timedelta) -> object:
        told = {"access_token": self._grants.token(kind, claims, now, life, declined), "token_type": "bearer"}
        silent = Trait.NO_EXPIRY_TOLD in self._by_username[claims.persona].traits
        return told if silent else {**told, "expires_in": int(life.total_seconds())}

    def _debugged(self, sent: Mapping[str, str], now: datetime) -> object:
        if sent.get("access_token") != f"{APP_ID}|{_APP_KEY}":
            raise refused(400, 190, "Invalid OAuth access token signature.")
        about = {"app_id": APP_ID, "type": "USER", "application": APP_NAME}
        try:
            claims, persona = self._alive(sent.get("input_token", ""), _TOKENS, now)
        except RefusedError as error:
            said = msgspec.json.decode(error.reply.body)["error"]
            error_told = {"code": said["code"], "message": said["message"], "subcode": said.get("error_subcode", 0)}
            return {**about, "error": error_told, "is_valid": False, "scopes": []}
        scopes = self._scopes(claims)
        return {
            **about,
            "data_access_expires_at": seconds(claims.login_us + _DATA_ACCESS // timedelta(microseconds=1)),
            "expires_at": seconds(claims.expires_us),
            "is_valid": True,
            "issued_at": seconds(claims.issued_us),
            "scopes": scopes,
            "granular_scopes": [self._granular(scope, persona) for scope in scopes if scope != "public_profile"],
            "user_id": user_id(persona),
        }

    def _granular(self, scope: str, persona: Persona) -> Values:
        targets = self._site.targets(scope, pages_of(persona, self._people))
        return {"scope": scope} if targets is None else {"scope": scope, "target_ids": targets}

    def _session(self, sent: Mapping[str, str], request: FakeRequest) -> Session:
        token = sent.get("access_token")
        if not token:
            raise refused(400, 104, "An access token is required to request this resource.")
        claims, persona = self._alive(token, _TOKENS, request.now)
        proof = sent.get("appsecret_proof")
        if proof is None:
            raise refused(400, 100, "API calls from the server require an appsecret_proof argument")
        expected = hmac.new(_APP_KEY.encode(), token.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(proof.encode(), expected.encode()):
            raise refused(400, 100, "Invalid appsecret_proof provided in the API argument")
        return Session(persona, self._people, claims, frozenset(self._scopes(claims)), sent, request)

    def _alive(self, token: str, kinds: Collection[str], now: datetime) -> tuple[Claims, Persona]:
        """What a token says, and whose it is; refused if it is not such a token or something has ended it."""
        claims = meta.alive(self._grants, self.refusals, token, kinds, now)
        persona = self._by_username.get(claims.persona)
        if persona is None:
            raise RefusedError(meta.DEAD_TOKENS["error_190_no_subcode_ig_host"])
        if microseconds(now - _DATA_ACCESS) >= claims.login_us:
            raise RefusedError(DATA_ACCESS_EXPIRED)
        return claims, persona

    def _scopes(self, claims: Claims) -> list[str]:
        withdrawn = self._withdrawn
        held = (*claims.scopes, "public_profile")
        return [s for s in held if withdrawn.get((claims.persona, s), -1) < claims.login_us]

    # What a person may see

    def _node(self, session: Session, wanted: str) -> object:
        """`/{id}`: a page, `me`, or whatever else the platform knows."""
        if wanted in ("me", user_id(session.persona)):
            person = {"id": user_id(session.persona), "name": session.persona.full_name}
            return meta.selected(person, session.sent.get("fields", "id"), "User", ("id", "name"))
        page = next((page for page in visible(session) if page.id == wanted), None)
        if page is None:
            return self._site.node(session, wanted)
        if "tasks" in meta.field_tree(session.sent.get("fields", "")):
            raise refused(400, 100, "(#100) Tried accessing nonexisting field (tasks) on node type (Page)")
        return self._page(session, page, "id")

    def _accounts(self, session: Session) -> object:
        """`/me/accounts`, in pages of `limit` rows."""
        hidden = Trait.HIDDEN_PAGES in session.persona.traits or "pages_show_list" not in session.scopes
        rows = [] if hidden else pages_of(session.persona, session.people)
        limit = min(max(meta.number(session.sent.get("limit", "25"), "limit"), 1), 100)
        start = _cursor_place(session.sent.get("after"))
        shown = rows[start : start + limit]
        listed: Values = {
            "data": [self._page(session, page, "access_token,category,category_list,name,id,tasks") for page in shown]
        }
        if shown:
            after = _cursor(start + len(shown))
            paging: Values = {"cursors": {"before": _cursor(start), "after": after}}
            if start + len(shown) < len(rows):
                path = urlsplit(session.request.url).path
                paging["next"] = f"{session.request.public_base}{path}?{urlencode({**session.sent, 'after': after})}"
            listed["paging"] = paging
        return listed

    def _page(self, session: Session, page: Page, usual: str) -> object:
        """A page token made from a long-lived user token never expires; one made from a short one expires with it."""
        user = session.claims
        left = timedelta(microseconds=user.expires_us - microseconds(session.request.now))
        token = self._grants.token("page", user, session.request.now, left if user.kind == "short" else None, page.id)
        return self._site.page(session, page, token, session.sent.get("fields", usual))

    def _permissions(self, session: Session, _who: str) -> object:
        held = (*session.claims.scopes, "public_profile")
        granted = [scope for scope in held if scope in session.scopes]
        declined = [scope for scope in held if scope not in session.scopes]
        declined += [scope for scope in session.claims.bound_to.split(",") if scope in self._site.dialog.scopes]
        rows = [(scope, "granted") for scope in granted] + [(scope, "declined") for scope in declined]
        return {"data": [{"permission": scope, "status": status} for scope, status in rows]}

    def _withdraw(self, session: Session, _who: str, scope: str | None) -> object:
        if scope is None:
            self.end_grants(session.persona.username, session.request.now, _APP_REMOVED)
        else:
            self._withdrawn[session.persona.username, scope] = microseconds(session.request.now)
        return {"success": True}


DATA_ACCESS_EXPIRED = meta.refusal(
    400,
    190,
    "Error validating access token: This user has not engaged with the app for longer than 90 days.",
    subcode=493,
)


def user_id(persona: Persona) -> str:
    """That of the person who manages the pages."""
    return str(300_000_000_000_001 + persona.number)


def visible(session: Session) -> list[Page]:
    """The pages that a token reaches: a page's own token reaches that page."""
    pages = pages_of(session.persona, session.people)
    return [page for page in pages if session.claims.kind != "page" or page.id == session.claims.bound_to]


def pages_of(persona: Persona, people: Sequence[Persona]) -> list[Page]:
    """Every page that a creator manages, their own first, unless it is one of very many."""
    if Trait.NO_PAGE in persona.traits:
        return []
    if Trait.NO_PROFESSIONAL_ACCOUNT in persona.traits:
        return [Page(_page_id(persona, 1), persona.full_name, persona)]
    own = Page(_page_id(persona, 1), persona.full_name, persona, is_linked=True)
    if Trait.MANY_PAGES in persona.traits:
        numbers = range(2, _SIDE_PAGES + 2)
        return [*(Page(_page_id(persona, n), f"Page {n}", tasks=("MODERATE",)) for n in numbers), own]
    pages = [own, Page(_page_id(persona, 2), f"{persona.full_name} Studio", tasks=("ANALYZE",))]
    if Trait.SEVERAL_ACCOUNTS in persona.traits:
        others = (other for other in people if other.number == persona.number + 1)
        pages += [Page(_page_id(other, 1), other.full_name, other, is_linked=True) for other in others]
    return pages


def _page_id(persona: Persona, which: int) -> str:
    return str(200_000_000_000_000 + persona.number * 1_000 + which)


def _cursor(place: int) -> str:
    return base64.urlsafe_b64encode(f"place {place}".encode()).decode()


def _cursor_place(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        return meta.number(base64.urlsafe_b64decode(cursor).decode().removeprefix("place "), "after")
    except (binascii.Error, UnicodeDecodeError):
        raise refused(400, 100, "(#100) Invalid cursors values") from None
