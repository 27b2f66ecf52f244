"""The invented platform: Google's consent and token endpoint, the channel, its reports; answered from personas.

Written from the documentation, not from our connector, from which it imports nothing.
Source: https://developers.google.com/identity/protocols/oauth2/web-server and
https://developers.google.com/youtube/v3/docs/channels/list (read 2026-11-23).
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import SplitResult, urlsplit

import msgspec

from houselights.core.messages import Response
from houselights.core.secret import Secret
from houselights.platforms.youtube.fake.refusals import HEADERS, REFUSALS, RefusedError, documented, token_refusal
from houselights.platforms.youtube.fake.reports import report
from houselights.port.fakes.dialog import Choice, Dialog
from houselights.port.fakes.oauth2 import AuthorisationServer, Lives, Pair, RefusedTokenError, Why
from houselights.port.persona import Persona, Trait
from houselights.port.platform import AppKeys, FakeRequest

_APP_ID, _APP_KEY = "100000000001-invented.apps.googleusercontent.example", "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ox"
_YOUTUBE = "https://www.googleapis.com/auth/youtube.readonly"
_ANALYTICS = "https://www.googleapis.com/auth/yt-analytics.readonly"
_LIVES = Lives(code=timedelta(minutes=10), access=timedelta(seconds=3599))
_PARTS = {"id", "snippet", "statistics", "contentDetails", "status", "topicDetails", "brandingSettings"}
_BEGAN = datetime(2012, 1, 1, 9, 30, 0, 250_000, UTC)

_DIALOG = Dialog(
    name="Google's consent screen",
    client_id=_APP_ID,
    app_name="Example Connector",
    scopes={
        _YOUTUBE: "see your YouTube channel",
        _ANALYTICS: "see reports about who watches your channel",
        "openid": "know who you are",
        "profile": "see your name and picture",
        "email": "see your e-mail address",
    },
    audience_scope=_ANALYTICS,
    denied={"error": "access_denied"},
    separator=" ",
)


class Fake:
    """As `port.platform.Fake`."""

    app = AppKeys(_APP_ID, Secret(_APP_KEY))
    refusals: Mapping[str, Response] = REFUSALS

    def __init__(self, personas: Sequence[Persona]) -> None:
        self._server = AuthorisationServer("ya29.", _LIVES)
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
        match (request.method, url.hostname, url.path):
            case (_, "accounts.google.com", "/o/oauth2/v2/auth"):
                return _DIALOG.answer(request, self._people, lambda choice: self._code(choice, request))
            case ("POST", "oauth2.googleapis.com", "/token"):
                return self._token(request.form, request.now)
            case ("POST", "oauth2.googleapis.com", "/revoke"):
                return self._revoke(request.form.get("token", ""), request.now)
            case ("GET", "www.googleapis.com", "/youtube/v3/channels"):
                return _json(_channels(self._allowed(request, _YOUTUBE), request.query))
            case ("GET", "youtubeanalytics.googleapis.com", "/v2/reports"):
                return _json(report(self._allowed(request, _ANALYTICS), request.query))
        return Response(
            404, {"content-type": "text/html; charset=UTF-8"}, b"<html><title>Error 404 (Not Found)</title>"
        )

    def _code(self, choice: Choice, request: FakeRequest) -> str:
        """A code; only an offline consent with an explicit prompt brings a refresh token."""
        query = request.query
        offline = query.get("access_type") == "offline" and query.get("prompt") == "consent"
        return self._server.code(choice, request.now, query.get("code_challenge", ""), offline=offline)

    def _token(self, form: Mapping[str, str], now: datetime) -> Response:
        if (form.get("client_id"), form.get("client_secret")) != (_APP_ID, _APP_KEY):
            raise documented("error_token_invalid_client")
        match form.get("grant_type"):
            case "authorization_code":
                return self._redeemed(form, now)
            case "refresh_token":
                try:
                    return self._told(self._server.renew(form.get("refresh_token", ""), now), with_refresh=False)
                except RefusedTokenError:
                    raise documented("error_token_invalid_grant") from None
        return token_refusal(400, "unsupported_grant_type", "Invalid grant_type")

    def _redeemed(self, form: Mapping[str, str], now: datetime) -> Response:
        try:
            pair = self._server.redeem(
                form.get("code", ""), form.get("redirect_uri", ""), now, form.get("code_verifier", "")
            )
        except RefusedTokenError as error:
            if error.why is Why.ADDRESS:
                return token_refusal(400, "redirect_uri_mismatch", "Bad Request")
            if error.why is Why.VERIFIER:
                return token_refusal(400, "invalid_grant", "Invalid code verifier.")
            raise documented("error_token_bad_code") from None
        return self._told(pair, with_refresh=True)

    def _told(self, pair: Pair, *, with_refresh: bool) -> Response:
        body: dict[str, object] = {"access_token": pair.access}
        if Trait.NO_EXPIRY_TOLD not in self._by_username[pair.claims.persona].traits:
            body["expires_in"] = int(_LIVES.access.total_seconds())
        if with_refresh and pair.refresh:
            body["refresh_token"] = pair.refresh
        return _json({**body, "scope": " ".join(pair.claims.scopes), "token_type": "Bearer"})

    def _revoke(self, token: str, now: datetime) -> Response:
        try:
            self._server.revoke(token, now, "error_401_auth")
        except RefusedTokenError:
            raise documented("error_revoke_invalid") from None
        return _json({})

    def _allowed(self, request: FakeRequest, scope: str) -> Persona:
        """The creator whose valid token a call carries. Raises the refusal of a dead token or a missing scope."""
        try:
            claims = self._server.alive(_bearer(request), request.now)
        except RefusedTokenError as error:
            raise documented(error.refusal or "error_401_auth") from None
        if scope not in claims.scopes:
            raise documented("error_403_insufficient_scopes")
        persona = self._by_username[claims.persona]
        if Trait.NO_PROFESSIONAL_ACCOUNT in persona.traits:
            raise documented("error_401_youtube_signup_required")
        return persona


def _channels(persona: Persona, sent: Mapping[str, str]) -> object:
    """`GET /channels?mine=true`: the parts that were asked for."""
    parts = {part for part in sent.get("part", "").split(",") if part}
    if not parts or not parts <= _PARTS or sent.get("mine") != "true":
        raise documented("error_400_query_not_supported")
    found = {"kind": "youtube#channelListResponse", "etag": "invented"}
    if Trait.NO_PAGE in persona.traits:
        return {**found, "pageInfo": {"totalResults": 0, "resultsPerPage": 5}}
    channel = {"kind": "youtube#channel", "etag": "invented", "id": f"UCinvented{persona.number:014d}"}
    told = {"snippet": _snippet(persona), "statistics": _statistics(persona)}
    item = {**channel, **{part: value for part, value in told.items() if part in parts}}
    return {**found, "pageInfo": {"totalResults": 1, "resultsPerPage": 5}, "items": [item]}


def _snippet(persona: Persona) -> object:
    picture = persona.picture_url
    published = _BEGAN + timedelta(days=persona.number % 3_000)
    sizes = {"default": 88, "medium": 240, "high": 800}
    places = sorted(persona.audience.countries.items(), key=lambda row: (-row[1], row[0]))
    return {
        "title": persona.full_name,
        "description": persona.biography or "",
        "customUrl": f"@{persona.username}",
        "publishedAt": published.isoformat().replace("+00:00", "Z"),
        "thumbnails": {
            name: {"url": picture if name == "high" else f"{picture}?s={size}", "width": size, "height": size}
            for name, size in sizes.items()
            if picture is not None
        },
        **({"country": places[0][0]} if places else {}),
    }


def _statistics(persona: Persona) -> object:
    """The counters, as texts; subscribers are rounded down to three figures, even for the creator."""
    figures = 10 ** max(len(str(persona.follower_count)) - 3, 0)
    return {
        "viewCount": str(sum(persona.audience.countries.values())),
        "subscriberCount": str(persona.follower_count // figures * figures),
        "hiddenSubscriberCount": False,
        "videoCount": str(persona.content_count),
    }


def _bearer(request: FakeRequest) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ")


def _json(body: object) -> Response:
    return Response(200, HEADERS, msgspec.json.encode(body))
