"""The demo in this terminal: the main job once, or everything until Ctrl-C."""

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from time import localtime, monotonic, strftime

import msgspec

from houselights.cli import chart
from houselights.cli.demo_lock import demo_lock, running_demo
from houselights.cli.demo_run import Connected, Visit, connect_creator, refresh, visiting
from houselights.cli.demo_settings import demo_settings, set_up_demo_logs
from houselights.cli.output import answer, answer_json, say
from houselights.cli.parser import wants_json
from houselights.cli.receiver import Delivery
from houselights.compose.foundation import Access
from houselights.compose.roles import Role, check_ports, running
from houselights.compose.serving import Stop, first_of, run
from houselights.settings import Settings

CREATORS = 3


def once(arguments: argparse.Namespace) -> int:
    """Does the main job once; prints the result."""
    settings = demo_settings(arguments)
    set_up_demo_logs(arguments)
    started = monotonic()
    lines: list[str] = []

    async def work(visit: Visit) -> None:
        say("connecting one invented creator through the consent pages …")
        creator = await connect_creator(visit, 0)
        say(f"connected @{creator.account['platform_username']}; asking for a refresh …")
        asked = await refresh(visit, str(creator.account["id"]))
        report = {
            **_credentials(visit),
            "user_id": creator.user_id,
            "accounts": [_in_short(creator)],
            "profile": creator.profile,
            "audience": creator.audience,
            "refresh": asked,
            "events": visit.receiver.deliveries,
            "seconds": round(monotonic() - started, 2),
        }
        if wants_json(arguments):
            answer_json(report)
        else:
            answer(_drawn(creator))
            answer("\n".join(lines))
            answer(f"done in {report['seconds']} seconds")

    return run(_while_up(settings, work, lambda delivery: lines.append(_line(delivery)), interrupted=1))


def show(arguments: argparse.Namespace) -> int:
    """Shows three creators, everything needed to try the API, and webhooks as they arrive."""
    settings = demo_settings(arguments)
    set_up_demo_logs(arguments)
    tell: int | None = getattr(arguments, "tell", None)
    is_json = wants_json(arguments) and tell is None
    is_shown = False
    earlier: list[str] = []

    def heard(delivery: Delivery) -> None:
        """Events that arrive before the rest is shown are shown with it."""
        if not is_shown:
            earlier.append(_line(delivery))
        elif is_json:
            answer_json(delivery)
        else:
            answer(_line(delivery))

    async def work(visit: Visit) -> None:
        nonlocal is_shown
        say(f"connecting {CREATORS} invented creators through the consent pages …")
        creators = await asyncio.gather(*(connect_creator(visit, creator) for creator in range(CREATORS)))
        started = {
            **_credentials(visit),
            "pid": os.getpid(),
            "sandbox_url": settings.fakes_url,
            "data_dir": str(settings.data_dir),
            "accounts": [_in_short(creator) for creator in creators],
        }
        if tell is not None:
            _tell(tell, started)
        elif is_json:
            answer_json(started)
        else:
            answer(_welcome(visit, settings, creators, earlier))
        is_shown = True
        await asyncio.Event().wait()

    return run(_while_up(settings, work, heard, interrupted=0))


async def _while_up(
    settings: Settings, work: Callable[[Visit], Awaitable[None]], heard: Callable[[Delivery], None], interrupted: int
) -> int:
    """Keep everything up while `work` runs. 0 if it ended by itself, `interrupted` if it was asked to stop."""

    async def done(visit: Visit) -> int:
        await work(visit)
        return 0

    async def asked(stop: Stop) -> int:
        await stop.asked()
        return interrupted

    if running_demo(settings.data_dir) is None:
        check_ports(settings, Role.ALL)  # before anything is made
    with demo_lock(settings.data_dir):
        stop = Stop()
        say(f"starting PostgreSQL, the API, the worker and the invented platforms in {settings.data_dir} …")
        async with running(settings, Role.ALL, Access(owns=True, migrates=True)) as up:
            name = f"demo {up.base.clock.now():%Y-%m-%d %H:%M:%S}"
            async with visiting(up, name, heard) as visit:
                status = await first_of(done(visit), asked(stop), up.failed())
            stop.ask()
    return status


def _credentials(visit: Visit) -> dict[str, object]:
    """What a client needs; the only time that the demo's secret leaves us."""
    made = visit.made.shown()
    return {"base_url": visit.base_url, "client_id": made["client_id"], "client_secret": made["client_secret"]}


def _in_short(creator: Connected) -> dict[str, object]:
    return {name: creator.account[name] for name in ("id", "work_platform", "username")}


def _tell(pipe: int, started: dict[str, object]) -> None:
    """Tell the process that started us in the background, and keep it out of the log."""
    os.write(pipe, msgspec.json.encode(started) + b"\n")
    os.close(pipe)


def _line(delivery: Delivery) -> str:
    """A delivery that has just arrived."""
    verdict = "signature holds" if delivery.signature_valid else "SIGNATURE DOES NOT HOLD"
    at = strftime("%H:%M:%S", localtime())
    return f"{at}  {delivery.event:<24} account {delivery.account_id[:9]}…  {verdict}"


def _welcome(visit: Visit, settings: Settings, creators: Sequence[Connected], lines: Sequence[str]) -> str:
    """Where everything is, lines to paste, one audience, and the webhooks so far."""
    shown = _credentials(visit)
    curl = f"curl -s -u {shown['client_id']}:{shown['client_secret']}"
    account_id = creators[0].account["id"]
    names = ", ".join(f"@{creator.account['username']}" for creator in creators)
    return f"""
  API            {visit.base_url}
  client id      {shown["client_id"]}
  client secret  {shown["client_secret"]}
  creators       {names}
  invented       {settings.fakes_url}

Paste these:

  {curl} '{visit.base_url}/v1/accounts'
  {curl} '{visit.base_url}/v1/profiles?account_id={account_id}'
  {curl} '{visit.base_url}/v1/audience?account_id={account_id}'
  {curl} -H 'content-type: application/json' \\
    -d '{{"account_id": "{account_id}"}}' '{visit.base_url}/v1/profiles/refresh'

{_drawn(creators[0])}

Webhooks so far and as they arrive (Ctrl-C ends):
""" + "\n".join(lines)


def _drawn(creator: Connected) -> str:
    style = chart.Style(
        has_colour=sys.stdout.isatty() and "NO_COLOR" not in os.environ,
        has_blocks=(sys.stdout.encoding or "").lower().startswith("utf"),
    )
    return f"The audience of @{creator.account['username']}\n\n{chart.draw(creator.audience, style)}"
