"""The invented platform: Pinterest's consent and token endpoint, accounts, ad accounts, insights; from personas.

Written from the documentation, not from our connector, from which it imports nothing.
Source: https://developers.pinterest.com/docs/getting-started/set-up-authentication-and-authorization/ and
https://developers.pinterest.com/docs/api/v5/audience_insights-get (read 2026-11-23).
"""

import base64
import binascii
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import structs

from houselights.core.messages import Response
from houselights.core.secret import Secret
from houselights.port.fakes.dialog import Dialog
from houselights.port.fakes.oauth2 import AuthorisationServer, Lives, Pair, RefusedTokenError, Why
from houselights.port.persona import Persona, Trait
from houselights.port.platform import AppKeys, FakeRequest
from houselights.resources.audience import Gender

K = TypeVar("K", bound=Hashable)

_APP_ID, _APP_KEY = "1500001", "invented-secret-of-the-sandbox"
_LIVES = Lives(code=timedelta(minutes=10), access=timedelta(days=30), refresh=timedelta(days=60))
_FIRST_ACCOUNT, _FIRST_AD_ACCOUNT = 1_000_000_000_000_000_001, 549_000_000_001
_NO_AD_ACCOUNT = {Trait.NO_PAGE, Trait.NO_PROFESSIONAL_ACCOUNT}
_SHARED = 130
_CALLS = 1_000
_GENDERS = {Gender.FEMALE: "female", Gender.MALE: "male", Gender.OTHERS: "unspecified"}
_JSON = {"content-type": "application/json"}

_DIALOG = Dialog(
    name="Pinterest's authorisation page",
    client_id=_APP_ID,
    app_name="Example Connector",
    scopes={
        "user_accounts:read": "see your account",
        "ads:read": "see your ad accounts and whom your pins reach",
        "pins:read": "see your public pins",
        "boards:read": "see your public boards",
    },
    audience_scope="ads:read",
    denied={"error": "access_denied"},
)


def _refusal(status: int, code: int, message: str) -> Response:
    return Response(status, _JSON, msgspec.json.encode({"code": code, "message": message}))


_OVER = (
    "This request exceeded a rate limit. This can happen if the client exceeds one of the published rate limits within "
    "a short time window."
)

REFUSALS: Mapping[str, Response] = {
    "error_401_auth": _refusal(401, 2, "Authentication failed."),
    "error_403_scope": _refusal(403, 7, "You are not permitted to access that resource."),
    "error_404_audience": _refusal(404, 50, "User not found."),
    "error_429_rate": _refusal(429, 8, _OVER),
    "error_500": _refusal(500, 12, "Something went wrong on our end. Sorry about that."),
    "error_token_invalid_grant": _refusal(400, 283, "Invalid refresh token"),
}


