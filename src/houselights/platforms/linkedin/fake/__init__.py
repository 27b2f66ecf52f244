"""The invented platform: LinkedIn's consent and token endpoint, pages with their followers, members; from personas.

Written from the documentation, not from our connector, from which it imports nothing.
Source: https://learn.microsoft.com/en-us/linkedin/shared/authentication/authorization-code-flow and
https://learn.microsoft.com/en-us/linkedin/marketing/versioning (read 2026-11-23).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import SplitResult, urlsplit

import msgspec
from msgspec import structs

from houselights.core.messages import Response
from houselights.core.secret import Secret
from houselights.platforms.linkedin.fake import pages
from houselights.platforms.linkedin.fake.refusals import HEADERS, REFUSALS, RefusedError, documented, token_refusal
from houselights.port.fakes.dialog import Dialog
from houselights.port.fakes.oauth2 import AuthorisationServer, Lives, Pair, RefusedTokenError, Why
from houselights.port.persona import Persona, Trait
from houselights.port.platform import AppKeys, FakeRequest

_APP_ID, _APP_KEY = "77inventedclient", "WPL_AP1.inventedsecret"
_SIGN_IN_ID, _SIGN_IN_KEY = "77inventedsignin", "WPL_AP1.anothersecret"
_KEYS = {_APP_ID: _APP_KEY, _SIGN_IN_ID: _SIGN_IN_KEY}
_LIVES = Lives(code=timedelta(minutes=30), access=timedelta(seconds=5_183_999), refresh=timedelta(seconds=31_535_999))
_ADMIN = "rw_organization_admin"
_VERSIONS = {f"{year}{month:02d}" for year, month in [(2025, 12), *((2026, month) for month in range(1, 12))]}

_DIALOG = Dialog(
    name="LinkedIn's authorisation page",
    client_id=_APP_ID,
    app_name="Example Connector",
    scopes={
        "r_organization_social": "read the posts of your pages",
        _ADMIN: "manage your pages and read reports about them",
    },
    audience_scope="",
    denied={"error": "user_cancelled_authorize", "error_description": "The user cancelled the authorization"},
    separator=" ",
)
_SIGN_IN = structs.replace(
    _DIALOG,
    client_id=_SIGN_IN_ID,
    scopes={"openid": "know who you are", "profile": "use your name and picture", "email": "know your address"},
)


class Fake:
    """As `port.platform.Fake`; it knows one app for each of the two products."""

    app = AppKeys(_APP_ID, Secret(_APP_KEY))
    other_app = AppKeys(_SIGN_IN_ID, Secret(_SIGN_IN_KEY), {"kind": "members"})
    refusals: Mapping[str, Response] = REFUSALS

    def __init__(self, personas: Sequence[Persona]) -> None:
        self._server = AuthorisationServer("AQX", _LIVES)
        self.meet(personas)

    def meet(self, personas: Sequence[Persona]) -> None:
        self._people = tuple(personas)
        self._server.meet(personas)
        self._by_username = {persona.username: persona for persona in personas}

    def end_grants(self, username: str, at: datetime, refusal: str) -> None:
        self._server.end(username, at, refusal)

    def caller(self, request: FakeRequest) -> str | None:
        sent = [request.form.get(name, "") for name in ("code", "refresh_token", "token")]
        return self._server.caller([_bearer(request), *sent]) or request.form.get("persona")

    def answer(self, request: FakeRequest) -> Response:
        try:
            return self._answer(request, urlsplit(request.url))
        except RefusedError as error:
            return error.reply

    def _answer(self, request: FakeRequest, url: SplitResult) -> Response:
        """Raises RefusedError."""
        if url.hostname == "api.linkedin.com" and request.method == "GET":
            return _json(self._api(request, url.path))
        match (request.method, url.path):
            case (_, "/oauth/v2/authorization"):
                dialog = _SIGN_IN if request.query.get("client_id") == _SIGN_IN_ID else _DIALOG
                return dialog.answer(request, self._people, lambda choice: self._server.code(choice, request.now))
            case ("POST", "/oauth/v2/accessToken"):
                return self._token(request.form, request.now)
            case ("POST", "/oauth/v2/revoke"):
                return self._revoke(request.form, request.now)
        return Response(404, {"content-type": "text/html"}, b"<html><title>Page not found</title></html>")

    # Tokens

    def _token(self, form: Mapping[str, str], now: datetime) -> Response:
        _check_app(form)
        try:
            match form.get("grant_type"):
                case "authorization_code":
                    return self._told(self._server.redeem(form.get("code", ""), form.get("redirect_uri", ""), now))
                case "refresh_token":
                    return self._told(self._server.renew(form.get("refresh_token", ""), now))
        except RefusedTokenError as error:
            if error.why is Why.ADDRESS:
                raise token_refusal("invalid_redirect_uri", "The redirect address does not match the code.") from None
            raise documented("error_token_invalid_grant") from None
        raise token_refusal("unsupported_grant_type", "The grant type is not supported.")

    def _told(self, pair: Pair) -> Response:
        """The tokens. Apps not enabled for refresh tokens get none: here those of creators with older shapes."""
        traits = self._by_username[pair.claims.persona].traits
        body: dict[str, object] = {"access_token": pair.access, "scope": ",".join(pair.claims.scopes)}
        if Trait.NO_EXPIRY_TOLD not in traits:
            body["expires_in"] = int(_LIVES.access.total_seconds())
        if Trait.OLDER_SHAPES not in traits:
            body |= {"refresh_token": pair.refresh, "refresh_token_expires_in": pair.refresh_s}
        return _json(body)

    def _revoke(self, form: Mapping[str, str], now: datetime) -> Response:
        _check_app(form)
        try:
            self._server.revoke(form.get("token", ""), now, "error_401_revoked")
        except RefusedTokenError:
            raise token_refusal("invalid_request", "The token is not valid.") from None
        return Response(200, HEADERS, b"")

    # The APIs

    def _api(self, request: FakeRequest, path: str) -> object:
        persona, scopes = self._caller_of(request)
        if path == "/v2/userinfo":
            if not {"openid", "profile"} <= scopes:
                raise documented("error_403_access_denied")
            return pages.person(persona)
        if request.headers.get("x-restli-protocol-version") != "2.0.0":
            raise documented("error_400_param")
        if path == "/v2/geo":
            if Trait.CITIES_REFUSED in persona.traits and pages.asks_for_metros(request.query):
                raise documented("error_403_access_denied")
            return pages.geo(request.query, self._people)
        if request.headers.get("linkedin-version") not in _VERSIONS:
            raise documented("error_426_version")
        if _ADMIN not in scopes:
            raise documented("error_403_access_denied")
        administered = pages.administered(persona, self._people)
        for beginning, handle in _ROUTES.items():
            if path.startswith(beginning):
                return handle(path.removeprefix(beginning), request.query, administered)
        raise documented("error_400_param")

    def _caller_of(self, request: FakeRequest) -> tuple[Persona, set[str]]:
        try:
            claims = self._server.alive(_bearer(request), request.now)
        except RefusedTokenError as error:
            if error.why is Why.EXPIRED:
                raise documented("error_401_expired") from None
            raise documented(error.refusal or "error_401_invalid") from None
        return self._by_username[claims.persona], set(claims.scopes)


_ROUTES: Mapping[str, Callable[[str, Mapping[str, str], pages.Pages], object]] = {
    "/rest/organizationAcls": pages.acls,
    "/rest/organizationsLookup": pages.lookup,
    "/rest/organizations/": pages.organization,
    "/rest/networkSizes/": pages.network_size,
    "/rest/organizationalEntityFollowerStatistics": pages.statistics,
}


def _check_app(form: Mapping[str, str]) -> None:
    if form.get("client_secret") != _KEYS.get(form.get("client_id", ""), ""):
        raise token_refusal("invalid_client", "Client authentication failed", 401)


def _bearer(request: FakeRequest) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ")


def _json(body: object) -> Response:
    return Response(200, HEADERS, msgspec.json.encode(body))
