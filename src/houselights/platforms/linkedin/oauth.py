"""Consent at LinkedIn, for one of its two products: the pages that a member administers, or the member alone.

An option of the operator's app says which one it belongs to: LinkedIn gives no app the scopes of both, and refuses a
whole consent because of one scope that the app does not have.

The refresh token ends a year after the first consent, however often it is used; apps that LinkedIn has not enabled
for it get none, and must ask for consent again after sixty days.
Source: https://learn.microsoft.com/en-us/linkedin/shared/authentication/authorization-code-flow and
https://learn.microsoft.com/en-us/linkedin/shared/authentication/programmatic-refresh-tokens (read 2026-11-23).
"""

from datetime import datetime

from msgspec import structs

from houselights.core.errors import NotGiven
from houselights.core.messages import Fields, Request, Script, ask
from houselights.core.secret import Secret
from houselights.platforms.linkedin import calls, raw
from houselights.platforms.linkedin.fetch import MEMBER, PAGE, administered, read_person
from houselights.platforms.linkedin.refusals import refusal
from houselights.port import replies
from houselights.port.families import oauth2
from houselights.port.manifest import Manifest
from houselights.port.platform import AppKeys, Candidate, Grant, Redirect

MEMBERS = "members"
"""The kind of app for Sign In with LinkedIn; all others are for the Community Management API."""

_DEAD_CODE = ("invalid_grant", "invalid_request")
"""LinkedIn calls a code that is spent or late a wrong parameter."""


def authorize_url(manifest: Manifest, app: AppKeys, redirect: Redirect) -> str:
    """The consent dialog."""
    return oauth2.consent_url(manifest, app, redirect)


def exchange(
    manifest: Manifest, app: AppKeys, code: Secret, redirect: Redirect, now: datetime
) -> Script[tuple[Candidate, ...]]:
    """As `Platform.exchange`: the pages in LinkedIn's order, or the member. NotGiven NO_LINKED_PAGE if none."""
    token = yield from _token(manifest, app, oauth2.code_form(redirect, code), _DEAD_CODE)
    grant = oauth2.granted(manifest, token, now, {}, redirect.products, app.kind)
    if app.kind == MEMBERS:
        return (_member((yield from read_person(manifest, grant, now)), grant),)
    pages = yield from _pages(manifest, grant, now)
    if not pages:
        raise NotGiven("NO_LINKED_PAGE")
    return tuple(_page(page, grant) for page in pages)


def renew(manifest: Manifest, app: AppKeys, grant: Grant, now: datetime) -> Script[Grant]:
    """As `Platform.renew`."""
    token = yield from _token(manifest, app, oauth2.renewal_form(grant), ("invalid_grant",))
    return oauth2.renewed(manifest, token, now, grant)


def revoke(manifest: Manifest, app: AppKeys, grant: Grant) -> Script[None]:
    """As `Platform.revoke`."""
    form = (*oauth2.keys(app), ("token", grant.tokens[oauth2.ACCESS]))
    reply = yield from ask(Request("POST", manifest.settings["revoke_url"], form=form))
    oauth2.check_revoked(reply)


def _token(manifest: Manifest, app: AppKeys, form: Fields, dead: tuple[str, ...]) -> Script[oauth2.Token]:
    reply = yield from ask(Request("POST", manifest.oauth.token_url, form=(*form, *oauth2.keys(app))))
    return oauth2.read_token(reply, dead)


def _pages(manifest: Manifest, grant: Grant, now: datetime) -> Script[list[raw.Organization]]:
    """The pages that the member administers; for each page of the list one call gives ids and another names."""
    size = int(manifest.settings["page_size"])
    pages: list[raw.Organization] = []
    for number in range(manifest.limits.pages):
        reply = yield from ask(administered(manifest, grant, number * size))
        refused = refusal(reply, now)
        if refused is not None:
            raise refused
        listed = [acl.organization.rpartition(":")[2] for acl in replies.fit(reply.body, raw.Acls).elements]
        ids = list(dict.fromkeys(each for each in listed if each.isdecimal()))
        if ids:
            pages += yield from _named(manifest, grant, ids, now)
        if len(listed) < size:
            break
    return pages


def _named(manifest: Manifest, grant: Grant, ids: list[str], now: datetime) -> Script[list[raw.Organization]]:
    """Pages by id, in the same order; one that cannot be seen is left out."""
    reply = yield from ask(calls.rest(manifest, grant, f"organizationsLookup?ids={calls.id_list(ids)}"))
    refused = refusal(reply, now)
    if refused is not None:
        raise refused
    results = replies.fit(reply.body, raw.Batch).results
    return [replies.fit(bytes(results[each]), raw.Organization) for each in ids if each in results]


def _page(page: raw.Organization, grant: Grant) -> Candidate:
    owned = structs.replace(grant, refs={"kind": PAGE, "id": str(page.id)})
    display = page.localized_name or page.vanity_name or str(page.id)
    return Candidate(str(page.id), page.vanity_name, display, owned, name=page.localized_name, is_page=True)


def _member(person: raw.Person, grant: Grant) -> Candidate:
    owned = structs.replace(grant, refs={"kind": MEMBER, "id": person.sub}, person=person.sub)
    return Candidate(person.sub, None, person.name or person.sub, owned, name=person.name)
