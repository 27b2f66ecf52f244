"""Consent by Facebook Login, and which professional accounts it reaches."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from houselights.core.errors import NotGiven
from houselights.core.messages import Request, Response, Script, ask_all
from houselights.core.secret import Secret
from houselights.platforms.instagram import raw
from houselights.port.families import meta_graph, meta_login
from houselights.port.families.meta_login import Consented, Page
from houselights.port.manifest import Manifest
from houselights.port.platform import AppKeys, Candidate, Grant, Redirect

authorize_url = meta_graph.authorize_url
renew = meta_login.renew
revoke = meta_login.revoke


def exchange(
    manifest: Manifest, app: AppKeys, code: Secret, redirect: Redirect, now: datetime
) -> Script[tuple[Candidate, ...]]:
    """As `Platform.exchange`: code -> token and what it may do -> pages -> accounts."""
    consented = yield from meta_login.consented(manifest, app, code, redirect.uri, now)
    candidates: list[Candidate] = []
    pages = iter((yield from linked_pages(manifest, app, consented.user, consented.picked)))
    while group := list(islice(pages, manifest.limits.parallel)):
        replies = yield from ask_all(*(_identity(manifest, app, page, consented.user) for page in group))
        candidates += _candidates(group, replies, consented)
    if not candidates:
        raise NotGiven("NO_PROFESSIONAL_ACCOUNT")
    return tuple(candidates)


def linked_pages(manifest: Manifest, app: AppKeys, user: Secret, picked: Sequence[str]) -> Script[list[Page]]:
    """The pages with a professional account, in the platform's order.

    picked  as in `meta_login.pages`
    raises  NotGiven: NO_LINKED_PAGE if there is no page, NO_PROFESSIONAL_ACCOUNT if no page is linked to an account
    """
    pages = yield from meta_login.pages(manifest, app, user, picked)
    linked = [page for page in pages if page.instagram_business_account is not None]
    if not linked:
        raise NotGiven("NO_PROFESSIONAL_ACCOUNT")
    return linked


def _identity(manifest: Manifest, app: AppKeys, page: Page, user: Secret) -> Request:
    """Asks for the name of a page's account, and its legacy id: if it has one, that is the id that clients know."""
    token = page.access_token or user
    return meta_graph.signed_get(manifest, app, _account_id(page), token, fields="id,ig_id,username")


def _candidates(pages: Sequence[Page], replies: Sequence[Response], consented: Consented) -> list[Candidate]:
    """One per account that can be seen; one that is gone by now is left out."""
    found = []
    for page, reply in zip(pages, replies, strict=True):
        refused = meta_graph.refusal(reply)
        if refused is not None and refused.kind is meta_graph.Kind.GONE:
            continue
        user = meta_graph.read(reply, raw.User)
        account, display, through = (
            str(user.ig_id or user.id),
            f"@{user.username or user.id}",
            page.name or str(page.id),
        )
        found.append(Candidate(account, user.username, display, _grant(page, consented), through=through))
    return found


def _grant(page: Page, consented: Consented) -> Grant:
    """The page's token is for reading; the user's is for looking the page up again, and for reading without one."""
    tokens = {"user": consented.user}
    if page.access_token is not None:
        tokens["page"] = page.access_token
    refs = {"account": _account_id(page), "page": str(page.id)}
    return Grant(tokens, refs, consented.scopes, consented.expires_at(page.access_token), person=consented.person)


def _account_id(page: Page) -> str:
    return "" if page.instagram_business_account is None else str(page.instagram_business_account.id)
