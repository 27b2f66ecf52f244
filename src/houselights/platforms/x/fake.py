"""The invented platform: X's consent and token endpoint, and the creator's own account; answered from personas.

Written from the documentation, not from our connector, from which it imports nothing.
Source: https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code and
https://docs.x.com/x-api/users/get-my-user (read 2026-11-23).
"""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import msgspec
from msgspec import structs

from houselights.core.messages import Response
from houselights.core.secret import Secret
from houselights.port.fakes import consent
from houselights.port.fakes.dialog import Dialog
from houselights.port.fakes.oauth2 import AuthorisationServer, Lives, Pair, RefusedTokenError
from houselights.port.persona import Persona, Trait
from houselights.port.platform import AppKeys, FakeRequest

_APP_ID, _APP_KEY = "aW52ZW50ZWQ6MTpjaQ", "invented-secret-of-the-sandbox"
_LIVES = Lives(code=timedelta(seconds=30), access=timedelta(hours=2), refresh=timedelta(days=180))
_BEGAN = datetime(2009, 11, 10, 12, 35, 17, tzinfo=UTC)
_CALLS = 75
_FIELDS = {
    "id",
    "name",
    "username",
    "created_at",
    "description",
    "entities",
    "location",
    "profile_image_url",
    "protected",
    "public_metrics",
    "url",
    "verified",
    "verified_type",
}

_DIALOG = Dialog(
    name="X's authorisation page",
    client_id=_APP_ID,
    app_name="Example Connector",
    scopes={
        "users.read": "see your profile",
        "tweet.read": "see your posts",
        "offline.access": "stay connected until you say otherwise",
    },
    audience_scope="",
    denied={"error": "access_denied"},
    separator=" ",
)


def _problem(status: int, body: object) -> Response:
    return Response(status, {"content-type": "application/problem+json"}, msgspec.json.encode(body))


def _plain(status: int, title: str) -> Response:
    return _problem(status, {"title": title, "detail": title, "type": "about:blank", "status": status})


def _token_refusal(status: int, word: str, description: str) -> Response:
    return _problem(status, {"error": word, "error_description": description})


REFUSALS: Mapping[str, Response] = {
    "error_401": _plain(401, "Unauthorized"),
    "error_402_credits_depleted": _problem(
        402,
        {
            "account_id": 1500000000000000001,
            "title": "CreditsDepleted",
            "detail": "Your enrolled account does not have any credits to fulfill this request.",
            "type": "https://api.x.com/2/problems/credits",
        },
    ),
    "error_403_client_not_enrolled": _problem(
        403,
        {
            "client_id": "10000001",
            "detail": "When authenticating requests to the Twitter API v2 endpoints, you must use keys and tokens from "
            "a Twitter developer App that is attached to a Project.",
            "registration_url": "https://developer.x.com/en/docs/projects/overview",
            "title": "Client Forbidden",
            "required_enrollment": "Appropriate Level of API Access",
            "reason": "client-not-enrolled",
            "type": "https://api.twitter.com/2/problems/client-forbidden",
        },
    ),
    "error_403_scope": _plain(403, "Forbidden"),
    "error_429": _plain(429, "Too Many Requests"),
    "error_503": _plain(503, "Service Unavailable"),
    "error_token_invalid_request": _token_refusal(400, "invalid_request", "Value passed for the token was invalid."),
    "error_empty": Response(200, {"content-type": "application/json"}, b"{}"),
    "error_hidden": Response(
        200,
        {"content-type": "application/json"},
        msgspec.json.encode({"errors": [{"title": "Internal", "type": "about:blank"}]}),
    ),
    "error_suspended": Response(
        200,
        {"content-type": "application/json"},
        msgspec.json.encode(
            {
                "errors": [
                    {
                        "title": "Forbidden",
                        "detail": "User has been suspended: [1500000000000000001].",
                        "type": "https://api.twitter.com/2/problems/resource-not-found",
                    }
                ]
            }
        ),
    ),
}


