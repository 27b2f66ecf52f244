"""LinkedIn's two kinds of apps: what each asks a creator for, and what it connects."""

import pytest

from houselights.compose.platforms import find_platforms
from houselights.core.errors import NotGiven
from houselights.port import app_check
from houselights.port.persona import Trait
from houselights.rules import app_setup
from houselights.sandbox.personas import personas
from tests.contract.folders import apps
from tests.invented import NOW, REDIRECT, connected

LINKEDIN = find_platforms()["linkedin"]
CAST = personas(1, NOW.date())
PAGES, MEMBERS = apps(LINKEDIN.fake(CAST))
AVA = CAST[0]
NO_PAGE = next(persona for persona in CAST if Trait.NO_PAGE in persona.traits)


def test_no_app_asks_for_a_scope_of_the_other_kind() -> None:
    pages, members = (app_check.asked_for(LINKEDIN, app, REDIRECT) or () for app in (PAGES, MEMBERS))
    assert sorted(pages) == ["r_organization_social", "rw_organization_admin"]
    assert sorted(members) == ["openid", "profile"]


def test_a_check_says_that_an_app_for_members_never_has_an_audience() -> None:
    oauth = LINKEDIN.manifest.oauth
    found = app_setup.scopes(app_check.asked_for(LINKEDIN, MEMBERS, REDIRECT), oauth.needed(MEMBERS.kind))
    assert [(each.check, each.status) for each in found] == [
        ("scopes of IDENTITY", "ok"),
        ("scopes of IDENTITY.AUDIENCE", "warning"),
    ]


def test_an_app_for_pages_connects_pages_and_one_for_members_the_member() -> None:
    (page,) = connected(LINKEDIN, LINKEDIN.fake(CAST), AVA.username, app=PAGES)
    assert (page.username, page.grant.refs["kind"], page.grant.person) == (AVA.username, "page", None)
    (member,) = connected(LINKEDIN, LINKEDIN.fake(CAST), AVA.username, app=MEMBERS)
    assert (member.username, member.grant.refs["kind"]) == (None, "member")
    assert member.grant.person == member.platform_profile_id


def test_who_administers_no_page_connects_as_a_member_alone() -> None:
    with pytest.raises(NotGiven, match="NO_LINKED_PAGE"):
        connected(LINKEDIN, LINKEDIN.fake(CAST), NO_PAGE.username, app=PAGES)
    assert len(connected(LINKEDIN, LINKEDIN.fake(CAST), NO_PAGE.username, app=MEMBERS)) == 1
