"""A client's page opens the dialog, or sends its creator here: its SDK token becomes a session."""

import re
from collections.abc import Collection

from msgspec import Struct

from houselights.core.errors import Refused
from houselights.core.ids import SessionId, WorkPlatformId, parse_uuid
from houselights.flows.rooms import Rooms
from houselights.resources.connect_sessions import ConnectSettings, read_connect_settings
from houselights.rules import page_origin, return_address, sdk_tokens
from houselights.rules.connect_address import SessionKey
from houselights.rules.consent import SESSION_LIFETIME
from houselights.rules.sdk_tokens import Permission
from houselights.rules.texts import shortened
from houselights.store import connect_sessions, read
from houselights.store.connect_sessions import Issuer, NewSession

_LONGEST_NAME = 80
_LONGEST_LANGUAGE = 35
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")


class Asked(Struct, frozen=True, rename="camel"):
    """The page's options that the script passes on, and the page's origin as the browser reported it."""

    token: str
    user_id: str
    client_display_name: str
    environment: str
    origin: str
    work_platform_id: str = ""
    single_account: bool = False
    redirect: bool = False
    redirect_url: str = ""
    language: str = ""


class Opened(Struct, frozen=True):
    """A session, and what the page's developer should be told.

    is_platform_here  False if the page asked for a platform that cannot be connected here
    warnings          options that were ignored, by their names in the script
    """

    key: SessionKey
    is_platform_here: bool
    warnings: tuple[str, ...]


async def run(asked: Asked, token_key: bytes, rooms: Rooms) -> Opened:
    """A new session.

    token_key  derived from the root key for `resources.sdk_tokens.SDK_TOKENS`
    raises     Refused `sdk_token_expired`, `sdk_token_invalid`; `origin_refused` for a page that may not show a dialog
    """
    now = rooms.clock.now()
    permission = sdk_tokens.read(token_key, asked.token, now)
    issuer = await _issuer(permission, asked.user_id, rooms)
    settings = read_connect_settings(issuer.settings)
    if not asked.redirect and not page_origin.may_show(asked.origin, settings.origins):
        raise Refused("origin_refused")
    platform_id = parse_uuid(asked.work_platform_id)
    here = platforms_here(permission.products, settings, rooms)
    is_platform_here = not asked.work_platform_id or platform_id in here
    redirect_url = _redirect_url(asked, settings, issuer) if asked.redirect else None
    key = SessionKey(permission.application_id, SessionId(rooms.new_id()))
    made = NewSession(
        user_id=permission.user_id,
        products=permission.products,
        created_at=now,
        expires_at=now + SESSION_LIFETIME,
        work_platform_id=WorkPlatformId(platform_id) if platform_id and is_platform_here else None,
        redirect_url=redirect_url,
        single_account=asked.single_account,
        display_name=_printable(asked.client_display_name),
        language=_language(asked.language),
        host_origin=None if asked.redirect else asked.origin,
    )
    await connect_sessions.create(rooms.database, key, made)
    warnings = {
        "environment": asked.environment != issuer.environment,
        "redirectURL": asked.redirect and redirect_url is None,
    }
    return Opened(key, is_platform_here, tuple(name for name, is_off in warnings.items() if is_off))


async def way_back(asked: Asked, token_key: bytes, rooms: Rooms) -> str | None:
    """The address that returns a creator to a page without a dialog, with the error, when its token opens nothing.

    ->  None for a token that is not ours, and for an address that the application has not listed
    """
    try:
        permission = sdk_tokens.whose(token_key, asked.token)
        issuer = await _issuer(permission, asked.user_id, rooms)
    except Refused:
        return None
    back = _redirect_url(asked, read_connect_settings(issuer.settings), issuer)
    if back is None:
        return None
    ended = ("status", "token_expired"), ("reason", "TOKEN_EXPIRED"), ("user_id", str(permission.user_id))
    return return_address.with_outcome(back, ended)


def platforms_here(products: Collection[str], settings: ConnectSettings, rooms: Rooms) -> frozenset[WorkPlatformId]:
    """The platforms that the application lets its creators choose from and that are read for one of the products."""
    return frozenset(
        work_platform_id
        for work_platform_id, platform in rooms.platforms.items()
        if (settings.platforms is None or work_platform_id in settings.platforms)
        and not set(products).isdisjoint(platform.manifest.products)
    )


async def _issuer(permission: Permission, user_id: str, rooms: Rooms) -> Issuer:
    """The application behind a token. Raises Refused if it or the user is gone, or the page names another."""
    issuer = await connect_sessions.issuer(rooms.database, permission.application_id)
    user = await read.user(rooms.database, permission.application_id, permission.user_id)
    if issuer is None or user is None or parse_uuid(user_id) != permission.user_id:
        raise Refused("sdk_token_invalid")
    return issuer


def _redirect_url(asked: Asked, settings: ConnectSettings, issuer: Issuer) -> str | None:
    """Where the creator goes at the end; None for an address that the application has not listed."""
    is_sandbox = issuer.environment == "sandbox"
    url = asked.redirect_url
    is_listed = return_address.is_fit(url) and return_address.is_listed(url, settings.redirect_urls, sandbox=is_sandbox)
    return url if is_listed else None


def _printable(name: str) -> str | None:
    shown = "".join(letter for letter in name if letter.isprintable()).strip()
    return shortened(shown, _LONGEST_NAME) or None


def _language(tag: str) -> str | None:
    """None for anything that is not a language tag: the browser's language is then used."""
    return tag if len(tag) <= _LONGEST_LANGUAGE and _LANGUAGE.fullmatch(tag) else None
