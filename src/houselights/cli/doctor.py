"""`doctor`: checks everything that a start depends on, and says what to do about each finding."""

import argparse
import asyncio
from datetime import UTC, datetime, timedelta
from time import time
from typing import TYPE_CHECKING

from houselights.cli.findings import answer_findings
from houselights.cli.output import answer_json
from houselights.cli.parser import Verbs, settings_of, verb, wants_json
from houselights.core.errors import HouselightsError
from houselights.rules.findings import Finding, has_failed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from houselights.db.run import Database
    from houselights.settings import Settings

_MOST_SKEW = timedelta(seconds=30)


def add_verbs(verbs: Verbs) -> None:
    """`doctor`."""
    verb(
        verbs,
        "doctor",
        "check everything that a start depends on, and say what to do",
        _run,
        "Exit status 1 if a check failed; warnings do not count.",
    )


def _run(arguments: argparse.Namespace) -> int:
    from houselights.telemetry import LogOptions, set_up_logs

    settings = settings_of(arguments).settings
    set_up_logs(LogOptions("error", settings.log_format))
    findings = [*_addresses(settings), *asyncio.run(_stored(settings))]
    failed = has_failed(findings)
    if wants_json(arguments):
        answer_json({"ok": not failed, "checks": findings})
    else:
        answer_findings(findings)
    return int(failed)


def _addresses(settings: "Settings") -> "Iterator[Finding]":
    """Checks that need no database: addresses and ports."""
    from houselights.cli.serve import is_this_machine
    from houselights.compose.serving import CannotListen, bound

    if settings.public_url is None and not is_this_machine(settings.host):
        yield Finding(
            "public address",
            "warning",
            f"{settings.host} can be reached from other machines, and documents will say {settings.api_url}",
            "set HOUSELIGHTS_PUBLIC_URL to the address they use",
        )
    else:
        yield Finding("public address", "ok", settings.api_url)
    ports = {"port of the API": settings.port}
    if settings.sandbox:
        ports["port of the sandbox"] = settings.sandbox_port
    for what, port in ports.items():
        try:
            with bound(settings.host, (port,)):
                yield Finding(what, "ok", f"{port} is free")
        except CannotListen as error:
            yield Finding(what, "warning", str(error), "fine if houselights is already running there")


async def _stored(settings: "Settings") -> list[Finding]:
    """Checks that ask the database; a single finding if there is none."""
    from houselights.compose.foundation import Access, open_dsn
    from houselights.db.places import home_of
    from houselights.db.pool import PoolOptions, open_database

    home = home_of(settings.data_dir.absolute()) if settings.database_url is None else None
    if home is not None and not (home / "data" / "PG_VERSION").exists():
        says = f"none in {settings.data_dir} yet"
        return [Finding("database", "warning", says, "the first `houselights serve` or `app create` creates it")]
    try:
        async with open_dsn(settings, Access()) as (dsn, _), open_database(PoolOptions(dsn, 2)) as database:
            findings = [await _server(database, "" if home is None else f" of our own, in {home}")]
            findings.append(await _schema(dsn))
            if findings[-1].status == "ok":
                findings += [await _key(settings, database), await _clock(database), *await _apps(settings, database)]
                findings += [await _consents(database), *await _refused(database)]
            return findings
    except HouselightsError as error:
        return [Finding("database", "failed", str(error))]


async def _server(database: "Database", where: str) -> Finding:
    """where: for what its version is followed by."""
    from houselights.compose.foundation import OLDEST_SERVER, inspect

    server = await inspect(database)
    says = f"PostgreSQL {server.version // 10_000}.{server.version % 10_000}{where}"
    if server.version < OLDEST_SERVER * 10_000:
        return Finding("database", "failed", says, f"set HOUSELIGHTS_DATABASE_URL to {OLDEST_SERVER} or later")
    if not server.is_durable:
        return Finding(
            "database",
            "warning",
            f"{says}, which can lose in a crash what it acknowledged",
            "switch fsync, synchronous_commit and full_page_writes on",
        )
    return Finding("database", "ok", says)


async def _schema(dsn: str) -> Finding:
    from houselights.db.migrate import SchemaMismatch, pending

    try:
        missing = await pending(dsn)
    except SchemaMismatch as error:
        return Finding("schema", "failed", str(error))
    if missing:
        return Finding("schema", "failed", f"{len(missing)} migration(s) pending", "run `houselights migrate`")
    return Finding("schema", "ok", "up to date")


