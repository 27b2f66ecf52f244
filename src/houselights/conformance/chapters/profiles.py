"""Reading profiles: C-068 and C-069."""

from houselights.conformance import expect
from houselights.conformance.chapters.platforms import CATALOGUE
from houselights.conformance.kit import Kit
from houselights.conformance.rule import Need, rule


@rule("C-068", Need.PROFILE)
async def filters_combine(kit: Kit) -> str:
    """Profile list filters combine with AND."""
    profile = kit.profile
    ids = {key: str((profile.get(key) or {}).get("id")) for key in ("account", "user", "work_platform")}
    whole = f"/v1/profiles?account_id={ids['account']}&user_id={ids['user']}&work_platform_id={ids['work_platform']}"
    reply = await kit.api.get(whole)
    found = [row.get("id") for row in expect.rows(reply)]
    expect.that(found == [profile.get("id")], f"{reply.shown()}: not that profile alone")
    elsewhere = next(each for each in CATALOGUE if each != ids["work_platform"])
    for wrong in (whole.replace(ids["work_platform"], elsewhere), whole.replace(ids["user"], kit.new_id())):
        reply = await kit.api.get(wrong)
        expect.that(expect.rows(reply) == [], f"{reply.shown()}: rows")
    return "one row with all three, none with one that does not fit"


@rule("C-069", Need.PROFILE)
async def a_profile_is_the_list_s_entry(kit: Kit) -> str:
    """GET /v1/profiles/{id} equals the list entry; unknown: 404 incorrect_profile_id."""
    account_id = (kit.profile.get("account") or {}).get("id")
    (listed, *_) = expect.rows(await kit.api.get(f"/v1/profiles?account_id={account_id}"))
    expect.same_document(await kit.api.get(f"/v1/profiles/{listed.get('id')}"), listed)
    expect.refused(await kit.api.get(f"/v1/profiles/{kit.new_id()}"), 404, "incorrect_profile_id")
    return "equal; 404"
