"""The invented platform: Twitch's consent and token endpoint, and Helix; answered from personas.

Written from the documentation, not from our connector, from which it imports nothing.
Source: https://dev.twitch.tv/docs/authentication/getting-tokens-oauth and https://dev.twitch.tv/docs/api/reference
(read 2026-11-23).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import msgspec
from msgspec import structs

from houselights.core.messages import Response
from houselights.core.secret import Secret
from houselights.port.fakes.dialog import Dialog
from houselights.port.fakes.oauth2 import AuthorisationServer, Lives, Pair, RefusedTokenError, Why
from houselights.port.persona import Persona, Trait
from houselights.port.platform import AppKeys, FakeRequest

_APP_ID, _APP_KEY = "inventedclientidofthesandbox00", "inventedsecretofthesandbox0000"
_LIVES = Lives(code=timedelta(minutes=10), access=timedelta(seconds=14_124))
_BEGAN = datetime(2014, 6, 14, 19, 31, 10, tzinfo=UTC)
_POINTS = 800

_DIALOG = Dialog(
    name="Twitch's authorisation page",
    client_id=_APP_ID,
    app_name="Example Connector",
    scopes={
        "moderator:read:followers": "read who follows you",
        "user:read:email": "read your e-mail address",
        "channel:read:subscriptions": "read who subscribes to you",
    },
    audience_scope="",
    denied={"error": "access_denied", "error_description": "The user denied you access"},
    separator=" ",
)


def _refusal(status: int, error: str | None, message: str) -> Response:
    body = {"status": status, "message": message} | ({} if error is None else {"error": error})
    return Response(status, {"content-type": "application/json; charset=utf-8"}, msgspec.json.encode(body))


REFUSALS: Mapping[str, Response] = {
    "error_400_refresh": _refusal(400, "Bad Request", "Invalid refresh token"),
    "error_401_invalid_token": _refusal(401, "Unauthorized", "Invalid OAuth token"),
    "error_401_missing_scope": _refusal(401, "Unauthorized", "Missing scope: channel:read:subscriptions"),
    "error_401_validate": _refusal(401, None, "invalid access token"),
    "error_no_user": Response(200, {"content-type": "application/json; charset=utf-8"}, b'{"data":[]}'),
    "error_429": _refusal(429, "Too Many Requests", "Too Many Requests"),
}


class Fake:
    """As `port.platform.Fake`."""

    app = AppKeys(_APP_ID, Secret(_APP_KEY))
    refusals: Mapping[str, Response] = REFUSALS

    def __init__(self, personas: Sequence[Persona]) -> None:
        self._server = AuthorisationServer("tw", _LIVES)
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
        parts = urlsplit(request.url)
        if parts.hostname == "id.twitch.tv" and parts.path == "/oauth2/authorize":
            return _DIALOG.answer(request, self._people, lambda choice: self._server.code(choice, request.now))
        handle = self._routes().get((request.method, parts.hostname or "", parts.path))
        return _refusal(404, "Not Found", "") if handle is None else handle(request)

    def _routes(self) -> Mapping[tuple[str, str, str], Callable[[FakeRequest], Response]]:
        return {
            ("POST", "id.twitch.tv", "/oauth2/token"): self._token,
            ("POST", "id.twitch.tv", "/oauth2/revoke"): self._revoke,
            ("GET", "id.twitch.tv", "/oauth2/validate"): self._validate,
            ("GET", "api.twitch.tv", "/helix/users"): self._helix(_users),
            ("GET", "api.twitch.tv", "/helix/channels/followers"): self._helix(_followers),
        }

    def _token(self, request: FakeRequest) -> Response:
        form = request.form
        if form.get("client_id") != _APP_ID:
            return _refusal(400, None, "invalid client")
        if form.get("client_secret") != _APP_KEY:
            return _refusal(403, None, "invalid client secret")
        return self._granted(form, request.now)

    def _granted(self, form: Mapping[str, str], now: datetime) -> Response:
        match form.get("grant_type"):
            case "client_credentials":
                return _json({"access_token": f"app-of-{_APP_ID}", "expires_in": 5_011_271, "token_type": "bearer"})
            case "authorization_code":
                return self._redeemed(form, now)
            case "refresh_token":
                try:
                    return self._told(self._server.renew(form.get("refresh_token", ""), now))
                except RefusedTokenError:
                    return REFUSALS["error_400_refresh"]
        return _refusal(400, None, "missing grant type")

    def _redeemed(self, form: Mapping[str, str], now: datetime) -> Response:
        try:
            return self._told(self._server.redeem(form.get("code", ""), form.get("redirect_uri", ""), now))
        except RefusedTokenError as error:
            if error.why is Why.ADDRESS:
                return _refusal(400, None, "Parameter redirect_uri does not match registered URI")
            return _refusal(400, None, "Invalid authorization code")

    def _told(self, pair: Pair) -> Response:
        """The tokens, with the scopes as a list."""
        silent = Trait.NO_EXPIRY_TOLD in self._by_username[pair.claims.persona].traits
        body = {
            "access_token": pair.access,
            "refresh_token": pair.refresh,
            "scope": list(pair.claims.scopes),
            "token_type": "bearer",
        }
        return _json(body if silent else {**body, "expires_in": int(_LIVES.access.total_seconds())})

    def _revoke(self, request: FakeRequest) -> Response:
        if request.form.get("client_id") != _APP_ID:
            return _refusal(404, None, "client does not exist")
        try:
            self._server.revoke(request.form.get("token", ""), request.now, "error_401_invalid_token")
        except RefusedTokenError:
            return _refusal(400, None, "Invalid token")
        return Response(200, {}, b"")

    def _validate(self, request: FakeRequest) -> Response:
        try:
            claims = self._server.alive(request.headers.get("authorization", "").removeprefix("OAuth "), request.now)
        except RefusedTokenError:
            return REFUSALS["error_401_validate"]
        persona = self._by_username[claims.persona]
        told = {"client_id": _APP_ID, "login": persona.username, "scopes": list(claims.scopes)}
        return _json({**told, "user_id": _id(persona), "expires_in": 14_024})

    def _helix(self, told: Callable[[Persona, FakeRequest], object]) -> Callable[[FakeRequest], Response]:
        """Answers a call with a valid token of the app that the header names, and says what is left of the budget."""

        def handle(request: FakeRequest) -> Response:
            if request.headers.get("client-id") != _APP_ID:
                return _refusal(401, "Unauthorized", "Client ID and OAuth token do not match")
            try:
                claims = self._server.alive(_bearer(request), request.now)
            except RefusedTokenError as error:
                return REFUSALS[error.refusal or "error_401_invalid_token"]
            persona = self._by_username[claims.persona]
            return structs.replace(_json(told(persona, request)), headers=_budget(request))

        return handle


def _users(persona: Persona, _request: FakeRequest) -> object:
    kind = "partner" if persona.follower_count >= 100_000 else "affiliate" if persona.follower_count >= 500 else ""
    user = {
        "id": _id(persona),
        "login": persona.username,
        "display_name": persona.full_name,
        "type": "",
        "broadcaster_type": kind,
        "description": persona.biography or "",
        "profile_image_url": persona.picture_url or "",
        "offline_image_url": "",
        "view_count": 0,
        "created_at": (_BEGAN + timedelta(days=persona.number % 3_000)).isoformat().replace("+00:00", "Z"),
    }
    return {"data": [user]}


def _followers(persona: Persona, request: FakeRequest) -> object:
    """The number of followers of the token's owner; nobody else's is given here."""
    total = persona.follower_count if request.query.get("broadcaster_id") == _id(persona) else 0
    return {"total": total, "data": [], "pagination": {}}


def _budget(request: FakeRequest) -> dict[str, str]:
    """The headers of the budget: a bucket that refills within a minute."""
    spent = 1 if request.usage_percent is None else _POINTS * request.usage_percent // 100
    resets = int(request.now.timestamp()) + 60
    return {
        "content-type": "application/json; charset=utf-8",
        "ratelimit-limit": str(_POINTS),
        "ratelimit-remaining": str(max(_POINTS - spent, 0)),
        "ratelimit-reset": str(resets),
    }


def _id(persona: Persona) -> str:
    return str(440_000_001 + persona.number)


def _bearer(request: FakeRequest) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ")


def _json(body: object) -> Response:
    return Response(200, {"content-type": "application/json; charset=utf-8"}, msgspec.json.encode(body))