class Fake:
    """As `port.platform.Fake`."""

    app = AppKeys(_APP_ID, Secret(_APP_KEY))
    refusals: Mapping[str, Response] = REFUSALS

    def __init__(self, personas: Sequence[Persona]) -> None:
        self._server = AuthorisationServer("pina_", _LIVES, rolls=True)
        self.meet(personas)

    def meet(self, personas: Sequence[Persona]) -> None:
        self._people = tuple(personas)
        self._server.meet(personas)
        self._by_username = {persona.username: persona for persona in personas}

    def end_grants(self, username: str, at: datetime, refusal: str) -> None:
        self._server.end(username, at, refusal)

    def caller(self, request: FakeRequest) -> str | None:
        sent = [request.form.get(name, "") for name in ("code", "refresh_token")]
        return self._server.caller([_bearer(request), *sent]) or request.form.get("persona")

    def answer(self, request: FakeRequest) -> Response:
        parts = urlsplit(request.url)
        if parts.hostname == "www.pinterest.com" and parts.path == "/oauth/":
            return _DIALOG.answer(request, self._people, lambda choice: self._server.code(choice, request.now))
        if parts.hostname != "api.pinterest.com":
            return Response(404, {"content-type": "text/html"}, b"<html><title>Not found</title></html>")
        if (request.method, parts.path) == ("POST", "/v5/oauth/token"):
            return self._token(request)
        return self._api(request, parts.path.removeprefix("/v5/"))

    def _token(self, request: FakeRequest) -> Response:
        form = request.form
        if not _is_app(request):
            return REFUSALS["error_401_auth"]
        try:
            match form.get("grant_type"):
                case "authorization_code":
                    pair = self._server.redeem(form.get("code", ""), form.get("redirect_uri", ""), request.now)
                    return self._told(pair, "authorization_code", rolls="continuous_refresh" in form)
                case "refresh_token":
                    pair = self._server.renew(form.get("refresh_token", ""), request.now)
                    older = Trait.OLDER_SHAPES in self._by_username[pair.claims.persona].traits
                    return self._told(pair, "refresh_token", rolls=not older)
        except RefusedTokenError as error:
            if error.why is Why.ADDRESS:
                return _refusal(400, 1, "The redirect address does not match.")
            return REFUSALS["error_token_invalid_grant"]
        return _refusal(400, 1, "The grant type is not supported.")

    def _told(self, pair: Pair, kind: str, *, rolls: bool) -> Response:
        """The tokens. A renewal of the older kind brings no refresh token: the old one remains valid."""
        body: dict[str, object] = {
            "response_type": kind,
            "access_token": pair.access,
            "token_type": "bearer",
            "scope": " ".join(pair.claims.scopes),
        }
        if Trait.NO_EXPIRY_TOLD not in self._by_username[pair.claims.persona].traits:
            body["expires_in"] = int(_LIVES.access.total_seconds())
        if rolls or kind == "authorization_code":
            body |= {"refresh_token": pair.refresh, "refresh_token_expires_in": pair.refresh_s}
        return _json(body)

    def _api(self, request: FakeRequest, path: str) -> Response:
        try:
            claims = self._server.alive(_bearer(request), request.now)
        except RefusedTokenError as error:
            return REFUSALS[error.refusal or "error_401_auth"]
        persona = self._by_username[claims.persona]
        scope, handle = _route(path)
        if scope not in claims.scopes:
            return REFUSALS["error_403_scope"]
        reply = handle(persona, path, request.query)
        return structs.replace(reply, headers={**reply.headers, **_budget(request)})


def _route(path: str) -> tuple[str, Callable[[Persona, str, Mapping[str, str]], Response]]:
    """The scope that a path needs, and what answers it."""
    if path == "user_account":
        return "user_accounts:read", _account
    return "ads:read", _ad_accounts if path == "ad_accounts" else _insights


def _account(persona: Persona, _path: str, _sent: Mapping[str, str]) -> Response:
    """The account; what the creator left empty is an empty text, or null."""
    is_business = not persona.traits & _NO_AD_ACCOUNT
    return _json(
        {
            "account_type": "BUSINESS" if is_business else "PINNER",
            "id": str(_FIRST_ACCOUNT + persona.number),
            "username": persona.username,
            "business_name": persona.full_name if is_business else None,
            "about": persona.biography or "",
            "profile_image": persona.picture_url or "",
            "website_url": persona.website or "",
            "board_count": persona.number % 60,
            "pin_count": persona.content_count,
            "follower_count": persona.follower_count,
            "following_count": persona.following_count,
            "monthly_views": persona.follower_count * 22 if is_business else -1,
        }
    )


def _ad_accounts(persona: Persona, _path: str, sent: Mapping[str, str]) -> Response:
    """The ad accounts, in pages; if there are very many, those that others share come before the creator's own."""
    own = {"username": persona.username, "id": str(_FIRST_ACCOUNT + persona.number)}
    stranger = {"username": "somebody.else", "id": "7"}
    rows = [(_FIRST_AD_ACCOUNT + persona.number, own)] if not persona.traits & _NO_AD_ACCOUNT else []
    if Trait.MANY_PAGES in persona.traits or Trait.NO_PROFESSIONAL_ACCOUNT in persona.traits:
        rows = [*((540_000_000_000 + number, stranger) for number in range(_SHARED)), *rows]
    size = sent.get("page_size", "25")
    start = sent.get("bookmark", "0")
    if not (size.isdecimal() and 1 <= int(size) <= 250 and start.isdecimal()):
        return _refusal(400, 1, "Invalid parameters.")
    first, last = int(start), int(start) + int(size)
    items = [{"id": str(number), "name": "Ads", "owner": owner, "country": "GB"} for number, owner in rows[first:last]]
    return _json({"items": items, "bookmark": str(last) if last < len(rows) else None})