async def _key(settings: "Settings", database: "Database") -> Finding:
    from houselights.compose.foundation import key_source
    from houselights.vault.keyring import open_keys
    from houselights.vault.keys import KeyBroken, KeyMissing

    try:
        ring = (await open_keys(database, key_source(settings))).keyring
    except (KeyMissing, KeyBroken) as error:
        return Finding("master key", "failed", str(error))
    return Finding("master key", "ok", f"{', '.join(ring.ids)}, from {ring.where}; is there a copy elsewhere?")


async def _clock(database: "Database") -> Finding:
    """Signatures carry the database's time; receivers check it against their own."""
    from houselights.db.clock import Clock

    clock = Clock()
    await clock.look(database)
    skew = abs(clock.real() - datetime.fromtimestamp(time(), UTC))
    if skew > _MOST_SKEW:
        says = f"this machine and the database are {skew.total_seconds():.0f} s apart"
        return Finding("clock", "warning", says, "synchronise both by NTP")
    ahead = clock.now() - clock.real()
    return Finding("clock", "ok", f"the sandbox is {ahead} ahead" if ahead > timedelta(seconds=1) else "in time")


async def _consents(database: "Database") -> Finding:
    """Whose consent ends soon, by the clock that decides it."""
    from houselights.db.clock import Clock
    from houselights.rules.session_end import BEFORE
    from houselights.store import session_warnings

    clock = Clock()
    await clock.look(database)
    now, longest = clock.now(), max(BEFORE)
    count = await session_warnings.soon(database, now, now + longest)
    if not count:
        return Finding("consents", "ok", f"none ends within {longest.days} days")
    says = f"{count} end within {longest.days} days unless they are renewed"
    return Finding("consents", "warning", says, "have these creators connect again; webhooks get SESSION.EXPIRING")


async def _refused(database: "Database") -> list[Finding]:
    """Apps that platforms refuse again and again."""
    from houselights.outbound.app_refusals import REST_AT, TELL_AT
    from houselights.resources.work_platforms import WORK_PLATFORMS
    from houselights.store import applications

    refused = [each for each in await applications.platform_apps(database) if each.refused >= TELL_AT]
    return [
        Finding(
            f"app at {WORK_PLATFORMS[each.work_platform_id].name}, {each.environment}",
            "failed",
            f"{each.client_id} was refused {each.refused} times in a row [{each.refused_as}]"
            + ", so it is tried once an hour" * (each.refused >= REST_AT),
            "see at the platform what is wrong; `platform app set`, also with the same secret, lets it try at once",
        )
        for each in refused
    ]


async def _apps(settings: "Settings", database: "Database") -> list[Finding]:
    """Whether every environment with applications has an app at every platform."""
    from houselights.compose.platforms import find_platforms
    from houselights.store import applications

    listed = await applications.everyone(database)
    if not listed:
        do = "run `houselights app create NAME`"
        return [Finding("applications", "warning", "none, so nobody can call the API", do)]
    apps = [each for each in await applications.platform_apps(database) if each.retired_at is None]
    kept = {(each.work_platform_id, each.environment, each.application) for each in apps}
    findings = [Finding("applications", "ok", str(len(listed)))]
    environments = sorted({each.environment for each in listed})
    if settings.sandbox and "production" in environments:
        says = "invented platforms run alongside production"
        findings.append(Finding("sandbox", "warning", says, "set HOUSELIGHTS_SANDBOX to off if nobody needs them"))
    for environment in environments:
        for name, platform in find_platforms(settings.manifests_dir).items():
            check, at = f"{name}, {environment}", (platform.manifest.work_platform, environment)
            users = [each.name for each in listed if each.environment == environment]
            without = [user for user in users if kept.isdisjoint({(*at, None), (*at, user)})]
            if not without:
                findings.append(Finding(check, "ok", "has an app"))
            elif environment == "sandbox":
                findings.append(
                    Finding(check, "warning", "has no app", "`houselights serve` with the sandbox creates it")
                )
            else:
                keys = "--client-id ID --client-secret-file FILE"
                do = f"run `houselights platform app set {name} --environment {environment} {keys}`"
                whose = "nobody" if without == users else f"nobody at {', '.join(without)}"
                findings.append(Finding(check, "warning", f"has no app, so {whose} can connect", do))
    return findings
