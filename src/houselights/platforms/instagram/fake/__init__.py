"""The invented platform: consent dialog and Graph API as Meta documents them, answered from personas.

Written from the documentation, not from our connector, of which it imports nothing.
Source: https://developers.facebook.com/docs/facebook-login/guides/access-tokens and
https://developers.facebook.com/docs/instagram-platform/api-reference/instagram-user/insights (read 2026-11-23).
"""

import hashlib
import hmac
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit

import msgspec

from houselights.core.messages import Response
from houselights.core.secret import Secret
from houselights.platforms.instagram.fake import graph
from houselights.platforms.instagram.fake.graph import Session
from houselights.platforms.instagram.fake.refusals import REFUSALS, RefusedError, documented, refused
from houselights.port.fakes import consent
from houselights.port.fakes.tokens import Claims, claims_of, microseconds, mint, seconds
from houselights.port.persona import Persona, Trait
from houselights.port.platform import AppKeys, FakeRequest

_APP_ID, _APP_KEY = "1000000000000001", "invented-app-secret-of-the-sandbox"
_APP_NAME = "Example Connector"
_NAME = "Instagram's consent dialog"
_PREFIX = "EAAS"
_CODE_LIFE, _SHORT_LIFE, _LONG_LIFE = timedelta(hours=1), timedelta(hours=2), timedelta(days=60)
_DATA_ACCESS = timedelta(days=90)
_VERSIONS = {f"v{number}.0" for number in range(22, 27)}
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