def _insights(persona: Persona, path: str, sent: Mapping[str, str]) -> Response:
    """The audience in fractions with three decimals. A fresh account is not found, or has empty lists."""
    if path != f"ad_accounts/{_FIRST_AD_ACCOUNT + persona.number}/audience_insights":
        return REFUSALS["error_403_scope"]
    if sent.get("audience_insight_type") not in ("YOUR_TOTAL_AUDIENCE", "YOUR_ENGAGED_AUDIENCE"):
        return _refusal(400, 1, "Invalid audience_insight_type.")
    if Trait.FRESH in persona.traits:
        return REFUSALS["error_404_audience"]
    told = persona.audience
    genders: dict[str, int] = {}
    ages: dict[str, int] = {}
    for (gender, age), people in told.gender_age.items():
        genders[_GENDERS[gender]] = genders.get(_GENDERS[gender], 0) + people
        if age != "13-17":
            ages[age] = ages.get(age, 0) + people
    demographics = {
        "ages": [part for age, thousandths in _thousandths(ages) for part in _fine(age, thousandths)],
        "genders": [_part(key, key.title(), thousandths) for key, thousandths in _thousandths(genders)],
        "devices": [_part("iphone", "iPhone", 510)],
        "metros": [_part(str(501 + n), name, each) for n, (name, each) in enumerate(_thousandths(told.cities))],
        "countries": [_part(code, code, thousandths) for code, thousandths in _thousandths(told.countries)],
    }
    about = {"date": "2026-11-21", "size": persona.follower_count, "size_is_upper_bound": True, "categories": []}
    return _json({"type": sent["audience_insight_type"], **about, "demographics": demographics})


def _fine(age: str, thousandths: int) -> list[object]:
    """The parts of an age range; 45 to 54 is split in two."""
    if age != "45-54":
        return [_part(age.replace("65-", "65+"), age, thousandths)]
    return [_part("45-49", "45-49", thousandths // 2), _part("50-54", "50-54", thousandths - thousandths // 2)]


def _part(key: str, name: str, thousandths: int) -> object:
    return {"key": key, "name": name, "ratio": thousandths / 1_000}


def _thousandths(counts: Mapping[K, int]) -> list[tuple[K, int]]:
    """Thousandths of everybody, rounded half up; a part of 0 is not listed."""
    whole = sum(counts.values())
    parts = ((key, (people * 2_000 + whole) // (2 * whole)) for key, people in counts.items())
    return sorted(((key, part) for key, part in parts if part), key=lambda row: -row[1])


def _budget(request: FakeRequest) -> dict[str, str]:
    """A window of a minute; the limit is followed by its details, the reset is the number of seconds left."""
    spent = 1 if request.usage_percent is None else _CALLS * request.usage_percent // 100
    return {
        "x-ratelimit-limit": f'{_CALLS}, {_CALLS};w=60;name="org_read_app_id_user_id"',
        "x-ratelimit-remaining": str(max(_CALLS - spent, 0)),
        "x-ratelimit-reset": "60",
    }


def _is_app(request: FakeRequest) -> bool:
    """Whether the app authenticates by HTTP Basic."""
    sent = request.headers.get("authorization", "").removeprefix("Basic ")
    try:
        return base64.b64decode(sent).decode() == f"{_APP_ID}:{_APP_KEY}"
    except (binascii.Error, UnicodeDecodeError):
        return False


def _bearer(request: FakeRequest) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ")


def _json(body: object) -> Response:
    return Response(200, _JSON, msgspec.json.encode(body))
