"""Facebook Login: the dialog, the person's token, what it allows, the pages it reaches, and how it is revoked.

There is no refresh: page tokens live until something ends them, and reading stops 90 days after the last login
(`data_access_expires_at`), so that is when a grant expires.
Source: https://developers.facebook.com/docs/facebook-login/guides/access-tokens (read 2026-11-23).
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeAlias

from msgspec import Meta, Struct, structs

from houselights.core.errors import AppRefused, NotGiven, NotGranted, PlatformChanged, TokenRevoked
from houselights.core.messages import Fields, Request, Response, Script, ask, ask_all, never
from houselights.core.secret import Secret
from houselights.port.families import meta_graph
from houselights.port.families.meta_graph import Id
from houselights.port.manifest import Manifest
from houselights.port.platform import AppKeys, Grant
from houselights.port.replies import fit

_Epoch: TypeAlias = Annotated[int, Meta(ge=0, le=10**11)]
_CODE_REFUSED, _REDIRECT_DIFFERS, _SECRET_WRONG, _APP_UNKNOWN = "meta_100_", "meta_100_36008", "meta_1", "meta_101"


class Linked(Struct, frozen=True):
    """A page's professional account; `id` is the one used in paths (`17841…`)."""

    id: Id
    username: str | None = None


class Page(Struct, frozen=True):
    """A page that a person manages, with the fields that the manifest's settings ask for.

    https://developers.facebook.com/docs/graph-api/reference/user/accounts (read 2026-11-23)
    access_token  absent where the person's tasks on the page do not allow one
    tasks         what they may do there; given only in the list of pages
    """

    id: Id
    name: str | None = None
    username: str | None = None
    access_token: Secret | None = None
    tasks: tuple[str, ...] | None = None
    instagram_business_account: Linked | None = None


class Consented(Struct, frozen=True):
    """What a consent gave.

    user       the person's long-lived token
    scopes     what was ticked
    picked     ids of the pages that the consent names
    ends       when the user's token expires
    data_ends  when Meta stops reads; None where it does not say
    person     their id within this app only
    """

    user: Secret
    scopes: tuple[str, ...]
    picked: tuple[str, ...]
    ends: datetime
    data_ends: datetime | None
    person: str | None

    def expires_at(self, page: Secret | None) -> datetime | None:
        """When the creator must consent again; reads use the page's token if there is one, else the user's."""
        return self.data_ends if page is not None else min(self.ends, self.data_ends or self.ends)


class _Token(Struct, frozen=True):
    """expires_in: seconds; may be missing."""

    access_token: Secret
    expires_in: Annotated[int, Meta(ge=0, le=10**9)] | None = None


class _GranularScope(Struct, frozen=True):
    """One scope and the ids it was given for; without ids it applies to everything."""

    scope: str
    target_ids: tuple[Id, ...] = ()


class _Debugged(Struct, frozen=True):
    """https://developers.facebook.com/docs/graph-api/reference/debug_token (read 2026-11-23)

    expires_at, data_access_expires_at  epoch seconds; 0: never
    """

    is_valid: bool
    expires_at: _Epoch | None = None
    data_access_expires_at: _Epoch | None = None
    user_id: Id | None = None
    granular_scopes: tuple[_GranularScope, ...] = ()


class _DebugReply(Struct, frozen=True):
    """`GET /debug_token`."""

    data: _Debugged


class _Permission(Struct, frozen=True):
    """status: `granted`, `declined` or `expired`."""

    permission: str
    status: str


class _Permissions(Struct, frozen=True):
    """`GET /me/permissions`: https://developers.facebook.com/docs/graph-api/reference/user/permissions (2026-11-23)"""

    data: tuple[_Permission, ...]


class _Cursors(Struct, frozen=True):
    """after: where the next page of a list begins."""

    after: str | None = None


class _Paging(Struct, frozen=True):
    """next: its presence means that more follows; it contains the token, so it is wrapped and never read."""

    cursors: _Cursors | None = None
    next: Secret | None = None


class _Pages(Struct, frozen=True):
    """`GET /me/accounts`."""

    data: tuple[Page, ...]
    paging: _Paging | None = None


def consented(manifest: Manifest, app: AppKeys, code: Secret, redirect_uri: str, now: datetime) -> Script[Consented]:
    """Code -> long-lived user token -> what it may do.

    raises  NotGranted where it does not allow reading the identity, TokenRevoked for a spent code or a dead token
    """
    token = yield from _user_token(manifest, app, code, redirect_uri)
    app_token = app.client_secret.prefixed(f"{app.client_id}|")
    debugged, permissions = yield from ask_all(
        meta_graph.signed_get(manifest, app, "debug_token", app_token, input_token=token.access_token),
        meta_graph.signed_get(manifest, app, "me/permissions", token.access_token),
    )
    about = meta_graph.read(debugged, _DebugReply).data
    if not about.is_valid:
        raise TokenRevoked("token_not_valid")
    return Consented(
        token.access_token,
        _granted(manifest, permissions),
        tuple(str(id_) for each in about.granular_scopes if each.scope == "pages_show_list" for id_ in each.target_ids),
        _user_token_ends(manifest, token, about, now),
        _instant(about.data_access_expires_at),
        None if about.user_id is None else str(about.user_id),
    )


