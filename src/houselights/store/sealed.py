"""Every column that holds sealed values: read row by row where the data key is an old one, and written anew.

A column that is not listed here would keep its old data keys for ever, so a test compares this list with the schema.
Not here: sealing (the vault), how a rotation goes on (`flows.reseal`).
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

_NIL = str(UUID(int=0))


class SealedRow(Struct, frozen=True):
    """A sealed value. key: of its row after the application, as text, its parts joined by `/`."""

    application_id: ApplicationId
    key: str
    sealed: bytes


class Count(Struct, frozen=True):
    """Sealed values of a column, and those of them that are under none of the newest data keys."""

    total: int
    old: int


class SealedColumn(Struct, frozen=True):
    """A column of sealed values.

    first  before the key of any row
    place  where a row's value is sealed, from its application and its key
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


OLD_TOKENS = Statement(
    """
    select application_id, account_id::text as key, sealed from account_tokens
    where (application_id, account_id) > ($1, $2::text::uuid)
      and substring(sealed from 2 for 16) not in (select unnest($4::bytea[]))
    order by application_id, account_id limit $3 for no key update
    """,
    SealedRow,
)

WRITE_TOKENS = Statement(
    """
    update account_tokens t set sealed = n.sealed
    from unnest($1::uuid[], $2::text[], $3::bytea[]) as n (application_id, key, sealed)
    where t.application_id = n.application_id and t.account_id = n.key::uuid
    """,
    Nothing,
)

COUNT_TOKENS = Statement(
    """
    select count(*) as total,
           count(*) filter (where substring(sealed from 2 for 16) not in (select unnest($1::bytea[]))) as old
    from account_tokens
    """,
    Count,
)

OLD_REVOCATIONS = Statement(
    """
    select application_id, concat_ws('/', revocation_id, account_id) as key, sealed from revocations
    where (application_id, revocation_id) > ($1, split_part($2, '/', 1)::uuid)
      and substring(sealed from 2 for 16) not in (select unnest($4::bytea[]))
    order by application_id, revocation_id limit $3 for no key update
    """,
    SealedRow,
)

WRITE_REVOCATIONS = Statement(
    """
    update revocations t set sealed = n.sealed
    from unnest($1::uuid[], $2::text[], $3::bytea[]) as n (application_id, key, sealed)
    where t.application_id = n.application_id and t.revocation_id = split_part(n.key, '/', 1)::uuid
    """,
    Nothing,
)

COUNT_REVOCATIONS = Statement(
    """
    select count(*) as total,
           count(*) filter (where substring(sealed from 2 for 16) not in (select unnest($1::bytea[]))) as old
    from revocations
    """,
    Count,
)

OLD_REPLIES = Statement(
    """
    select application_id, concat_ws('/', day, account_id, run) as key, sealed from replies
    where (application_id, day, account_id, run)
          > ($1, split_part($2, '/', 1)::date, split_part($2, '/', 2)::uuid, split_part($2, '/', 3)::bigint)
      and substring(sealed from 2 for 16) not in (select unnest($4::bytea[]))
    order by application_id, day, account_id, run limit $3 for no key update
    """,
    SealedRow,
)

WRITE_REPLIES = Statement(
    """
    update replies t set sealed = n.sealed
    from unnest($1::uuid[], $2::text[], $3::bytea[]) as n (application_id, key, sealed)
    where t.application_id = n.application_id and t.day = split_part(n.key, '/', 1)::date
      and t.account_id = split_part(n.key, '/', 2)::uuid and t.run = split_part(n.key, '/', 3)::bigint
    """,
    Nothing,
)

COUNT_REPLIES = Statement(
    """
    select count(*) as total,
           count(*) filter (where substring(sealed from 2 for 16) not in (select unnest($1::bytea[]))) as old
    from replies
    """,
    Count,
)

OLD_SECRETS = Statement(
    """
    select application_id, secret_id::text as key, sealed from application_secrets
    where (application_id, secret_id) > ($1, $2::text::uuid)
      and substring(sealed from 2 for 16) not in (select unnest($4::bytea[]))
    order by application_id, secret_id limit $3 for no key update
    """,
    SealedRow,
)

WRITE_SECRETS = Statement(
    """
    update application_secrets t set sealed = n.sealed
    from unnest($1::uuid[], $2::text[], $3::bytea[]) as n (application_id, key, sealed)
    where t.application_id = n.application_id and t.secret_id = n.key::uuid
    """,
    Nothing,
)

