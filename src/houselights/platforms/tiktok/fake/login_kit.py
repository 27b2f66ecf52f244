"""The invented Login Kit, with its own app, its own tokens and its own words; it gives only the identity.

Source: https://developers.tiktok.com/doc/oauth-user-access-token-management and
https://developers.tiktok.com/doc/tiktok-api-v2-get-user-info (read 2026-11-23).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import SplitResult

import msgspec

from houselights.core.messages import Response
from houselights.core.secret import Secret
from houselights.platforms.tiktok.fake.people import DISPLAY_SCOPE_OF, user
from houselights.platforms.tiktok.fake.refusals import HEADERS, RefusedError, documented, token_refusal
from houselights.port.fakes.dialog import Dialog
from houselights.port.fakes.oauth2 import AuthorisationServer, Lives, RefusedTokenError
from houselights.port.persona import Persona
from houselights.port.platform import AppKeys, FakeRequest

_APP_ID, _APP_KEY = "awinvented0login1kit", "invented-secret-of-login-kit"
_LIVES = Lives(code=timedelta(minutes=10), access=timedelta(days=1), refresh=timedelta(days=365))

_DIALOG = Dialog(
    name="TikTok's login page",
    client="client_key",
    client_id=_APP_ID,
    app_name="Example Connector",
    scopes={
        "user.info.basic": "read your name and picture",
        "user.info.profile": "read your username and biography",
        "user.info.stats": "read how many follow you and like you",
        "video.list": "read your public videos",
    },
    audience_scope="",
    denied={"error": "access_denied", "error_description": "The user cancelled"},
)


class LoginKit:
    """The part of the fake on `open.tiktokapis.com`."""

    app = AppKeys(_APP_ID, Secret(_APP_KEY))

    def __init__(self) -> None:
        self._server = AuthorisationServer("act.k", _LIVES, rotates=True)
        self.meet(())

    def meet(self, personas: Sequence[Persona]) -> None:
        """As `port.platform.Fake.meet`."""
        self._people = tuple(personas)
        self._by_username = {persona.username: persona for persona in personas}
        self._server.meet(personas)

    def end_grants(self, username: str, at: datetime, refusal: str) -> None:
        """As `port.platform.Fake.end_grants`."""
        self._server.end(username, at, refusal)

    def caller(self, request: FakeRequest) -> str | None:
        """As `port.platform.Fake.caller`."""
        sent = [request.form.get(name, "") for name in ("code", "refresh_token", "token")]
        return self._server.caller([_bearer(request), *sent])

    def dialog(self, request: FakeRequest) -> Response:
        """The consent dialog, at the same address as the other product's."""
        code = self._server.code
        return _DIALOG.answer(request, self._people, lambda choice: code(choice, request.now))

    def answer(self, request: FakeRequest, url: SplitResult) -> Response:
        """Raises RefusedError."""
        match (request.method, url.path):
            case ("POST", "/v2/oauth/token/"):
                return self._token(request.form, request.now)
            case ("POST", "/v2/oauth/revoke/"):
                return self._revoke(request.form, request.now)
            case ("GET", "/v2/user/info/"):
                return self._user(request)
        return Response(404, {"content-type": "text/plain"}, b"Not Found")

    def _token(self, form: Mapping[str, str], now: datetime) -> Response:
        _check_app(form)
        try:
            match form.get("grant_type"):
                case "authorization_code":
                    pair = self._server.redeem(form.get("code", ""), form.get("redirect_uri", ""), now)
                case "refresh_token":
                    pair = self._server.renew(form.get("refresh_token", ""), now)
                case _:
                    raise documented("error_loginkit_token_invalid_request")
        except RefusedTokenError:
            raise documented("error_loginkit_token_invalid_grant") from None
        return _json(
            {
                "access_token": pair.access,
                "expires_in": 86_400,
                "open_id": _open_id(self._by_username[pair.claims.persona]),
                "refresh_expires_in": pair.refresh_s,
                "refresh_token": pair.refresh,
                "scope": ",".join(pair.claims.scopes),
                "token_type": "Bearer",
            }
        )

    def _revoke(self, form: Mapping[str, str], now: datetime) -> Response:
        _check_app(form)
        try:
            self._server.revoke(form.get("token", ""), now, "error_loginkit_access_token_invalid")
        except RefusedTokenError:
            raise documented("error_loginkit_token_invalid_grant") from None
        return Response(200, HEADERS, b"")

    def _user(self, request: FakeRequest) -> Response:
        try:
            claims = self._server.alive(_bearer(request), request.now)
        except RefusedTokenError:
            raise documented("error_loginkit_access_token_invalid") from None
        persona = self._by_username[claims.persona]
        fields = [field for field in request.query.get("fields", "").split(",") if field]
        if not fields or not set(fields) <= DISPLAY_SCOPE_OF.keys():
            raise documented("error_loginkit_invalid_params")
        if any(DISPLAY_SCOPE_OF[field] not in claims.scopes for field in fields):
            raise documented("error_loginkit_scope_not_authorized")
        told = user(persona, _open_id(persona), fields)
        return _json({"data": {"user": told}, "error": {"code": "ok", "message": "", "log_id": "invented"}})


def _check_app(form: Mapping[str, str]) -> None:
    if (form.get("client_key"), form.get("client_secret")) != (_APP_ID, _APP_KEY):
        raise RefusedError(token_refusal("invalid_client", "Client key or secret is incorrect."))


def _open_id(persona: Persona) -> str:
    return f"4a1c0f53-0000-4000-8000-{persona.number:012d}"


def _bearer(request: FakeRequest) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ")


def _json(body: object) -> Response:
    return Response(200, HEADERS, msgspec.json.encode(body))
