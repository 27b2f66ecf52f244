"""Commands as an operator types them, each a process of its own."""

import asyncio
import base64
import os
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import asyncpg
import msgspec
import pytest_asyncio

from tests.e2e.commands import Place, houselights, serving, users
from tests.e2e.processes import Process, environment, free_ports


@pytest_asyncio.fixture
async def place(server_dsn: str, next_name: Callable[[], str], tmp_path: Path) -> Place:
    """On a migrated database of its own."""
    name = next_name()
    connection = await asyncpg.connect(server_dsn, database="postgres")
    try:
        await connection.execute(f"create database {name} template houselights")
    finally:
        await connection.close()
    return Place(tmp_path, database_url=server_dsn.replace("/houselights?", f"/{name}?", 1))


@pytest_asyncio.fixture
async def served(place: Place) -> AsyncIterator[tuple[Place, Process]]:
    """A place whose server runs, with no application yet."""
    async with serving(place) as server:
        yield place, server


async def test_serve_on_an_empty_database_says_what_to_run_first(served: tuple[Place, Process]) -> None:
    _, server = served
    async with asyncio.timeout(10):
        while "houselights app create" not in server.log.read_text():
            await asyncio.sleep(0.02)


async def test_an_application_made_beside_a_running_server_can_call_at_once(served: tuple[Place, Process]) -> None:
    place, _ = served
    made = (await place.run("app", "create", "Mine", "--json")).json()
    assert await users(place.url, made["client_id"], made["client_secret"]) == 200
    assert await users(place.url, made["client_id"], "wrong") == 401


async def test_an_old_secret_ends_with_its_overlap(served: tuple[Place, Process]) -> None:
    place, _ = served
    made = (await place.run("app", "create", "Mine", "--json")).json()
    kept = (await place.run("app", "rotate-secret", "--json")).json()
    both = [await users(place.url, made["client_id"], each["client_secret"]) for each in (made, kept)]
    assert both == [200, 200]
    last = (await place.run("app", "rotate-secret", "Mine", "--overlap", "0", "--json")).json()
    assert await users(place.url, made["client_id"], last["client_secret"]) == 200
    assert kept["client_id"] == made["client_id"]


async def test_a_server_is_seen_by_doctor(served: tuple[Place, Process]) -> None:
    place, _ = served
    seen = (await place.run("doctor", "--json")).json()
    assert seen["ok"] is True
    checks = msgspec.convert(seen["checks"], list[dict[str, str]])
    by_name = {check["check"]: check for check in checks}
    assert by_name["database"]["says"].startswith("PostgreSQL 18.")
    assert by_name["schema"]["status"] == "ok"
    assert by_name["port of the API"]["status"] == "warning"
    assert by_name["applications"]["do"] == "run `houselights app create NAME`"


async def test_doctor_says_what_production_still_needs(place: Place, tmp_path: Path) -> None:
    await place.run("app", "create", "Real", "--environment", "production")
    seen = (await place.run("doctor", "--json")).json()
    lacking = {check["check"]: check["do"] for check in msgspec.convert(seen["checks"], list[dict[str, str]])}
    assert lacking["instagram, production"] == (
        "run `houselights platform app set instagram --environment production --client-id ID --client-secret-file FILE`"
    )
    assert "HOUSELIGHTS_SANDBOX" in lacking["sandbox"]

    (tmp_path / "secret").write_text("s3cret\n")
    words = ("platform", "app", "set", "instagram", "--environment", "production", "--client-id", "1")
    assert (await place.run(*words, "--client-secret-file", str(tmp_path / "secret"))).status == 0
    seen = (await place.run("doctor", "--json")).json()
    now = {check["check"]: check["status"] for check in msgspec.convert(seen["checks"], list[dict[str, str]])}
    assert now["instagram, production"] == "ok"

    await place.run("app", "create", "Other", "--environment", "production")
    words = ("platform", "app", "set", "tiktok", "--environment", "production", "--client-id", "2")
    only = ("--application", "Real", "--client-secret-file", str(tmp_path / "secret"))
    assert (await place.run(*words, *only)).status == 0
    seen = (await place.run("doctor", "--json")).json()
    says = {check["check"]: check["says"] for check in msgspec.convert(seen["checks"], list[dict[str, str]])}
    assert says["tiktok, production"] == "has no app, so nobody at Other can connect"
    assert says["instagram, production"] == "has an app"