def pages(manifest: Manifest, app: AppKeys, user: Secret, picked: Sequence[str]) -> Script[list[Page]]:
    """The pages that the person manages, in the platform's order.

    picked  ids of pages that the consent names: with granular consent the list can be empty although some were picked
    raises  NotGiven NO_LINKED_PAGE if there is no page
    """
    found = yield from _listed_pages(manifest, app, user)
    if not found and picked:
        replies = yield from ask_all(*(_asked_page(manifest, app, user, page_id) for page_id in picked))
        found = [meta_graph.read(reply, Page) for reply in replies]
    if not found:
        raise NotGiven("NO_LINKED_PAGE")
    return found


def page(manifest: Manifest, app: AppKeys, user: Secret, page_id: str) -> Script[Page]:
    """One page by its id, with a fresh token for it."""
    return meta_graph.read((yield from ask(_asked_page(manifest, app, user, page_id))), Page)


def renew(_manifest: Manifest, _app: AppKeys, _grant: Grant, _now: datetime) -> Script[Grant]:
    """There is no refresh: the creator logs in again."""
    return never(NotGiven("not_renewable"))


def revoke(manifest: Manifest, app: AppKeys, grant: Grant) -> Script[None]:
    """Revoke every permission that the person gave the app; a token that is already dead is not an error."""
    reply = yield from ask(meta_graph.signed_delete(manifest, app, "me/permissions", grant.tokens["user"]))
    refused = meta_graph.refusal(reply)
    if refused is not None and not isinstance(error := refused.error(), TokenRevoked):
        raise error


def _asked_page(manifest: Manifest, app: AppKeys, user: Secret, page_id: str) -> Request:
    """A page's node lacks some fields that the list of pages has."""
    asked = meta_graph.signed_get(manifest, app, page_id, user, fields=manifest.settings["picked_page_fields"])
    return structs.replace(asked, starts_over=True)


def _user_token(manifest: Manifest, app: AppKeys, code: Secret, redirect_uri: str) -> Script[_Token]:
    """The long-lived user token: 60 days, even if the reply does not say so."""
    keys: Fields = (("client_id", app.client_id), ("client_secret", app.client_secret))
    url = manifest.oauth.token_url
    reply = yield from ask(Request("GET", url, (*keys, ("redirect_uri", redirect_uri), ("code", code))))
    short = _token(reply)
    swap: Fields = (("grant_type", "fb_exchange_token"), ("fb_exchange_token", short.access_token))
    reply = yield from ask(Request("GET", url, (*keys, *swap)))
    return _token(reply)


def _token(reply: Response) -> _Token:
    """Codes have other meanings at the token endpoint than in reads: 1 is a wrong secret, 100 a spent code."""
    refused = meta_graph.refusal(reply)
    if refused is None:
        return fit(reply.body, _Token)
    if refused.code in (_REDIRECT_DIFFERS, _APP_UNKNOWN) or (refused.code == _SECRET_WRONG and reply.status < 500):
        raise AppRefused(refused.code)
    if f"{refused.code}_".startswith(_CODE_REFUSED):
        raise TokenRevoked(refused.code)
    raise refused.error()


def _granted(manifest: Manifest, reply: Response) -> tuple[str, ...]:
    """The scopes that the creator ticked; raises NotGranted if they do not allow reading the identity."""
    rows = meta_graph.read(reply, _Permissions).data
    granted = tuple(row.permission for row in rows if row.status == "granted")
    missing = [scope for scope in manifest.oauth.scopes["IDENTITY"] if scope not in granted]
    if missing:
        raise NotGranted("INADEQUATE_PERMISSIONS", ", ".join(missing))
    return granted


def _listed_pages(manifest: Manifest, app: AppKeys, user: Secret) -> Script[list[Page]]:
    """`/me/accounts`, following its cursors (never its `next` address, which contains the token)."""
    found: list[Page] = []
    parameters = {"fields": manifest.settings["page_fields"], "limit": "100"}
    for _ in range(manifest.limits.pages):
        asked = meta_graph.signed_get(manifest, app, "me/accounts", user, **parameters)
        reply = yield from ask(structs.replace(asked, starts_over=True))
        listed = meta_graph.read(reply, _Pages)
        found += listed.data
        if listed.paging is None or listed.paging.next is None:
            break
        if listed.paging.cursors is None or listed.paging.cursors.after is None:
            raise PlatformChanged("reply_changed", "Expected a cursor beside `next` - at `$.paging.cursors.after`")
        parameters["after"] = listed.paging.cursors.after
    return found


def _user_token_ends(manifest: Manifest, token: _Token, about: _Debugged, now: datetime) -> datetime:
    """The end that the platform gives, if it does; else a documented lifetime from now."""
    lifetime_s = token.expires_in or manifest.oauth.access_token_lifetime_s or 0
    return _instant(about.expires_at) or now + timedelta(seconds=lifetime_s)


def _instant(epoch_s: int | None) -> datetime | None:
    """None for 0, which means never, and where nothing is given."""
    return datetime.fromtimestamp(epoch_s, UTC) if epoch_s else None
