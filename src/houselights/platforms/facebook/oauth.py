"""Consent by Facebook Login: every page that the person manages is an account of its own."""

from datetime import datetime

from houselights.core.errors import NotGiven
from houselights.core.messages import Script
from houselights.core.secret import Secret
from houselights.port.families import meta_graph, meta_login
from houselights.port.families.meta_login import Consented, Page
from houselights.port.manifest import Manifest
from houselights.port.platform import AppKeys, Candidate, Grant, Redirect

authorize_url = meta_graph.authorize_url
renew = meta_login.renew
revoke = meta_login.revoke

_SEES_INSIGHTS = "ANALYZE"
"""The task on a page that a person needs to see its numbers."""


def exchange(
    manifest: Manifest, app: AppKeys, code: Secret, redirect: Redirect, now: datetime
) -> Script[tuple[Candidate, ...]]:
    """As `Platform.exchange`: code -> token and what it may do -> pages. A page without a token is left out."""
    consented = yield from meta_login.consented(manifest, app, code, redirect.uri, now)
    pages = yield from meta_login.pages(manifest, app, consented.user, consented.picked)
    found = [_candidate(manifest, page, page.access_token, consented) for page in pages if page.access_token]
    if not found:
        raise NotGiven("NO_LINKED_PAGE")
    return tuple(found)


def _candidate(manifest: Manifest, page: Page, token: Secret, consented: Consented) -> Candidate:
    page_id = str(page.id)
    without = () if _may_see_insights(page) else manifest.oauth.scopes["IDENTITY.AUDIENCE"]
    scopes = tuple(scope for scope in consented.scopes if scope not in without)
    tokens, expires_at = {"user": consented.user, "page": token}, consented.expires_at(token)
    grant = Grant(tokens, {"page": page_id}, scopes, expires_at, person=consented.person)
    display = page.name or page_id
    return Candidate(page_id, page.username or page_id, display, grant, name=page.name, is_page=True)


def _may_see_insights(page: Page) -> bool:
    """True also if the tasks are not given: the first reading will show."""
    return page.tasks is None or _SEES_INSIGHTS in page.tasks
