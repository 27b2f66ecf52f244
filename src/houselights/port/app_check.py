"""Whether a platform knows an app, asked without a creator. A pure script, like those of the platforms' folders.

Two questions tell. A platform that gives apps a token of their own (the manifest says so) is asked for one: there is
no better proof of the keys. And every token endpoint authenticates the app before it looks at the code, so a code that
was never issued is redeemed: if the *code* is refused, the app, its secret and its address were accepted.
Source: https://www.rfc-editor.org/rfc/rfc6749#section-4.4 and section 5.2 (read 2026-11-23).
"""

from datetime import datetime
from enum import Enum
from urllib.parse import parse_qsl, urlsplit

from msgspec import DecodeError, Struct, json

from houselights.core.errors import AppRefused, PlatformChanged, TokenRevoked
from houselights.core.messages import Request, Response, Script, ask
from houselights.core.secret import Secret
from houselights.port.families import oauth2
from houselights.port.manifest import Manifest
from houselights.port.platform import AppKeys, Platform, Redirect

NOBODYS_CODE = Secret("nobody-gave-this-code")


class Proof(Enum):
    """How a platform showed that it knows an app; the value is the sentence."""

    KNOWS_IT = "it gave the app a token of its own"
    REFUSED_CODE = "it took the app's keys, and refused a code that nobody gave"


class _Token(Struct, frozen=True):
    access_token: Secret


def check(platform: Platform, app: AppKeys, redirect: Redirect, now: datetime) -> Script[Proof]:
    """Ask.

    raises  AppRefused where the platform does not accept the app; PlatformError where its answer does not tell
    """
    has_token = yield from _asked_for_token(platform.manifest, app)
    try:
        yield from platform.exchange(app, NOBODYS_CODE, redirect, now)
    except TokenRevoked:
        return Proof.KNOWS_IT if has_token else Proof.REFUSED_CODE
    except AppRefused as error:
        if has_token:
            raise AppRefused(error.code, "it takes the app's keys, but not what follows a consent") from None
        raise
    raise PlatformChanged("code_taken", "it took a code that nobody gave")


def asked_for(platform: Platform, app: AppKeys, redirect: Redirect) -> frozenset[str] | None:
    """The scopes that this app's consent asks a creator for: kinds of apps differ.

    ->  None where its address names none, because a configuration at the platform does
    """
    consent = dict(parse_qsl(urlsplit(platform.authorize_url(app, redirect)).query))
    if "config_id" in consent:
        return None
    return frozenset(consent.get("scope", "").split(platform.manifest.oauth.scope_separator))


def reached(host: str) -> Script[int]:
    """The status of an answer from a host; any answer will do."""
    return (yield from ask(Request("HEAD", f"{host}/"))).status


def _asked_for_token(manifest: Manifest, app: AppKeys) -> Script[bool]:
    """Whether the platform gave one. Anything else it says is left to the dialect, which knows its words."""
    method = manifest.oauth.client_credentials
    if method is None:
        return False
    sent = (*oauth2.keys(app), ("grant_type", "client_credentials"))
    url = manifest.oauth.token_url
    reply = yield from ask(Request(method, url, sent) if method == "GET" else Request(method, url, form=sent))
    return reply.status == 200 and _holds_token(reply)


def _holds_token(reply: Response) -> bool:
    try:
        json.decode(reply.body, type=_Token, dec_hook=lambda kind, value: kind(value))
    except (DecodeError, RecursionError):
        return False
    return True
