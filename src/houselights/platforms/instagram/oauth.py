"""Consent by Facebook Login, and which accounts it reaches.

There is no refresh: page tokens live until something ends them, and reading stops 90 days after the last login
(`data_access_expires_at`), so that is when a grant expires.
Source: https://developers.facebook.com/docs/facebook-login/guides/access-tokens (read 2026-11-23).
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from urllib.parse import urlencode

from houselights.core.errors import AppRefused, NotGiven, NotGranted, PlatformChanged, TokenRevoked
from houselights.core.messages import Fields, Request, Response, Script, ask, ask_all, never
from houselights.core.secret import Secret
from houselights.platforms.instagram import raw
from houselights.port.families import meta_graph
from houselights.port.manifest import Manifest
from houselights.port.platform import AppKeys, Candidate, Grant, Redirect

_CODE_REFUSED, _REDIRECT_DIFFERS, _SECRET_WRONG, _APP_UNKNOWN = "meta_100_", "meta_100_36008", "meta_1", "meta_101"


def authorize_url(manifest: Manifest, app: AppKeys, redirect: Redirect) -> str:
    """The consent dialog, asking for the scopes of every product at once."""
    needed = [scope for scopes in manifest.oauth.scopes.values() for scope in scopes]
    scopes = dict.fromkeys([*needed, *manifest.oauth.asked_beside])
    query = {
        "client_id": app.client_id,
        "redirect_uri": redirect.uri,
        "state": redirect.state,
        "response_type": "code",
        "scope": manifest.oauth.scope_separator.join(scopes),
    }
    return f"{manifest.oauth.authorize_url}?{urlencode(query)}"


def exchange(
    manifest: Manifest, app: AppKeys, code: Secret, redirect: Redirect, now: datetime
) -> Script[tuple[Candidate, ...]]:
    """As `Platform.exchange`: code -> long-lived user token -> what it may do -> pages -> accounts."""
    token = yield from _user_token(manifest, app, code, redirect.uri)
    app_token = app.client_secret.prefixed(f"{app.client_id}|")
    debugged, permissions = yield from ask_all(
        meta_graph.get(manifest, app, "debug_token", app_token, input_token=token.access_token),
        meta_graph.get(manifest, app, "me/permissions", token.access_token),
    )
    about = meta_graph.read(debugged, raw.DebugReply).data
    if not about.is_valid:
        raise TokenRevoked("token_not_valid")
    scopes = _granted(manifest, permissions)
    picked = [id_ for scope in about.granular_scopes if scope.scope == "pages_show_list" for id_ in scope.target_ids]
    pages = yield from linked_pages(manifest, app, token.access_token, [str(id_) for id_ in picked])
    ends = _user_token_ends(manifest, token, about, now)
    candidates: list[Candidate] = []
    remaining = iter(pages)
    while group := list(islice(remaining, manifest.limits.parallel)):
        replies = yield from ask_all(*(_identity(manifest, app, page, token.access_token) for page in group))
        grants = (_grant(page, token, scopes, about, ends) for page in group)
        candidates += _candidates(group, replies, grants)
    if not candidates:
        raise NotGiven("NO_PROFESSIONAL_ACCOUNT")
    return tuple(candidates)


def renew(_manifest: Manifest, _app: AppKeys, _grant: Grant, _now: datetime) -> Script[Grant]:
    """There is no refresh: the creator logs in again."""
    return never(NotGiven("not_renewable"))


def revoke(manifest: Manifest, app: AppKeys, grant: Grant) -> Script[None]:
    """Take back every permission that the person gave the app; a token that is dead already is no error."""
    reply = yield from ask(meta_graph.delete(manifest, app, "me/permissions", grant.tokens["user"]))
    refused = meta_graph.refusal(reply)
    if refused is not None and not isinstance(error := refused.error(), TokenRevoked):
        raise error


def linked_pages(manifest: Manifest, app: AppKeys, user: Secret, picked: Sequence[str]) -> Script[list[raw.Page]]:
    """The pages with a professional account, in the platform's order.

    picked  ids of pages that the consent names: with granular consent the list can be empty although some were picked
    raises  NotGiven NO_LINKED_PAGE without any page, NO_PROFESSIONAL_ACCOUNT with none that carries an account
    """
    pages = yield from _listed_pages(manifest, app, user)
    if not pages:
        fields = manifest.settings["page_fields"]
        for page_id in picked[: manifest.limits.pages]:
            reply = yield from ask(meta_graph.get(manifest, app, page_id, user, fields=fields))
            pages.append(meta_graph.read(reply, raw.Page))
    if not pages:
        raise NotGiven("NO_LINKED_PAGE")
    linked = [page for page in pages if page.instagram_business_account is not None]
    if not linked:
        raise NotGiven("NO_PROFESSIONAL_ACCOUNT")
    return linked


def _user_token(manifest: Manifest, app: AppKeys, code: Secret, redirect_uri: str) -> Script[raw.Token]:
    """The long-lived user token: 60 days, also where the reply does not say so."""
    keys: Fields = (("client_id", app.client_id), ("client_secret", app.client_secret))
    url = manifest.oauth.token_url
    reply = yield from ask(Request("GET", url, (*keys, ("redirect_uri", redirect_uri), ("code", code))))
    short = _token(reply)
    swap: Fields = (("grant_type", "fb_exchange_token"), ("fb_exchange_token", short.access_token))
    reply = yield from ask(Request("GET", url, (*keys, *swap)))
    return _token(reply)


def _token(reply: Response) -> raw.Token:
    """Codes mean other things at the token endpoint than at a read: 1 is a wrong secret, 100 a code that is spent."""
    refused = meta_graph.refusal(reply)
    if refused is None:
        return meta_graph.fit(reply.body, raw.Token)
    if refused.code in (_REDIRECT_DIFFERS, _APP_UNKNOWN) or (refused.code == _SECRET_WRONG and reply.status < 500):
        raise AppRefused(refused.code)
    if f"{refused.code}_".startswith(_CODE_REFUSED):
        raise TokenRevoked(refused.code)
    raise refused.error()


def _granted(manifest: Manifest, reply: Response) -> tuple[str, ...]:
    """What the creator ticked; raises NotGranted where the identity cannot be read with it."""
    rows = meta_graph.read(reply, raw.Permissions).data
    granted = tuple(row.permission for row in rows if row.status == "granted")
    missing = [scope for scope in manifest.oauth.scopes["IDENTITY"] if scope not in granted]
    if missing:
        raise NotGranted("INADEQUATE_PERMISSIONS", ", ".join(missing))
    return granted


def _listed_pages(manifest: Manifest, app: AppKeys, user: Secret) -> Script[list[raw.Page]]:
    """`/me/accounts`, followed by its cursors (never by its `next` address, which holds the token)."""
    pages: list[raw.Page] = []
    parameters = {"fields": manifest.settings["page_fields"], "limit": "100"}
    for _ in range(manifest.limits.pages):
        reply = yield from ask(meta_graph.get(manifest, app, "me/accounts", user, **parameters))
        listed = meta_graph.read(reply, raw.Pages)
        pages += listed.data
        if listed.paging is None or listed.paging.next is None:
            break
        if listed.paging.cursors is None or listed.paging.cursors.after is None:
            raise PlatformChanged("reply_changed", "Expected a cursor beside `next` - at `$.paging.cursors.after`")
        parameters["after"] = listed.paging.cursors.after
    return pages


def _identity(manifest: Manifest, app: AppKeys, page: raw.Page, user: Secret) -> Request:
    """What a page's account is called; its legacy id, if it has one, is the one that clients know."""
    account = "" if page.instagram_business_account is None else str(page.instagram_business_account.id)
    return meta_graph.get(manifest, app, account, page.access_token or user, fields="id,ig_id,username")


