"""What is compared with what: the servers, and the requests that each variant gets."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from bench import accounts, requests
from bench.children import Server, free_port
from bench.databases import PUBLIC_URL, Filled
from bench.plan import Plan
from bench.requests import Requests
from bench.rows import READS, REFRESHES, Row


class Variant(Struct, frozen=True):
    """A row, and how it is loaded. server: which of `servers`."""

    row: Row
    server: str
    requests: Requests


def servers(few: Filled, many: Filled, directory: Path) -> dict[str, Server]:
    """Every server of the run, each with the document of account 0 as its ready-made answer."""
    document = directory / "document.json"
    document.write_bytes(accounts.document(0, PUBLIC_URL.encode()))

    def made(module: str, environment: dict[str, str], *words: str) -> Server:
        port = free_port()
        return Server(
            (f"bench.servers.{module}", str(port), *words), port, environment, directory / f"{module}-{port}.log"
        )

    common = {
        "DATABASE_URL": few.dsn.replace("postgresql://", "postgresql+asyncpg://", 1),
        "CLIENT_ID": few.credentials.client_id,
        "CLIENT_SECRET": few.credentials.client_secret,
    }
    return {
        "bare": made("bare", {}, str(document)),
        "few": made("ours", few.environment, str(document)),
        "many": made("ours", many.environment, str(document)),
        "common": made("commonly_written", common),
    }


def variants(plan: Plan, few: Filled, many: Filled, directory: Path) -> Sequence[Variant]:
    """In the order in which they are measured in each round."""
    ids = {each.accounts: requests.drawn(each.accounts, plan.draws) for each in (few, many)}

    def read(key: str, says: str, server: str, path: str = "/v1/audience", of: Filled = few) -> Variant:
        made = requests.reads(directory / f"{key}.requests", path, of.credentials, ids[of.accounts])
        return Variant(Row(key, says, READS), server, made)

    def refresh(key: str, says: str, server: str, path: str = "/v1/profiles/refresh", of: Filled = few) -> Variant:
        made = requests.refreshes(directory / f"{key}.requests", path, of.credentials, ids[of.accounts])
        return Variant(Row(key, says, REFRESHES, is_compared=of is few), server, made)

    return (
        read("C0", "the bare ASGI server, same bytes", "bare"),
        read("C", "a Starlette route, same bytes", "few", "/bench/document"),
        read("R", f"{few.accounts:,} accounts", "few"),
        read("R many", f"{many.accounts:,} accounts", "many", of=many),
        read("F", "FastAPI and SQLAlchemy ORM", "common"),
        refresh("N0", "without the write", "few", "/bench/unwritten"),
        refresh("W", f"{few.accounts:,} accounts", "few"),
        refresh("W many", f"{many.accounts:,} accounts", "many", of=many),
        refresh("S", "one commit for each", "few", "/bench/one-commit"),
    )
