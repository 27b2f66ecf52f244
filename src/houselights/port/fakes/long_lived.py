"""Instagram Login and Threads, invented: a code, a one-hour token, and one of 60 days that is used to renew itself.

Not here: what their own nodes answer, which each platform's fake hands in as a `Site`. Written from the documentation,
not from our connectors.
Source: https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login and
https://developers.facebook.com/docs/threads/get-started/get-access-tokens-and-permissions (read 2026-11-23).
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from msgspec import Struct

from houselights.core.messages import Response
from houselights.core.secret import Secret
from houselights.port.fakes import meta
from houselights.port.fakes.dialog import Dialog
from houselights.port.fakes.grants import Grants
from houselights.port.fakes.meta import RefusedError, Session, refused
from houselights.port.fakes.tokens import Claims, microseconds
from houselights.port.persona import Persona, Trait
from houselights.port.platform import AppKeys, FakeRequest

APP_NAME = "Example Connector"

_APP_KEY = "invented-app-secret-of-the-sandbox"
_CODE_LIFE, _SHORT_LIFE, _LONG_LIFE = timedelta(hours=1), timedelta(hours=1), timedelta(days=60)
_OLD_ENOUGH = timedelta(hours=24)

TOO_YOUNG = meta.refusal(
    400,
    190,
    "Session key invalid. This could be because the session key has an incorrect format, or because the user has "
    "revoked this session",
    subcode=452,
)
"""A token that is renewed before it is a day old."""

_WRONG_ADDRESS = (
    "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the "
    "OAuth dialog request"
)


class Site(Struct, frozen=True):
    """One platform with tokens of this kind.

    prefix        how its tokens begin
    grant_types   names for exchanging a short token for a long one, and for renewing that
    places        host and path of the dialog, host and path of the code's exchange, host of everything else
    versions      versions of the API that are answered
    refusals      every refusal that it documents, by the name of its sample; `spent_code` is one of them
    short         the reply with the short token: creator, token, granted scopes
    node          what an object looks like: session, id
    edges         numbers of an object, by the last part of their path: session, id
    usage         headers that say how full the budgets are: session, percent
    person        a creator's id for this app
    tells_scopes  whether the reply to a renewal says what is granted
    """

    dialog: Dialog
    prefix: str
    grant_types: tuple[str, str]
    places: tuple[str, str, str]
    versions: frozenset[str]
    refusals: Mapping[str, Response]
    spent_code: str
    short: Callable[[Persona, str, Sequence[str]], object]
    node: Callable[[Session, str], object]
    edges: Mapping[str, Callable[[Session, str], object]]
    usage: Callable[[Session, int], dict[str, str]]
    person: Callable[[Persona], str]
    tells_scopes: bool = False


class LongLivedLogin:
    """As `port.platform.Fake`. Besides what tokens say, it remembers used codes, ended grants and counts of calls."""

    def __init__(self, site: Site, personas: Sequence[Persona]) -> None:
        self._site = site
        self.app = AppKeys(site.dialog.client_id, Secret(_APP_KEY))
        self.refusals = site.refusals
        self._grants = Grants(site.prefix)
        self._meter = meta.Meter()
        self.meet(personas)

    def meet(self, personas: Sequence[Persona]) -> None:
        self._people = tuple(personas)
        self._by_username = {persona.username: persona for persona in personas}

    def end_grants(self, username: str, at: datetime, refusal: str) -> None:
        self._grants.end(username, at, refusal)

    def remove_app(self, username: str, at: datetime) -> Mapping[str, str]:
        self.end_grants(username, at, "error_190_458_app_removed")
        return meta.signed_request(self._site.person(self._by_username[username]), at, _APP_KEY)

    def caller(self, request: FakeRequest) -> str | None:
        sent = _sent(request)
        for name in ("access_token", "code"):
            claims = self._grants.claims(sent.get(name, ""))
            if claims is not None:
                return claims.persona
        return request.form.get("persona")

    def answer(self, request: FakeRequest) -> Response:
        parts = urlsplit(request.url)
        dialog, exchange, host = self._site.places
        place = f"{parts.hostname}{parts.path}".rstrip("/")
        try:
            if place == dialog:
                return self._site.dialog.answer(
                    request, self._people, lambda choice: self._grants.code(choice, request.now, _CODE_LIFE)
                )
            if place == exchange and request.method == "POST":
                return self._short(request.form, request.now)
            if parts.hostname != host or request.method != "GET":
                raise meta.unknown_path(parts.path)
            return self._graph(request, parts.path.strip("/"))
        except RefusedError as error:
            return error.reply

    def _graph(self, request: FakeRequest, path: str) -> Response:
        sent = _sent(request)
        latest = max(self._site.versions)
        if path == "access_token":
            return meta.answer(latest, self._long(sent, request.now))
        if path == "refresh_access_token":
            return meta.answer(latest, self._renewed(sent, request.now))
        version, _, rest = path.partition("/")
        wanted, _, edge = rest.partition("/")
        if version not in self._site.versions or not re.fullmatch(r"me|\d+", wanted):
            raise meta.unknown_path(f"/{path}")
        handle = self._site.edges.get(edge) if edge else self._site.node
        if handle is None:
            raise meta.unknown_path(f"/{path}")
        session = self._session(sent, request)
        percent = self._meter.percent(session.persona.username, request)
        return meta.answer(version, handle(session, wanted), self._site.usage(session, percent))

    # Tokens

    def _short(self, form: Mapping[str, str], now: datetime) -> Response:
        """A code's token; everything that can be wrong with the code has the same error code and its own words."""
        if form.get("client_id") != self.app.client_id:
            return meta.flat_refusal("Invalid platform app")
        if form.get("client_secret") != _APP_KEY:
            return meta.flat_refusal("Error validating client secret.")
        if form.get("grant_type") != "authorization_code":
            return meta.flat_refusal("Invalid grant_type")
        code = form.get("code", "")
        claims = self._grants.claims(code) or Claims("", "", 0, 0, 0, ())
        persona = self._by_username.get(claims.persona)
        spent = self._grants.is_used(code) or claims.is_expired(now)
        if persona is None or claims.kind != "code" or spent:
            return self.refusals[self._site.spent_code]
        if not self._grants.redirected_to(claims, form.get("redirect_uri", "")):
            return meta.flat_refusal(_WRONG_ADDRESS)
        self._grants.use(code, claims, now)
        token = self._grants.token("short", claims, now, _SHORT_LIFE)
        return meta.answer(max(self._site.versions), self._site.short(persona, token, claims.scopes))

    def _long(self, sent: Mapping[str, str], now: datetime) -> object:
        if sent.get("grant_type") != self._site.grant_types[0]:
            raise refused(400, 100, "Unsupported grant_type")
        if sent.get("client_secret") != _APP_KEY:
            raise refused(400, 101, "Error validating application. Invalid client secret.")
        return self._issued(self._alive(sent.get("access_token", ""), ("short",), now)[0], now)

    def _renewed(self, sent: Mapping[str, str], now: datetime) -> object:
        """60 more days for a token that is at least one day old and not yet expired."""
        if sent.get("grant_type") != self._site.grant_types[1]:
            raise refused(400, 100, "Unsupported grant_type")
        claims, _ = self._alive(sent.get("access_token", ""), ("user",), now)
        if microseconds(now - _OLD_ENOUGH) < claims.issued_us:
            raise RefusedError(TOO_YOUNG)
        told = {"permissions": ",".join(claims.scopes)} if self._site.tells_scopes else {}
        return {**self._issued(claims, now), **told}

    def _issued(self, claims: Claims, now: datetime) -> dict[str, object]:
        token = self._grants.token("user", claims, now, _LONG_LIFE)
        told = {"access_token": token, "token_type": "bearer"}
        silent = Trait.NO_EXPIRY_TOLD in self._by_username[claims.persona].traits
        return {**told} if silent else {**told, "expires_in": int(_LONG_LIFE.total_seconds())}

    def _session(self, sent: Mapping[str, str], request: FakeRequest) -> Session:
        token = sent.get("access_token")
        if not token:
            raise refused(400, 104, "An access token is required to request this resource.")
        claims, persona = self._alive(token, ("short", "user"), request.now)
        return Session(persona, self._people, claims, frozenset(claims.scopes), sent, request)

    def _alive(self, token: str, kinds: Collection[str], now: datetime) -> tuple[Claims, Persona]:
        claims = meta.alive(self._grants, self.refusals, token, kinds, now)
        persona = self._by_username.get(claims.persona)
        if persona is None:
            raise RefusedError(meta.DEAD_TOKENS["error_190_no_subcode_ig_host"])
        return claims, persona


def _sent(request: FakeRequest) -> dict[str, str]:
    """Parameters, with the token from wherever it was: the query, the form, or the header."""
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    header = {"access_token": token} if token else {}
    return {**header, **request.query, **request.form}