def _candidates(pages: Sequence[raw.Page], replies: Sequence[Response], grants: Iterator[Grant]) -> list[Candidate]:
    """One per account that can be seen; one that has gone meanwhile is left out."""
    found = []
    for page, reply, grant in zip(pages, replies, grants, strict=True):
        refused = meta_graph.refusal(reply)
        if refused is not None and refused.kind is meta_graph.Kind.GONE:
            continue
        user = meta_graph.read(reply, raw.User)
        display = f"@{user.username or user.id} (Page {page.name or page.id})"
        found.append(Candidate(str(user.ig_id or user.id), user.username, display, grant))
    return found


def _grant(page: raw.Page, token: raw.Token, scopes: tuple[str, ...], about: raw.Debugged, ends: datetime) -> Grant:
    """Reads go with the page's token; the user's stays for looking the page up again, and reads where there is none.

    ends  when the user's token dies, which matters to a read only where the page has no token of its own
    """
    account = "" if page.instagram_business_account is None else str(page.instagram_business_account.id)
    refs = {"account": account, "page": str(page.id)}
    data_ends = _instant(about.data_access_expires_at)
    if page.access_token is not None:
        return Grant({"user": token.access_token, "page": page.access_token}, refs, scopes, data_ends)
    return Grant({"user": token.access_token}, refs, scopes, min(ends, data_ends or ends))


def _user_token_ends(manifest: Manifest, token: raw.Token, about: raw.Debugged, now: datetime) -> datetime:
    """As the platform says where it does; else a documented lifetime from now."""
    lifetime_s = token.expires_in or manifest.oauth.access_token_lifetime_s or 0
    return _instant(about.expires_at) or now + timedelta(seconds=lifetime_s)


def _instant(epoch_s: int | None) -> datetime | None:
    """None for 0, which means never, and where nothing is told."""
    return datetime.fromtimestamp(epoch_s, UTC) if epoch_s else None
