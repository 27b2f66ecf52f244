"""`conformance`: the contract's rules, checked over HTTP against any server."""

import argparse
import asyncio
import os
import re
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from houselights.cli.output import answer, answer_json, say
from houselights.cli.parser import Verbs, verb, wants_json
from houselights.core.secret import Secret
from houselights.settings import SettingWrong

if TYPE_CHECKING:
    from houselights.conformance.credentials import Credentials
    from houselights.conformance.kit import Doors, Plan
    from houselights.conformance.rule import Rule, Verdict
    from houselights.outbound.calls import Sent
    from houselights.outbound.client import HttpClient

_EXAMPLE = """\
examples:
  houselights conformance --base-url http://127.0.0.1:8420 --client-id ID --client-secret-stdin < secret.txt
  houselights conformance --base-url https://api.example.org --client-id ID --rules 'C-01*,C-086' --json
  houselights conformance --base-url http://127.0.0.1:8420 --client-id ID --write --sandbox-url http://127.0.0.1:8421

Without --write nothing is changed: apart from GET, it only sends what every server that keeps the rules refuses for its
content. With --write, users, tokens and webhooks are created (webhooks are deleted again) and accounts are refreshed.
Accounts are disconnected only if --spend-account-id names them or the kit connected them itself (--sandbox-url).

Secrets may also come from HOUSELIGHTS_CLIENT_SECRET, HOUSELIGHTS_SECOND_CLIENT_SECRET and
HOUSELIGHTS_OLDER_CLIENT_SECRET, set for this one command; arguments can be seen by everybody on this machine.

Exit status: 0 no rule is broken, 1 one is or the server cannot be reached, 2 wrong usage.
"""
_SECRETS = ("client_secret", "second_client_secret", "older_client_secret")
_LISTEN = re.compile(r"(\[[0-9a-fA-F:]+\]|[A-Za-z0-9_.-]+):([0-9]{1,5})")


def add_verbs(verbs: Verbs) -> None:
    """`conformance`."""
    parser = verb(verbs, "conformance", "check any server against the contract's rules, over HTTP", _run, _EXAMPLE)
    parser.add_argument("--list", action="store_true", help="list the rules and what they need; nothing is called")
    parser.add_argument("--base-url", metavar="URL", help="the server, without /v1")
    parser.add_argument("--client-id", metavar="ID")
    parser.add_argument("--client-secret", metavar="TEXT")
    parser.add_argument(
        "--client-secret-stdin", action="store_true", help="the first line of standard input is the secret"
    )
    parser.add_argument("--rules", metavar="PATTERNS", default="", help="only these: C-011,C-02*")
    parser.add_argument("--write", action="store_true", help="also check rules that change something")
    parser.add_argument("--account-id", metavar="ID", help="the account to read, instead of one from the list")
    parser.add_argument(
        "--spend-account-id", metavar="ID", action="append", default=[], help="it may be disconnected; may be repeated"
    )
    parser.add_argument("--second-client-id", metavar="ID", help="another application, for rules about isolation")
    parser.add_argument("--second-client-secret", metavar="TEXT")
    parser.add_argument("--older-client-secret", metavar="TEXT", help="the older of two secrets valid now")
    parser.add_argument(
        "--sandbox-url", metavar="URL", help="a houselights sandbox, to connect accounts and hold replies"
    )
    parser.add_argument("--receiver-url", metavar="URL", help="where the server reaches the receiver, such as a tunnel")
    parser.add_argument(
        "--receiver-listen", metavar="ADDRESS:PORT", default="127.0.0.1:0", help="default 127.0.0.1, a free port"
    )
    parser.add_argument(
        "--third-gender", choices=("OTHERS", "OTHER"), default="OTHERS", help="the spelling that the application gets"
    )
    parser.add_argument("--timeout", metavar="SECONDS", type=_positive, default=15.0, help="for one call (15)")
    parser.add_argument("--pace", metavar="N", type=_not_negative, default=10.0, help="calls per second, 0: any (10)")
    parser.add_argument(
        "--patience", metavar="SECONDS", type=_positive, default=60.0, help="to wait for events and refreshes (60)"
    )
    parser.add_argument("--within", metavar="SECONDS", type=_positive, default=1800.0, help="for the whole run (1800)")
    parser.add_argument("--burst", metavar="N", type=int, default=0, help="calls at once, to reach the limit (0: none)")


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e6:
        raise ValueError(text)
    return value


def _not_negative(text: str) -> float:
    return 0.0 if text == "0" else _positive(text)


def _run(arguments: argparse.Namespace) -> int:
    from houselights.conformance.report import listing, report, table
    from houselights.conformance.run import chosen
    from houselights.conformance.world import CannotCheck

    try:
        rules = chosen([each.strip() for each in arguments.rules.split(",") if each.strip()])
    except ValueError as error:
        raise SettingWrong(f"--rules: no rule is called {error} (`houselights conformance --list`)") from None
    if arguments.list:
        answer(listing(rules))
        return 0
    base_url, plan = _address("--base-url", arguments.base_url), _plan(arguments, os.environ)
    try:
        told = report(base_url, asyncio.run(_checked(arguments, base_url, plan, rules)))
    except CannotCheck as error:
        if wants_json(arguments):
            answer_json({"ok": False, "base_url": base_url, "error": str(error)})
        raise
    if wants_json(arguments):
        answer_json(told)
    else:
        answer(table(told, has_colour=sys.stdout.isatty() and "NO_COLOR" not in os.environ))
    return 0 if told.ok else 1