COUNT_SECRETS = Statement(
    """
    select count(*) as total,
           count(*) filter (where substring(sealed from 2 for 16) not in (select unnest($1::bytea[]))) as old
    from application_secrets
    """,
    Count,
)

OLD_APPS = Statement(
    """
    select application_id, concat_ws('/', work_platform_id, environment, client_id) as key, sealed_secret as sealed
    from platform_apps
    where (application_id, concat_ws('/', work_platform_id, environment, client_id)) > ($1, $2)
      and substring(sealed_secret from 2 for 16) not in (select unnest($4::bytea[]))
    order by application_id, key limit $3 for no key update
    """,
    SealedRow,
)

WRITE_APPS = Statement(
    """
    update platform_apps t set sealed_secret = n.sealed
    from unnest($1::uuid[], $2::text[], $3::bytea[]) as n (application_id, key, sealed)
    where t.application_id = n.application_id
      and concat_ws('/', t.work_platform_id, t.environment, t.client_id) = n.key
    """,
    Nothing,
)

COUNT_APPS = Statement(
    """
    select count(*) as total,
           count(*) filter (where substring(sealed_secret from 2 for 16) not in (select unnest($1::bytea[]))) as old
    from platform_apps
    """,
    Count,
)

OLD_CANDIDATES = Statement(
    """
    select application_id, session_id::text as key, sealed_candidates as sealed from connect_sessions
    where (application_id, session_id) > ($1, $2::text::uuid)
      and substring(sealed_candidates from 2 for 16) not in (select unnest($4::bytea[]))
    order by application_id, session_id limit $3 for no key update
    """,
    SealedRow,
)

WRITE_CANDIDATES = Statement(
    """
    update connect_sessions t set sealed_candidates = n.sealed
    from unnest($1::uuid[], $2::text[], $3::bytea[]) as n (application_id, key, sealed)
    where t.application_id = n.application_id and t.session_id = n.key::uuid
    """,
    Nothing,
)

COUNT_CANDIDATES = Statement(
    """
    select count(sealed_candidates) as total,
           count(*) filter (where substring(sealed_candidates from 2 for 16) not in (select unnest($1::bytea[]))) as old
    from connect_sessions
    """,
    Count,
)


def candidates_place(application_id: ApplicationId, session_id: UUID) -> Place:
    """Where the candidates of a session's consent are sealed."""
    return Place("connect_sessions", "sealed_candidates", application_id, session_id)


def _place_of_token(application_id: ApplicationId, key: str) -> Place:
    return grant_place(application_id, UUID(key))


def _place_of_revocation(application_id: ApplicationId, key: str) -> Place:
    """Where the account had it: it was moved as it was."""
    return grant_place(application_id, UUID(key.partition("/")[2]))


def _place_of_replies(application_id: ApplicationId, key: str) -> Place:
    _, account_id, run = key.split("/")
    return replies.place(application_id, AccountId(UUID(account_id)), int(run))


def _place_of_secret(application_id: ApplicationId, key: str) -> Place:
    return client_secrets.place(application_id, UUID(key))


def _place_of_app(application_id: ApplicationId, key: str) -> Place:
    work_platform_id, environment, client_id = key.split("/", 2)
    return platform_apps.place(application_id, UUID(work_platform_id), environment, client_id)


def _place_of_candidates(application_id: ApplicationId, key: str) -> Place:
    return candidates_place(application_id, UUID(key))


# A token may be let go of while a rotation is at it: it is found in either place.
COLUMNS = (
    SealedColumn("account_tokens.sealed", _NIL, _place_of_token, OLD_TOKENS, WRITE_TOKENS, COUNT_TOKENS),
    SealedColumn(
        "revocations.sealed", _NIL, _place_of_revocation, OLD_REVOCATIONS, WRITE_REVOCATIONS, COUNT_REVOCATIONS
    ),
    SealedColumn(
        "replies.sealed", f"0001-01-01/{_NIL}/0", _place_of_replies, OLD_REPLIES, WRITE_REPLIES, COUNT_REPLIES
    ),
    SealedColumn("application_secrets.sealed", _NIL, _place_of_secret, OLD_SECRETS, WRITE_SECRETS, COUNT_SECRETS),
    SealedColumn("platform_apps.sealed_secret", "", _place_of_app, OLD_APPS, WRITE_APPS, COUNT_APPS),
    SealedColumn(
        "connect_sessions.sealed_candidates",
        _NIL,
        _place_of_candidates,
        OLD_CANDIDATES,
        WRITE_CANDIDATES,
        COUNT_CANDIDATES,
    ),
)
"""All of them."""


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
