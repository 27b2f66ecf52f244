"""`account`: what an account's numbers were made from, and ending its connection."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from houselights.cli.output import answer, answer_json, answer_table, say
from houselights.cli.parser import Verbs, group, verb, wants_json
from houselights.cli.running import with_foundation
from houselights.core.errors import HouselightsError
from houselights.core.ids import AccountId, parse_uuid
from houselights.settings import SettingWrong

if TYPE_CHECKING:
    from houselights.compose.foundation import Foundation
    from houselights.store.replies import KeptRun

_REPLIES = """\
When a client doubts a number: write out what it was read from, and compute it again.

  houselights account replies 8d1c34a2-5f0e-4c59-9d53-0f2b8c0a6a7e --output doubted
  houselights platform normalise instagram audience doubted/*.json

Without --output it lists the runs that are kept: those whose result was stored, and those that a changed reply broke.
They are kept for keep_replies_days.
"""


_SOURCE = "INTERNAL_API"
"""Who disconnected, as on the wire: the operator."""

_DISCONNECT = """\
As by the API: the token is deleted and the grant ended at the platform, no refresh runs any more, ACCOUNTS.DISCONNECTED
is sent, and what is stored stays readable unless the application has set erase_at_disconnect. The account says
INTERNAL_API as disconnection_source; the creator can connect it again.

example: houselights account disconnect b7f5d3a0-41c2-4c58-8f0e-0a8d6a4c9e21 --application "My product"
"""


class NotConnected(HouselightsError):
    """The operator: there is no such account, or it is disconnected already."""


class NothingKept(HouselightsError):
    """The operator: there is no such account, or none of its replies are kept any more."""


class Run(Struct, frozen=True):
    """One run's replies. platform: in the form that `platform normalise` takes."""

    run: int
    read_at: str
    platform: str
    replies: list[bytes]


def add_verbs(verbs: Verbs) -> None:
    """`account replies`, `account disconnect`."""
    verbs = group(verbs, "account", "see what an account's numbers were made from, or disconnect it")
    end = verb(verbs, "disconnect", "disconnect an account, as its client could", _disconnect, _DISCONNECT)
    end.add_argument("account", metavar="ACCOUNT_ID", help="the account's id")
    end.add_argument("--application", metavar="NAME", help="name or client id; needed where there are several")
    kept = verb(verbs, "replies", "return the raw replies that an account was read from", _replies, _REPLIES)
    kept.add_argument("account", metavar="ACCOUNT_ID", help="the account's id")
    kept.add_argument("--application", metavar="NAME", help="name or client id; needed if there are several")
    kept.add_argument("--run", dest="number", metavar="NUMBER", type=int, help="which run; otherwise the newest")
    kept.add_argument("--output", metavar="DIR", type=Path, help="write the replies of one run there, one file each")


def _account_id(arguments: argparse.Namespace) -> AccountId:
    """Raises SettingWrong."""
    account_id = parse_uuid(arguments.account)
    if account_id is None:
        raise SettingWrong(f"{arguments.account!r} is not an account id")
    return AccountId(account_id)


def _disconnect(arguments: argparse.Namespace) -> int:
    account_id = _account_id(arguments)
    with_foundation(arguments, lambda base: _ended(base, arguments.application, account_id))
    if wants_json(arguments):
        answer_json({"account_id": account_id, "status": "NOT_CONNECTED", "disconnection_source": _SOURCE})
    else:
        answer(f"disconnected: {account_id}")
    return 0


async def _ended(base: "Foundation", name: str | None, account_id: AccountId) -> None:
    """Raises NotConnected."""
    from houselights.cli.application import chosen_application
    from houselights.compose.foundation import new_id
    from houselights.store import accounts, read

    application_id = (await chosen_application(base, name)).application_id
    async with base.database.transaction() as connection:
        ended = await accounts.disconnect(connection, application_id, account_id, _SOURCE, base.clock.now(), new_id)
    if ended is None:
        is_there = await read.account_exists(base.database, application_id, account_id)
        says = "is disconnected already" if is_there else "is none of the application's"
        raise NotConnected("not_connected", f"the account {account_id} {says}")
    base.bell.ring()


def _replies(arguments: argparse.Namespace) -> int:
    account_id = _account_id(arguments)
    runs = with_foundation(arguments, lambda base: _kept(base, arguments.application, account_id))
    chosen = [run for run in runs if arguments.number in (None, run.run)]
    if not chosen:
        raise NothingKept("nothing_kept", "no replies are kept for this account or run")
    if arguments.output is not None:
        _write(arguments.output, chosen[0])
    elif wants_json(arguments):
        answer_json([_shown(run) for run in chosen])
    else:
        rows = [(str(run.run), run.read_at, run.platform, str(len(run.replies)), _size(run)) for run in chosen]
        answer_table([("RUN", "READ AT", "PLATFORM", "REPLIES", "BYTES"), *rows])
    return 0


async def _kept(base: "Foundation", name: str | None, account_id: AccountId) -> list[Run]:
    """Every kept run, opened, newest first."""
    from houselights.cli.application import chosen_application
    from houselights.compose.faces import build_vault
    from houselights.compose.platforms import find_manifests
    from houselights.core.instants import wire
    from houselights.store import read, replies

    application_id = (await chosen_application(base, name)).application_id
    account = await read.account(base.database, application_id, account_id)
    if account is None:
        return []
    names = {manifest.work_platform: manifest.name for manifest in find_manifests(base.settings.manifests_dir).values()}
    vault = build_vault(base)

    async def opened(run: "KeptRun") -> Run:
        bodies = await replies.unseal(vault, application_id, account_id, run)
        return Run(run.run, wire(run.read_at), names.get(account.work_platform_id, "unknown"), bodies)

    return [await opened(run) for run in await replies.of_account(base.database, application_id, account_id)]


def _write(folder: Path, run: Run) -> None:
    """Write the replies byte for byte; any other file in the folder would pass for a reply, so it must be empty."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if next(folder.iterdir(), None) is not None:
            raise SettingWrong(f"{folder} is not empty: name another folder")
        for number, body in enumerate(run.replies, 1):
            (folder / f"{number:02}.json").write_bytes(body)
    except OSError as error:
        raise SettingWrong(f"{folder} cannot be written: {error.strerror}") from None
    say(f"run {run.run} of {run.read_at}: {len(run.replies)} replies; now:")
    answer(f"houselights platform normalise {run.platform} audience {folder}/*.json")


def _shown(run: Run) -> dict[str, object]:
    texts = [body.decode(errors="replace") for body in run.replies]
    return {"run": run.run, "read_at": run.read_at, "platform": run.platform, "replies": texts}


def _size(run: Run) -> str:
    return str(sum(map(len, run.replies)))