class Fake:
    """As `port.platform.Fake`."""

    app = AppKeys(_APP_ID, Secret(_APP_KEY))
    refusals: Mapping[str, Response] = REFUSALS

    def __init__(self, personas: Sequence[Persona]) -> None:
        self._server = AuthorisationServer("eHh4", _LIVES, rotates=True, rolls=True)
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
        if parts.hostname == "x.com" and parts.path == "/i/oauth2/authorize":
            return self._dialog(request)
        handle = self._routes().get((request.method, parts.path))
        if parts.hostname != "api.x.com" or handle is None:
            return _plain(404, "Not Found")
        return handle(request)

    def _routes(self) -> Mapping[tuple[str, str], Callable[[FakeRequest], Response]]:
        return {
            ("POST", "/2/oauth2/token"): self._token,
            ("POST", "/2/oauth2/revoke"): self._revoke,
            ("GET", "/2/users/me"): self._me,
        }

    def _dialog(self, request: FakeRequest) -> Response:
        """The consent dialog; without a challenge there is no consent."""
        challenge = request.query.get("code_challenge", "")
        if not challenge or request.query.get("code_challenge_method") != "S256":
            return Response(400, consent.HEADERS, consent.refusal_page(_DIALOG.name, "The code challenge is missing."))
        return _DIALOG.answer(
            request,
            self._people,
            lambda choice: self._server.code(
                choice, request.now, challenge, offline="offline.access" in choice.granted
            ),
        )

    def _token(self, request: FakeRequest) -> Response:
        if not _is_app(request):
            return _token_refusal(401, "unauthorized_client", "Missing valid authorization header")
        form = request.form
        try:
            match form.get("grant_type"):
                case "authorization_code":
                    verifier = form.get("code_verifier", "")
                    uri = form.get("redirect_uri", "")
                    return self._told(self._server.redeem(form.get("code", ""), uri, request.now, verifier))
                case "refresh_token":
                    return self._told(self._server.renew(form.get("refresh_token", ""), request.now))
        except RefusedTokenError:
            return REFUSALS["error_token_invalid_request"]
        return _token_refusal(400, "unsupported_grant_type", "The grant type is not supported.")

    def _told(self, pair: Pair) -> Response:
        body: dict[str, object] = {
            "token_type": "bearer",
            "access_token": pair.access,
            "scope": " ".join(pair.claims.scopes),
        }
        if Trait.NO_EXPIRY_TOLD not in self._by_username[pair.claims.persona].traits:
            body["expires_in"] = int(_LIVES.access.total_seconds())
        return _json(body | ({"refresh_token": pair.refresh} if pair.refresh else {}))

    def _revoke(self, request: FakeRequest) -> Response:
        if not _is_app(request):
            return _token_refusal(401, "unauthorized_client", "Missing valid authorization header")
        try:
            self._server.revoke(request.form.get("token", ""), request.now, "error_401")
        except RefusedTokenError:
            return REFUSALS["error_token_invalid_request"]
        return _json({"revoked": True})

    def _me(self, request: FakeRequest) -> Response:
        try:
            claims = self._server.alive(_bearer(request), request.now)
        except RefusedTokenError as error:
            return REFUSALS[error.refusal or "error_401"]
        if not {"users.read", "tweet.read"} <= set(claims.scopes):
            return REFUSALS["error_403_scope"]
        fields = {field for field in request.query.get("user.fields", "").split(",") if field}
        if not fields <= _FIELDS:
            return _plain(400, "Invalid Request")
        told = _user(self._by_username[claims.persona])
        shown = {name: value for name, value in told.items() if name in {"id", "name", "username"} | fields}
        return structs.replace(_json({"data": shown}), headers=_budget(request))


def _user(persona: Persona) -> dict[str, object]:
    """The account; what the creator left empty is empty, or absent."""
    verified = persona.follower_count >= 100_000
    user: dict[str, object] = {
        "id": str(1_500_000_000_000_000_001 + persona.number),
        "name": persona.full_name,
        "username": persona.username,
        "description": persona.biography or "",
        "location": "Somewhere",
        "url": "",
        "created_at": (_BEGAN + timedelta(days=persona.number % 3_000)).isoformat(timespec="milliseconds")[:23] + "Z",
        "protected": False,
        "verified": verified,
        "verified_type": "business" if verified and persona.number % 2 else "none",
        "public_metrics": {
            "followers_count": persona.follower_count,
            "following_count": persona.following_count,
            "tweet_count": persona.content_count,
            "listed_count": persona.number,
            "like_count": persona.following_count * 7,
        },
    }
    if persona.picture_url is not None:
        user["profile_image_url"] = persona.picture_url
    if persona.website is not None:
        short = f"https://t.example/{persona.number}"
        link = {"start": 0, "end": len(short), "url": short, "expanded_url": persona.website}
        user |= {"url": short, "entities": {"url": {"urls": [link]}}}
    return user


def _budget(request: FakeRequest) -> dict[str, str]:
    """The headers of the budget: a window of fifteen minutes."""
    spent = 1 if request.usage_percent is None else _CALLS * request.usage_percent // 100
    return {
        "content-type": "application/json",
        "x-rate-limit-limit": str(_CALLS),
        "x-rate-limit-remaining": str(max(_CALLS - spent, 0)),
        "x-rate-limit-reset": str(int(request.now.timestamp()) + 900),
    }


def _is_app(request: FakeRequest) -> bool:
    """Whether the app authenticates by HTTP Basic, as confidential clients do."""
    sent = request.headers.get("authorization", "").removeprefix("Basic ")
    try:
        return base64.b64decode(sent).decode() == f"{_APP_ID}:{_APP_KEY}"
    except (binascii.Error, UnicodeDecodeError):
        return False


def _bearer(request: FakeRequest) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ")


def _json(body: object) -> Response:
    return Response(200, {"content-type": "application/json"}, msgspec.json.encode(body))
