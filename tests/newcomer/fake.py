"""The invented platform: Newcomer's consent, token endpoint and API; answered from personas.

Written from the documentation, not from our connector, from which it imports nothing.
Source: https://newcomer.example/docs (read 2026-11-23).
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import msgspec

from houselights.core.messages import Response
from houselights.core.secret import Secret
from houselights.port.fakes.dialog import Dialog
from houselights.port.fakes.oauth2 import AuthorisationServer, Lives, Pair, RefusedTokenError, Why
from houselights.port.persona import Persona, Trait
from houselights.port.platform import AppKeys, FakeRequest
from houselights.resources.audience import Gender

_APP_ID, _APP_KEY = "newcomer-app-of-the-sandbox", "invented-secret-of-the-sandbox"
_LIVES = Lives(code=timedelta(minutes=10), access=timedelta(hours=1), refresh=timedelta(days=90))
_FIRST_ACCOUNT = 9_100_000_000_000_000_001
_THRESHOLD = 100
_CALLS = 1_000
_GENDERS = {Gender.FEMALE: "female", Gender.MALE: "male", Gender.OTHERS: "unknown"}

_DIALOG = Dialog(
    name="Newcomer's authorisation page",
    client_id=_APP_ID,
    app_name="Example Connector",
    scopes={"account.read": "see your account", "audience.read": "see who follows you"},
    audience_scope="audience.read",
    denied={"error": "access_denied"},
    separator=" ",
)


def _json(body: object, status: int = 200) -> Response:
    return Response(status, {"content-type": "application/json"}, msgspec.json.encode(body))


def _refusal(status: int, code: str, message: str) -> Response:
    return _json({"code": code, "message": message}, status)


def _token_refusal(error: str) -> Response:
    return _json({"error": error}, 401 if error == "invalid_client" else 400)


REFUSALS: Mapping[str, Response] = {
    "error_401_token": _refusal(401, "token_dead", "The access token is expired or was revoked."),
    "error_403_scope": _refusal(403, "scope_missing", "The account's owner has not granted this."),
    "error_400_parameter": _refusal(400, "wrong_parameter", "There is no such field."),
    "error_429": _refusal(429, "too_often", "Slow down."),
    "error_503": _refusal(503, "maintenance", "We will be back soon."),
    "error_token_invalid_grant": _token_refusal("invalid_grant"),
}


class Fake:
    """As `port.platform.Fake`."""

    app = AppKeys(_APP_ID, Secret(_APP_KEY))
    refusals: Mapping[str, Response] = REFUSALS

    def __init__(self, personas: Sequence[Persona]) -> None:
        self._server = AuthorisationServer("newcomer_", _LIVES)
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
        if parts.hostname == "newcomer.example" and parts.path == "/oauth/authorize":
            return _DIALOG.answer(request, self._people, lambda choice: self._server.code(choice, request.now))
        match (request.method, parts.hostname, parts.path):
            case ("POST", "api.newcomer.example", "/oauth/token"):
                return self._token(request.form, request.now)
            case ("POST", "api.newcomer.example", "/oauth/revoke"):
                return self._revoke(request.form, request.now)
            case ("GET", "api.newcomer.example", "/v1/me"):
                return self._told(request, "account.read", _account)
            case ("GET", "api.newcomer.example", "/v1/me/audience"):
                return self._told(request, "audience.read", _audience)
        return _refusal(404, "no_such_path", "There is nothing here.")

    def _token(self, form: Mapping[str, str], now: datetime) -> Response:
        if not _is_app(form):
            return _token_refusal("invalid_client")
        try:
            match form.get("grant_type"):
                case "authorization_code":
                    return self._issued(self._server.redeem(form.get("code", ""), form.get("redirect_uri", ""), now))
                case "refresh_token":
                    return self._issued(self._server.renew(form.get("refresh_token", ""), now))
        except RefusedTokenError as error:
            return _token_refusal("invalid_request" if error.why is Why.ADDRESS else "invalid_grant")
        return _token_refusal("unsupported_grant_type")

    def _issued(self, pair: Pair) -> Response:
        body: dict[str, object] = {
            "access_token": pair.access,
            "token_type": "bearer",
            "scope": " ".join(pair.claims.scopes),
            "refresh_token": pair.refresh,
            "refresh_expires_in": pair.refresh_s,
        }
        if Trait.NO_EXPIRY_TOLD not in self._by_username[pair.claims.persona].traits:
            body["expires_in"] = int(_LIVES.access.total_seconds())
        return _json(body)

    def _revoke(self, form: Mapping[str, str], now: datetime) -> Response:
        """Revoke a token; one that is already dead is not an error (RFC 7009)."""
        if not _is_app(form):
            return _token_refusal("invalid_client")
        with suppress(RefusedTokenError):
            self._server.revoke(form.get("token", ""), now, "error_401_token")
        return Response(200, {}, b"")

    def _told(self, request: FakeRequest, scope: str, told: Callable[[Persona], object]) -> Response:
        """A call with a living token that has the scope, and what is left of the budget."""
        try:
            claims = self._server.alive(_bearer(request), request.now)
        except RefusedTokenError as error:
            return REFUSALS[error.refusal or "error_401_token"]
        if scope not in claims.scopes:
            return REFUSALS["error_403_scope"]
        reply = _json(told(self._by_username[claims.persona]))
        return msgspec.structs.replace(reply, headers={**reply.headers, **_budget(request)})


def _account(persona: Persona) -> object:
    return {
        "id": str(_FIRST_ACCOUNT + persona.number),
        "handle": persona.username,
        "name": persona.full_name,
        "about": persona.biography,
        "website": persona.website,
        "picture": persona.picture_url,
        "followers": persona.follower_count,
        "following": persona.following_count,
        "posts": persona.content_count,
    }


def _audience(persona: Persona) -> object:
    """The audience; nothing below the threshold, nor for those who have just joined."""
    told = persona.audience
    if persona.follower_count < _THRESHOLD or Trait.FRESH in persona.traits:
        return {"countries": [], "cities": [], "pairs": []}
    return {
        "countries": [{"word": code, "people": people} for code, people in told.countries.items()],
        "cities": [{"word": name, "people": people} for name, people in told.cities.items()],
        "pairs": [
            {"gender": _GENDERS[gender], "age": age.replace("65-", "65+"), "people": people}
            for (gender, age), people in told.gender_age.items()
        ],
    }


def _budget(request: FakeRequest) -> dict[str, str]:
    """The headers of the budget: a bucket that refills within a minute."""
    spent = 1 if request.usage_percent is None else _CALLS * request.usage_percent // 100
    left = str(max(_CALLS - spent, 0))
    return {"x-ratelimit-limit": str(_CALLS), "x-ratelimit-remaining": left, "x-ratelimit-reset": "60"}


def _is_app(form: Mapping[str, str]) -> bool:
    return (form.get("client_id"), form.get("client_secret")) == (_APP_ID, _APP_KEY)


def _bearer(request: FakeRequest) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ")