class Fake:
    """As `port.platform.Fake`. Beside what tokens say, it remembers used codes, ended grants and counts of calls."""

    app = AppKeys(_APP_ID, Secret(_APP_KEY))
    refusals: Mapping[str, Response] = REFUSALS

    def __init__(self, personas: Sequence[Persona]) -> None:
        self._used: dict[str, int] = {}
        self._ended: dict[str, tuple[int, str]] = {}
        self._withdrawn: dict[tuple[str, str], int] = {}
        self._calls: Counter[str] = Counter()
        self._hour = 0
        self._last_us = 0
        self.meet(personas)

    def meet(self, personas: Sequence[Persona]) -> None:
        self._people = tuple(personas)
        self._by_username = {persona.username: persona for persona in personas}

    def end_grants(self, username: str, at: datetime, refusal: str) -> None:
        self._ended[username] = (microseconds(at), refusal)

    def caller(self, request: FakeRequest) -> str | None:
        sent = {**request.query, **request.form}
        for name in ("access_token", "input_token", "fb_exchange_token", "code"):
            claims = claims_of(_PREFIX, sent.get(name, ""))
            if claims is not None:
                return claims.persona
        return request.form.get("persona")

    def answer(self, request: FakeRequest) -> Response:
        parts = urlsplit(request.url)
        version, _, path = parts.path.removeprefix("/").partition("/")
        try:
            if parts.hostname == "www.facebook.com" and path == "dialog/oauth":
                return self._dialog(request)
            if version not in _VERSIONS or parts.hostname != "graph.facebook.com":
                raise refused(400, 2500, f"Unknown path components: {parts.path}")
            return self._graph(request, version, path.rstrip("/"))
        except RefusedError as error:
            return error.reply

    # The dialog

    def _dialog(self, request: FakeRequest) -> Response:
        query = request.query
        wrong = _wrong_link(query)
        if wrong is not None:
            return Response(400, consent.HEADERS, consent.refusal_page(_NAME, wrong))
        asked = [scope for scope in query.get("scope", "").split(",") if scope]
        persona = self._by_username.get(request.form.get("persona", ""))
        if request.form.get("decision") == consent.CANCEL:
            denied = {"error": "access_denied", "error_reason": "user_denied"}
            return _back(query, {**denied, "error_description": "The user denied your request"})
        if request.form.get("decision") != consent.CONTINUE or persona is None:
            scopes = tuple((scope, _SCOPES[scope]) for scope in asked)
            question = consent.Question(_NAME, _APP_NAME, f"?{urlencode(query)}", scopes)
            return Response(200, consent.HEADERS, consent.consent_page(question, self._people))
        ticked = [scope for scope in asked if f"scope:{scope}" in request.form]
        if Trait.AUDIENCE_SCOPE_DECLINED in persona.traits:
            ticked = [scope for scope in ticked if scope != "instagram_manage_insights"]
        return _back(query, {"code": self._code(persona, asked, ticked, request)})

    def _code(self, persona: Persona, asked: Sequence[str], granted: Sequence[str], request: FakeRequest) -> str:
        """Never the same twice, also where two consents share an instant."""
        self._last_us = at = max(microseconds(request.now), self._last_us + 1)
        declined = ",".join(scope for scope in asked if scope not in granted)
        bound = f"{_digest(request.query['redirect_uri'])} {declined}"
        scopes = (*granted, "public_profile")
        expires = at + _CODE_LIFE // timedelta(microseconds=1)
        return mint(_PREFIX, Claims("code", persona.username, at, at, expires, scopes, bound))

    # The Graph API

    def _graph(self, request: FakeRequest, version: str, path: str) -> Response:
        sent = {**request.query, **request.form}
        if path == "oauth/access_token":
            return graph.answer(version, self._token(sent, request.now))
        if path == "debug_token":
            return graph.answer(version, {"data": self._debugged(sent, request.now)})
        session = self._session(sent, request)
        for pattern, method, handle in self._routes():
            match = re.fullmatch(pattern, path)
            if match and request.method == method:
                body = handle(session, *match.groups())
                return graph.answer(version, body, self._usage(session, request))
        raise refused(400, 2500, f"Unknown path components: /{path}")

    def _routes(self) -> list[tuple[str, str, Callable[..., object]]]:
        return [
            ("me/accounts", "GET", graph.accounts),
            (r"(me|\d+)/permissions", "GET", self._permissions),
            (r"(me|\d+)/permissions(?:/(\w+))?", "DELETE", self._withdraw),
            (r"(\d+)/insights", "GET", graph.insights),
            (r"(\d+|me)", "GET", graph.node),
        ]

    def _token(self, sent: Mapping[str, str], now: datetime) -> object:
        if sent.get("client_id") != _APP_ID:
            raise refused(400, 101, "Error validating application. Invalid application ID.")
        if sent.get("client_secret") != _APP_KEY:
            raise refused(400, 1, "Error validating client secret.")
        if sent.get("grant_type") == "fb_exchange_token":
            return self._long_lived(sent.get("fb_exchange_token", ""), now)
        claims = claims_of(_PREFIX, sent.get("code", ""))
        if claims is None or claims.kind != "code" or claims.persona not in self._by_username:
            raise refused(400, 100, "Invalid verification code format.")
        redirect, _, declined = claims.bound_to.partition(" ")
        if redirect != _digest(sent.get("redirect_uri", "")):
            text = "Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request"
            raise refused(400, 100, f"Error validating verification code. {text}", 36008)
        if sent["code"] in self._used:
            raise refused(400, 100, "This authorization code has been used.", 36009)
        if claims.is_expired(now):
            raise refused(400, 100, "This authorization code has expired.", 36007)
        at = microseconds(now)
        self._used = {code: end for code, end in self._used.items() if end > at} | {sent["code"]: claims.expires_us}
        return self._issued("short", claims, declined, now, _SHORT_LIFE)

    def _long_lived(self, token: str, now: datetime) -> object:
        claims, _ = self._alive(token, ("short", "user"), now)
        return self._issued("user", claims, claims.bound_to, now, _LONG_LIFE)

    def _issued(self, kind: str, claims: Claims, declined: str, now: datetime, life: timedelta) -> object:
        at = microseconds(now)
        expires = at + life // timedelta(microseconds=1)
        token = Claims(kind, claims.persona, at, claims.login_us, expires, claims.scopes, declined)
        told = {"access_token": mint(_PREFIX, token), "token_type": "bearer"}
        silent = Trait.NO_EXPIRY_TOLD in self._by_username[claims.persona].traits
        return told if silent else {**told, "expires_in": int(life.total_seconds())}

    def _debugged(self, sent: Mapping[str, str], now: datetime) -> object:
        if sent.get("access_token") != f"{_APP_ID}|{_APP_KEY}":
            raise refused(400, 190, "Invalid OAuth access token signature.")
        about = {"app_id": _APP_ID, "type": "USER", "application": _APP_NAME}
        try:
            claims, persona = self._alive(sent.get("input_token", ""), ("short", "user", "page"), now)
        except RefusedError as error:
            said = msgspec.json.decode(error.reply.body)["error"]
            error_told = {"code": said["code"], "message": said["message"], "subcode": said.get("error_subcode", 0)}
            return {**about, "error": error_told, "is_valid": False, "scopes": []}
        return {
            **about,
            "data_access_expires_at": seconds(claims.login_us + _DATA_ACCESS // timedelta(microseconds=1)),
            "expires_at": seconds(claims.expires_us),
            "is_valid": True,
            "issued_at": seconds(claims.issued_us),
            "scopes": self._scopes(claims),
            "granular_scopes": graph.granular(persona, self._people, self._scopes(claims)),
            "user_id": graph.user_id(persona),
        }

    def _session(self, sent: Mapping[str, str], request: FakeRequest) -> Session:
        token = sent.get("access_token")
        if not token:
            raise refused(400, 104, "An access token is required to request this resource.")
        claims, persona = self._alive(token, ("short", "user", "page"), request.now)
        proof = sent.get("appsecret_proof")
        if proof is None:
            raise refused(400, 100, "API calls from the server require an appsecret_proof argument")
        secret = _APP_KEY.encode()
        if not hmac.compare_digest(
            proof.encode(), hmac.new(secret, token.encode(), hashlib.sha256).hexdigest().encode()
        ):
            raise refused(400, 100, "Invalid appsecret_proof provided in the API argument")
        return Session(persona, self._people, claims, frozenset(self._scopes(claims)), sent, request, self._page_token)

    def _alive(self, token: str, kinds: Collection[str], now: datetime) -> tuple[Claims, Persona]:
        """What a token says and whose it is; refused where it is no such token or something has ended it."""
        claims = claims_of(_PREFIX, token)
        persona = None if claims is None else self._by_username.get(claims.persona)
        if claims is None or persona is None or claims.kind not in kinds:
            raise documented("error_190_no_subcode_ig_host")
        ended_us, refusal = self._ended.get(claims.persona, (-1, ""))
        if claims.login_us <= ended_us:
            raise documented(refusal)
        if claims.is_expired(now):
            raise documented("error_190_463_expired")
        if microseconds(now - _DATA_ACCESS) >= claims.login_us:
            raise documented("error_190_493_data_access_expired")
        return claims, persona

    def _scopes(self, claims: Claims) -> list[str]:
        withdrawn = self._withdrawn
        return [s for s in claims.scopes if withdrawn.get((claims.persona, s), -1) < claims.login_us]

    def _page_token(self, session: Session, page_id: str) -> str:
        """From a long-lived user token: without an end; from a short one: with the same."""
        user = session.claims
        expires = user.expires_us if user.kind == "short" else 0
        page = Claims("page", user.persona, user.issued_us, user.login_us, expires, user.scopes, page_id)
        return mint(_PREFIX, page)

    def _permissions(self, session: Session, _who: str) -> object:
        granted = [scope for scope in session.claims.scopes if scope in session.scopes]
        declined = [scope for scope in session.claims.scopes if scope not in session.scopes]
        declined += [scope for scope in session.claims.bound_to.split(",") if scope in _SCOPES]
        rows = [(scope, "granted") for scope in granted] + [(scope, "declined") for scope in declined]
        return {"data": [{"permission": scope, "status": status} for scope, status in rows]}

    def _withdraw(self, session: Session, _who: str, scope: str | None) -> object:
        if scope is None:
            self.end_grants(session.persona.username, session.request.now, "error_190_458_app_removed")
        else:
            self._withdrawn[session.persona.username, scope] = microseconds(session.request.now)
        return {"success": True}

    def _usage(self, session: Session, request: FakeRequest) -> dict[str, str]:
        """Counted per account and hour; never so full that a test run stops by itself."""
        hour = microseconds(request.now) // 3_600_000_000
        if hour != self._hour:
            self._hour, self._calls = hour, Counter()
        self._calls[session.persona.username] += 1
        counted = min(self._calls[session.persona.username] // 48, 60)
        return graph.usage_headers(session, counted if request.usage_percent is None else request.usage_percent)


def _wrong_link(query: Mapping[str, str]) -> str | None:
    """What is wrong with the address of the dialog, in a sentence."""
    if query.get("client_id") != _APP_ID:
        return "Invalid app ID: this platform knows one app, and it is not the one that sent you."
    target = urlsplit(query.get("redirect_uri", ""))
    if target.scheme not in ("http", "https") or not target.netloc or target.fragment:
        return "URL blocked: the redirect address is missing or is not a web address."
    if query.get("response_type") != "code":
        return "Unsupported response type: only `code` is answered here."
    unknown = [scope for scope in query.get("scope", "").split(",") if scope and scope not in _SCOPES]
    return f"Invalid scopes: {', '.join(unknown)}." if unknown else None


def _back(query: Mapping[str, str], answer: Mapping[str, str]) -> Response:
    """To the app, with the state that it sent."""
    told = {**answer, **({"state": query["state"]} if "state" in query else {})}
    joint = "&" if "?" in query["redirect_uri"] else "?"
    return Response(
        302, {"location": f"{query['redirect_uri']}{joint}{urlencode(told)}", "cache-control": "no-store"}, b""
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