def _plan(arguments: argparse.Namespace, environment: Mapping[str, str]) -> "Plan":
    """What the run is asked to do. Raises SettingWrong."""
    from houselights.conformance.credentials import Credentials
    from houselights.conformance.kit import Plan

    secrets = {name: _secret(arguments, environment, name) for name in _SECRETS}

    def credentials(client_id: str | None, name: str) -> "Credentials | None":
        secret = secrets[name]
        return Credentials(client_id, secret) if client_id and secret else None

    application = credentials(arguments.client_id, "client_secret")
    if application is None:
        raise SettingWrong("--client-id and a secret are needed: --client-secret-stdin or HOUSELIGHTS_CLIENT_SECRET")
    second = credentials(arguments.second_client_id, "second_client_secret")
    if arguments.second_client_id and second is None:
        raise SettingWrong("--second-client-id needs its secret too (HOUSELIGHTS_SECOND_CLIENT_SECRET)")
    return Plan(
        application=application,
        second=second,
        older=credentials(arguments.client_id, "older_client_secret"),
        writes=arguments.write,
        account_id=arguments.account_id,
        spendable=arguments.spend_account_id,
        third_gender=arguments.third_gender,
        patience_s=arguments.patience,
        burst=arguments.burst,
    )


def _secret(arguments: argparse.Namespace, environment: Mapping[str, str], name: str) -> Secret | None:
    """From standard input, the option or the environment, in that order."""
    if name == "client_secret" and arguments.client_secret_stdin:
        text = sys.stdin.readline(1000).rstrip("\r\n")
    else:
        text = getattr(arguments, name) or environment.get(f"HOUSELIGHTS_{name.upper()}", "")
    return Secret(text) if text else None


def _address(option: str, url: str | None) -> str:
    """An address without its last slash. Raises SettingWrong."""
    place = urlsplit(url or "")
    is_plain = not (place.query or place.fragment or "@" in place.netloc)
    if place.scheme not in ("http", "https") or not place.hostname or not is_plain:
        raise SettingWrong(f"{option} must be http:// or https://, a host, perhaps a port and a path")
    if option == "--base-url" and place.path.rstrip("/").endswith("/v1"):
        raise SettingWrong("--base-url must be the address without /v1")
    return str(url).rstrip("/")


async def _checked(
    arguments: argparse.Namespace, base_url: str, plan: "Plan", rules: "tuple[Rule, ...]"
) -> "list[Verdict]":
    from houselights.conformance.kit import Kit
    from houselights.conformance.run import Limits, run

    progress = _Progress(len(rules))
    async with _doors(arguments, base_url) as doors:
        kit: Kit = Kit(plan, doors)
        verdicts = await run(kit, rules, Limits(arguments.within), progress.tell)
    progress.end()
    return verdicts


@asynccontextmanager
async def _doors(arguments: argparse.Namespace, base_url: str) -> "AsyncGenerator[Doors, None]":
    """A way to the server, a listening receiver, and the sandbox if one is named."""
    from uuid import uuid4

    from houselights.cli.consent import connect
    from houselights.compose.serving import bound, serving
    from houselights.conformance.calls import Line
    from houselights.conformance.kit import Doors
    from houselights.conformance.receiver import Receiver
    from houselights.conformance.sandbox import Sandbox
    from houselights.outbound.calls import ClientOptions
    from houselights.outbound.client import HttpClient
    from houselights.outbound.egress import CONFIGURED

    options = ClientOptions(
        deadline_s=arguments.timeout,
        connect_s=arguments.timeout,
        body_cap=10 * 1024**2,
        cut=True,
        per_target=64,
        place_wait_s=arguments.timeout,
        keep_alive_s=0,
    )
    sandbox_url = _address("--sandbox-url", arguments.sandbox_url) if arguments.sandbox_url else None
    receiver_url = _address("--receiver-url", arguments.receiver_url) if arguments.receiver_url else None
    host, port = _listen(arguments.receiver_listen)
    async with AsyncExitStack() as stack:
        http = HttpClient(options, CONFIGURED)
        stack.push_async_callback(http.aclose)
        anywhere = _Anywhere(http)
        (listener,) = stack.enter_context(bound(host, (port,)))
        receiver = Receiver(
            receiver_url or f"http://{arguments.receiver_listen.rpartition(':')[0]}:{listener.getsockname()[1]}"
        )
        await stack.enter_async_context(serving(receiver, listener))

        async def consent(url: str, creator: int) -> str:
            return await connect(anywhere, url, creator)

        sandbox = Sandbox(anywhere, sandbox_url, consent) if sandbox_url else None
        yield Doors(Line(anywhere, base_url, arguments.pace), receiver, sandbox, uuid4)


def _listen(text: str) -> tuple[str, int]:
    match = _LISTEN.fullmatch(text)
    if match is None or int(match[2]) > 65535:
        raise SettingWrong("--receiver-listen must be ADDRESS:PORT, such as 127.0.0.1:9000")
    return match[1].strip("[]"), int(match[2])


class _Anywhere:
    """Calls any address it is given, wherever it leads: the person running the kit named it."""

    def __init__(self, http: "HttpClient") -> None:
        self._http = http

    async def send(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None) -> "Sent":
        """One request. Raises SendFailed."""
        return await self._http.send(method, url, headers=headers, body=body, base=url)


class _Progress:
    """Shows the rule being checked, on standard error: one changing line on a terminal, else a line per rule."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._is_terminal = sys.stderr.isatty()

    def tell(self, number: int, rule: "Rule") -> None:
        """One more rule."""
        text = f"[{number:3}/{self._total}] {rule.id} {rule.expectation}"[:79]
        if self._is_terminal:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
        else:
            say(text)

    def end(self) -> None:
        """Finish the line."""
        if self._is_terminal:
            sys.stderr.write("\r\x1b[K")
