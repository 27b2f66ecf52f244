"""Every column that holds sealed values: rows under an old data key are read one by one, and rewritten.

A column that is not listed here would keep its old data keys for ever, so a test compares this list with the schema.
Not here: sealing (the vault), how a rotation proceeds (`flows.reseal`).
"""

from collections.abc import Callable, Sequence
from uuid import UUID

from msgspec import Struct

from houselights.core.ids import AccountId, ApplicationId
from houselights.core.statement import Nothing, Statement
from houselights.db.run import Connection, Database
from houselights.store import client_secrets, platform_apps, replies
from houselights.vault.seal import Place
from houselights.vault.tokens import grant_place

_FIRST = {"uuid": str(UUID(int=0)), "date": "0001-01-01", "bigint": "0", "text": ""}
"""The least value of each type that keys are made of."""


class SealedRow(Struct, frozen=True):
    """A sealed value. key: its row's key after the application, as text, the parts joined by `/`."""

    application_id: ApplicationId
    key: str
    sealed: bytes


class Count(Struct, frozen=True):
    """How many sealed values a column has, and how many of them are under none of the newest data keys."""

    total: int
    old: int


class SealedColumn(Struct, frozen=True):
    """A column of sealed values.

    first  a key that comes before any row's
    place  where a row's value is sealed, given its application and its key
    old    $1, $2 the row after which to begin, $3 how many, $4 the ids of the newest data keys; locks what it reads
    write  $1 applications, $2 keys, $3 values
    count  $1 the ids of the newest data keys
    """

    name: str
    first: str
    place: Callable[[ApplicationId, str], Place]
    old: Statement[SealedRow]
    write: Statement[Nothing]
    count: Statement[Count]


def _column(name: str, place: Callable[..., Place], *key: str) -> SealedColumn:
    """The column of that name.

    place  takes the application and the parts of a key, as texts
    key    the columns of a row's key after the application, each with its type; the last may hold a slash itself
    """
    table, _, value = name.partition(".")
    columns, kinds = zip(*(each.split() for each in key), strict=True)
    names, last = ", ".join(columns), len(key) - 1

    def parts(text: str) -> str:
        texts = [f"split_part({text}, '/', {number})" for number in range(1, len(key))]
        texts.append(f"substring({text} from '^(?:[^/]*/){{{last}}}(.*)$')")
        return ", ".join(f"{part}::{kind}" for part, kind in zip(texts, kinds, strict=True))

    def is_old(newest: str) -> str:
        return f"substring({value} from 2 for 16) not in (select unnest({newest}::bytea[]))"

    old = f"""
        select application_id, concat_ws('/', {names}) as key, {value} as sealed from {table}
        where (application_id, {names}) > ($1, {parts("$2::text")}) and {is_old("$4")}
        order by application_id, {names} limit $3 for no key update
    """
    write = f"""
        update {table} t set {value} = n.sealed
        from unnest($1::uuid[], $2::text[], $3::bytea[]) as n (application_id, key, sealed)
        where (t.application_id, {", ".join(f"t.{each}" for each in columns)}) = (n.application_id, {parts("n.key")})
    """
    count = f"select count({value}) as total, count(*) filter (where {is_old('$1')}) as old from {table}"
    return SealedColumn(
        name,
        "/".join(_FIRST[kind] for kind in kinds),
        lambda application_id, text: place(application_id, *text.split("/", last)),
        Statement(old, SealedRow),
        Statement(write, Nothing),
        Statement(count, Count),
    )


def candidates_place(application_id: ApplicationId, session_id: UUID) -> Place:
    """Where the candidates of a session's consent are sealed."""
    return Place("connect_sessions", "sealed_candidates", application_id, session_id)


def _place_of_token(application_id: ApplicationId, account_id: str) -> Place:
    return grant_place(application_id, UUID(account_id))


def _place_of_revocation(application_id: ApplicationId, _: str, account_id: str) -> Place:
    """The place where the account had it: it was moved unchanged."""
    return grant_place(application_id, UUID(account_id))


def _place_of_replies(application_id: ApplicationId, _: str, account_id: str, run: str) -> Place:
    return replies.place(application_id, AccountId(UUID(account_id)), int(run))


def _place_of_secret(application_id: ApplicationId, secret_id: str) -> Place:
    return client_secrets.place(application_id, UUID(secret_id))


def _place_of_app(application_id: ApplicationId, work_platform_id: str, environment: str, client_id: str) -> Place:
    return platform_apps.place(application_id, UUID(work_platform_id), environment, client_id)


def _place_of_candidates(application_id: ApplicationId, session_id: str) -> Place:
    return candidates_place(application_id, UUID(session_id))


# A token may be let go of while it is being rotated: it is found in either place.
COLUMNS = (
    _column("account_tokens.sealed", _place_of_token, "account_id uuid"),
    _column("revocations.sealed", _place_of_revocation, "revocation_id uuid", "account_id uuid"),
    _column("replies.sealed", _place_of_replies, "day date", "account_id uuid", "run bigint"),
    _column("application_secrets.sealed", _place_of_secret, "secret_id uuid"),
    _column(
        "platform_apps.sealed_secret", _place_of_app, "work_platform_id uuid", "environment text", "client_id text"
    ),
    _column("connect_sessions.sealed_candidates", _place_of_candidates, "session_id uuid"),
)
"""All the columns."""


async def old(
    connection: Connection, column: SealedColumn, after: SealedRow | None, most: int, newest: Sequence[bytes]
) -> list[SealedRow]:
    """The next rows in key order whose value is under none of the newest data keys, locked until the transaction ends.

    newest  ids of data keys, as sealed values begin with them
    """
    start = (UUID(int=0), column.first) if after is None else (after.application_id, after.key)
    return await connection.fetch(column.old, *start, most, newest)


async def write(connection: Connection, column: SealedColumn, rows: Sequence[SealedRow]) -> None:
    """The rows' new values."""
    await connection.execute(
        column.write, [row.application_id for row in rows], [row.key for row in rows], [row.sealed for row in rows]
    )


async def count(database: Database, column: SealedColumn, newest: Sequence[bytes]) -> Count:
    """How many sealed values the column holds. newest: as for `old`."""
    return await database.fetch_one(column.count, newest) or Count(0, 0)
