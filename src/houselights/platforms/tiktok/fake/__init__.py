"""The invented platform: TikTok's consent, the Accounts API, Login Kit; answered from personas.

Written from the documentation, not from our connector, from which it imports nothing.
Sources: https://business-api.tiktok.com/portal/docs (TikTok Accounts) and
https://developers.tiktok.com/doc/oauth-user-access-token-management (read 2026-11-23).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import SplitResult, urlsplit

import msgspec

from houselights.core.messages import Response
from houselights.core.secret import Secret
from houselights.platforms.tiktok.fake.login_kit import LoginKit
from houselights.platforms.tiktok.fake.people import SCOPE_OF, account
from houselights.platforms.tiktok.fake.refusals import REFUSALS, RefusedError, documented, refused, said
from houselights.port.fakes.dialog import Dialog
from houselights.port.fakes.oauth2 import AuthorisationServer, Lives, Pair, RefusedTokenError, Why
from houselights.port.persona import Persona, Trait
from houselights.port.platform import AppKeys, FakeRequest

_APP_ID, _APP_KEY = "7000000000000000001", "invented-secret-of-the-sandbox"
_LIVES = Lives(code=timedelta(minutes=10), access=timedelta(days=1), refresh=timedelta(days=365))
_API = "/open_api/v1.3"

_DIALOG = Dialog(
    name="TikTok's authorisation page",
    client="client_key",
    client_id=_APP_ID,
    app_name="Example Connector",
    scopes={
        "user.info.basic": "read your name and picture",
        "user.info.username": "read your username",
        "user.info.profile": "read your biography and whether you are verified",
        "user.info.stats": "read how many follow you and like you",
        "user.account.type": "know whether you have a business account",
        "user.insights": "read who follows you: countries, cities, ages and genders",
        "video.list": "read your public videos",
        "video.insights": "read how your videos do",
    },
    audience_scope="user.insights",
    denied={"error": "access_denied", "errCode": "-2", "error_type": "access_denied"},
)


class Fake:
    """As `port.platform.Fake`; it knows one app for each of the two products."""

    app = AppKeys(_APP_ID, Secret(_APP_KEY))
    other_app = LoginKit.app
    refusals: Mapping[str, Response] = REFUSALS

    def __init__(self, personas: Sequence[Persona]) -> None:
        self._server = AuthorisationServer("act.b", _LIVES, rotates=True)
        self._login_kit = LoginKit()
        self.meet(personas)

    def meet(self, personas: Sequence[Persona]) -> None:
        self._people = tuple(personas)
        self._server.meet(personas)
        self._by_username = {persona.username: persona for persona in personas}
        self._login_kit.meet(personas)

    def end_grants(self, username: str, at: datetime, refusal: str) -> None:
        self._server.end(username, at, refusal)
        self._login_kit.end_grants(username, at, refusal)

    def caller(self, request: FakeRequest) -> str | None:
        sent = [request.json.get(name, "") for name in ("auth_code", "refresh_token", "access_token")]
        known = self._server.caller([request.headers.get("access-token", ""), *sent])
        return known or self._login_kit.caller(request) or request.form.get("persona")

    def answer(self, request: FakeRequest) -> Response:
        try:
            return self._answer(request, urlsplit(request.url))
        except RefusedError as error:
            return error.reply

    def _answer(self, request: FakeRequest, url: SplitResult) -> Response:
        """Raises RefusedError."""
        if url.hostname == "open.tiktokapis.com":
            return self._login_kit.answer(request, url)
        if url.hostname == "www.tiktok.com" and url.path == "/v2/auth/authorize/":
            return self._dialog(request)
        handle = self._routes().get((request.method, url.path.removeprefix(_API)))
        if url.hostname != "business-api.tiktok.com" or handle is None:
            raise documented("error_40006_version")
        return handle(request)

    def _routes(self) -> Mapping[tuple[str, str], Callable[[FakeRequest], Response]]:
        return {
            ("POST", "/tt_user/oauth2/token/"): self._redeemed,
            ("POST", "/tt_user/oauth2/refresh_token/"): self._renewed,
            ("POST", "/tt_user/oauth2/revoke/"): self._revoked,
            ("POST", "/tt_user/token_info/get/"): self._token_info,
            ("GET", "/business/get/"): self._account,
        }

    def _dialog(self, request: FakeRequest) -> Response:
        """One address for the apps of both products."""
        if request.query.get("client_key") == self.other_app.client_id:
            return self._login_kit.dialog(request)
        return _DIALOG.answer(request, self._people, lambda choice: self._server.code(choice, request.now))

    def _redeemed(self, request: FakeRequest) -> Response:
        sent = _of_app(request)
        if sent.get("grant_type") != "authorization_code":
            raise refused(40002, "grant_type: must be authorization_code")
        try:
            pair = self._server.redeem(sent.get("auth_code", ""), sent.get("redirect_uri", ""), request.now)
        except RefusedTokenError as error:
            if error.why is Why.ADDRESS:
                raise refused(40002, "redirect_uri: differs from the one that was authorised") from None
            raise documented("error_40110_auth_code") from None
        return self._told(pair)

    def _renewed(self, request: FakeRequest) -> Response:
        sent = _of_app(request)
        if sent.get("grant_type") != "refresh_token":
            raise refused(40002, "grant_type: must be refresh_token")
        try:
            return self._told(self._server.renew(sent.get("refresh_token", ""), request.now))
        except RefusedTokenError as error:
            expired = error.why is Why.EXPIRED
            name = "error_40103_refresh_token_expired" if expired else "error_40107_refresh_token_invalid"
            raise documented(name) from None

    def _told(self, pair: Pair) -> Response:
        persona = self._by_username[pair.claims.persona]
        silent = Trait.NO_EXPIRY_TOLD in persona.traits
        ends = {} if silent else {"expires_in": 86_400, "refresh_token_expires_in": pair.refresh_s}
        return said(
            {
                "access_token": pair.access,
                "refresh_token": pair.refresh,
                "open_id": _open_id(persona),
                "scope": ",".join(pair.claims.scopes),
                "token_type": "Bearer",
                **ends,
            }
        )

    def _revoked(self, request: FakeRequest) -> Response:
        token = _of_app(request).get("access_token", "")
        try:
            self._server.revoke(token, request.now, "error_40105_access_token_invalid")
        except RefusedTokenError as error:
            raise documented(_dead(error)) from None
        return said({})

    def _token_info(self, request: FakeRequest) -> Response:
        if request.json.get("app_id") != _APP_ID:
            raise documented("error_40101_bad_app")
        try:
            claims = self._server.alive(request.json.get("access_token", ""), request.now)
        except RefusedTokenError as error:
            raise documented(_dead(error)) from None
        creator = _open_id(self._by_username[claims.persona])
        return said({"app_id": _APP_ID, "creator_id": creator, "scope": ",".join(claims.scopes)})

    def _account(self, request: FakeRequest) -> Response:
        token = request.headers.get("access-token", "")
        if not token:
            raise documented("error_40104_access_token_empty")
        try:
            claims = self._server.alive(token, request.now)
        except RefusedTokenError as error:
            raise documented(_dead(error)) from None
        persona = self._by_username[claims.persona]
        if request.query.get("business_id") != _open_id(persona):
            raise documented("error_40001_no_permission")
        fields = _fields(request.query)
        for field in fields:
            if SCOPE_OF[field] not in claims.scopes:
                raise documented("error_40130_scope_not_authorized")
            if field == "audience_cities" and Trait.CITIES_REFUSED in persona.traits:
                raise refused(41002, "The field audience_cities is not available for now")
        return said(account(persona, fields))


def _of_app(request: FakeRequest) -> Mapping[str, str]:
    """The JSON body of a call that names the app correctly."""
    if (request.json.get("client_id"), request.json.get("client_secret")) != (_APP_ID, _APP_KEY):
        raise documented("error_40101_bad_app")
    return request.json


def _fields(sent: Mapping[str, str]) -> list[str]:
    """The fields, a JSON list in one parameter; one that does not exist fails the whole call."""
    try:
        fields = msgspec.json.decode(sent.get("fields", '["display_name","profile_image"]'), type=list[str])
    except msgspec.DecodeError:
        raise refused(40002, "fields: must be a JSON array of strings") from None
    for field in fields:
        if field not in SCOPE_OF:
            raise refused(40002, f"fields: Unsupported field '{field}'")
    return fields


def _dead(error: RefusedTokenError) -> str:
    """The refusal of a dead access token."""
    if error.why is Why.EXPIRED:
        return "error_40102_access_token_expired"
    return error.refusal or "error_40105_access_token_invalid"


def _open_id(persona: Persona) -> str:
    return f"723f24d7-0000-4000-8000-{persona.number:012d}"