async def test_an_app_at_a_platform_is_replaced_and_removed(place: Place, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\n")
    app = ("twitch", "--environment", "production", "--client-id")
    for client_id in ("one", "two"):
        words = ("platform", "app", "set", *app, client_id, "--client-secret-file", str(tmp_path / "secret"))
        assert (await place.run(*words)).status == 0
    listed = await place.run("platform", "app", "list")
    told = [line.split() for line in listed.out.splitlines() if line.startswith("twitch ")]
    assert [(line[2], line[-3]) for line in told] == [("two", "use"), ("one", "retired")]
    assert (await place.run("platform", "app", "remove", *app, "two")).out == (
        "removed: two; no account was connected through it\n"
    )
    refused = await place.run("platform", "app", "remove", *app, "two")
    assert (refused.status, refused.out) == (2, "")
    assert "no app two of every application at twitch" in refused.err


async def test_an_option_of_an_app_is_kept_and_one_that_its_platform_does_not_know_is_refused(
    place: Place, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("s3cret\n")
    app = ("linkedin", "--environment", "production", "--client-id", "one")
    words = ("platform", "app", "set", *app, "--client-secret-file", str(tmp_path / "secret"))
    for option, told in (("colour=blue", "there is kind"), ("kind=both", "fits pages|members")):
        refused = await place.run(*words, "--option", option)
        assert refused.status == 2
        assert told in refused.err
    assert (await place.run(*words, "--option", "kind=members")).status == 0
    listed = await place.run("platform", "app", "list", "--json")
    (kept,) = [each for each in msgspec.json.decode(listed.out) if each["platform"] == "linkedin"]
    assert kept["options"] == {"kind": "members"}


async def test_an_app_at_a_platform_is_verified_without_a_creator(
    served: tuple[Place, Process], tmp_path: Path
) -> None:
    place, _ = served
    shown = await place.run("platform", "check", "twitch")
    assert shown.status == 0
    assert "twitch, sandbox: app inventedclientidofthesandbox00 of everybody\nok " in shown.out
    assert "\nunverified  redirect address at the platform" in shown.out

    (tmp_path / "secret").write_text("of another app\n")
    fakes = f"http://127.0.0.1:{int(place.settings['port']) + 1}/twitch"
    bases = [f"--base-url=https://{host}={fakes}/{host}" for host in ("id.twitch.tv", "api.twitch.tv")]
    keys = ("--client-id", "inventedclientidofthesandbox00", "--client-secret-file", str(tmp_path / "secret"))
    await place.run("app", "create", "Mine")
    words = ("platform", "app", "set", "twitch", "--environment", "sandbox", "--application", "Mine", *keys, *bases)
    assert (await place.run(*words)).status == 0
    wrong = await place.run("platform", "check", "twitch", "--application", "Mine", "--json")
    said = msgspec.json.decode(wrong.out)
    assert (wrong.status, said["ok"], [app["used_by"] for app in said["apps"]]) == (1, False, ["Mine"])
    assert [each["check"] for each in said["apps"][0]["checks"] if each["status"] == "failed"] == [
        "client id and secret"
    ]


async def test_credentials_that_clients_have_already_can_be_kept(place: Place) -> None:
    words = ("app", "create", "Mine", "--client-id", "kept-id", "--json", "--environment", "production")
    assert (await place.run(*words)).json()["client_id"] == "kept-id"
    taken = await place.run(*words)
    assert (taken.status, taken.err) == (1, "houselights: the client id 'kept-id' belongs to another application\n")


async def test_any_secret_that_the_contract_takes_is_taken_for_a_trial(served: tuple[Place, Process]) -> None:
    place, _ = served
    words = ("app", "create", "Seed", "--client-id", "demo", "--client-secret-stdin", "--json")
    made = await place.run(*words, typed="p@55w0rd\n")
    assert made.json()["client_secret"] == "p@55w0rd"
    assert "8 characters" in made.err
    assert await users(place.url, "demo", "p@55w0rd") == 200
    for typed, kind in (("\n", "sandbox"), ("a\tb\n", "sandbox"), ("x" * 501 + "\n", "sandbox"), *_SHORT):
        refused = await place.run("app", "create", "No", "--environment", kind, "--client-secret-stdin", typed=typed)
        assert (refused.status, refused.out) == (2, ""), typed
        assert refused.err.count("\n") == 1
    long = await place.run(
        *("app", "create", "Long", "--client-id", "long", "--client-secret-stdin", "--json"), typed="ä" * 500 + "\n"
    )
    assert (long.json()["client_secret"], long.err.count("\n")) == ("ä" * 500, 0)


_SHORT = (("p@55w0rd\n", "production"),)


async def test_what_servers_learn_within_seconds_is_said_where_it_is_changed(place: Place) -> None:
    await place.run("app", "create", "Mine")
    rotated = await place.run("app", "rotate-secret", "--overlap", "0")
    assert "refuse the old secrets within 5 seconds" in rotated.err
    assert "within 5 seconds" not in (await place.run("app", "rotate-secret")).err
    assert "take it up within 5 seconds" in (await place.run("app", "set", "audience_estimates", "off")).err


async def test_the_clock_is_shown(place: Place) -> None:
    before = (await place.run("sandbox", "clock", "show", "--json")).json()
    assert (list(before), before["ahead_s"]) == (["now", "real", "ahead_s"], 0)
    assert "which is the real time" in (await place.run("sandbox", "clock", "show")).out
    await place.run("sandbox", "clock", "forward", "6h")
    assert (await place.run("sandbox", "clock", "show", "--json")).json()["ahead_s"] == 21_600
    assert "6:00:00 ahead of the real time" in (await place.run("sandbox", "clock", "show")).out


async def test_the_clock_cannot_be_moved_where_production_is(place: Place) -> None:
    assert (await place.run("sandbox", "clock", "forward", "6h", "--json")).status == 0
    await place.run("app", "create", "Real", "--environment", "production")
    refused = await place.run("sandbox", "clock", "forward", "6h")
    assert refused.status == 1
    assert "production application" in refused.err


async def test_settings_of_an_application_are_kept_together(place: Place) -> None:
    await place.run("app", "create", "Mine")
    await place.run("app", "set", "audience_estimates", "off")
    changed = (await place.run("app", "set", "Mine", "audience_other_gender", "OTHER", "--json")).json()
    assert changed["settings"] == {"audience_estimates": False, "audience_other_gender": "OTHER"}


async def test_where_there_are_several_applications_one_must_be_named(place: Place) -> None:
    for _ in range(2):
        await place.run("app", "create", "Mine")
    for words in (("app", "rotate-secret"), ("app", "rotate-secret", "Mine"), ("app", "rotate-secret", "Yours")):
        refused = await place.run(*words)
        assert (refused.status, refused.out) == (1, "")


async def test_a_wrong_master_key_stops_the_start_with_a_sentence(place: Place) -> None:
    await place.run("app", "create", "Mine")
    other = place.settings | {"master_key": base64.b64encode(bytes(32)).decode()}
    refused = await houselights("serve", settings=other)
    assert refused.status == 1
    assert "was sealed with master key" in refused.err


async def test_an_unreachable_database_stops_the_start_with_a_sentence(place: Place) -> None:
    nowhere = place.settings | {"database_url": f"postgresql://nobody@127.0.0.1:{free_ports()}/nothing"}
    refused = await houselights("serve", settings=nowhere)
    assert refused.status == 1
    assert refused.err.startswith("houselights: the database is not available")
    assert refused.err.count("\n") == 1


async def test_parked_deliveries_are_queued_again_by_one_command(place: Place) -> None:
    assert (await place.run("webhook", "unpark", "--json")).json() == {"queued": 0}
    refused = await place.run("webhook", "unpark", "--webhook", "mine")
    assert (refused.status, refused.err) == (2, "houselights: --webhook must be a webhook's id\n")


async def test_a_reader_that_has_seen_enough_ends_a_table_without_a_word(place: Place) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "houselights", "platform", "list"),
        env=environment(place.settings),
        stdout=writer,
        stderr=asyncio.subprocess.PIPE,
    )
    os.close(writer)
    _, said = await child.communicate()
    assert (child.returncode, said) == (1, b"")
