"""Client applications as the operator creates and changes them.

Not here: recognising a caller (`store.read`), signing with the secrets (`store.client_secrets`).
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from houselights.core.ids import ApplicationId
from houselights.core.statement import Nothing, Statement
from houselights.db.run import Connection, Database
from houselights.resources.applications import ApplicationSettings
from houselights.resources.audience import AudienceFacts, render_body

_AT_ONCE = 500
"""How many audiences are re-rendered at a time, so that a large application does not fill the memory."""


class Application(Struct, frozen=True):
    """One application. settings: JSON text."""

    application_id: ApplicationId
    client_id: str
    name: str
    environment: str
    settings: str
    created_at: datetime


class NewSecret(Struct, frozen=True):
    """A client secret in its two stored forms: the digest that recognises a caller, and the sealed text."""

    secret_id: UUID
    digest: bytes
    sealed: bytes


class StoredFacts(Struct, frozen=True):
    """What an audience was rendered from."""

    account_id: UUID
    facts: bytes


class Exists(Struct, frozen=True):
    """Whether there is any."""

    exists: bool


CREATE = Statement(
    """
    insert into applications (application_id, client_id, name, environment, created_at)
    values ($1, $2, $3, $4, $5)
    """,
    Nothing,
)

ADD_SECRET = Statement(
    """
    insert into application_secrets (application_id, secret_id, digest, sealed, created_at)
    values ($1, $2, $3, $4, $5)
    """,
    Nothing,
)

LIST = Statement(
    """
    select application_id, client_id, name, environment, settings::text, created_at
    from applications order by created_at, application_id
    """,
    Application,
)

FIND = Statement(
    """
    select application_id, client_id, name, environment, settings::text, created_at
    from applications where client_id = $1 or name = $1 order by created_at, application_id
    """,
    Application,
)


class ListedPlatformApp(Struct, frozen=True):
    """One of the operator's apps at a platform.

    application  name of the one that uses it, None for all in the environment
    retired_at   when new connections began to use another one, None for the one in use
    accounts     how many it has connected
    refused      how often in a row the platform has refused it so far
    refused_as   the last refusal's code, None if there is none
    """

    work_platform_id: UUID
    environment: str
    client_id: str
    base_urls: str
    options: str
    application: str | None
    retired_at: datetime | None
    accounts: int
    refused: int
    refused_as: str | None


LIST_PLATFORM_APPS = Statement(
    """
    select p.work_platform_id, p.environment, p.client_id, p.base_urls::text, p.options::text, a.name as application,
           p.retired_at, coalesce(s.accounts, 0) as accounts, coalesce(r.in_a_row, 0) as refused, r.code as refused_as
    from platform_apps p left join applications a using (application_id)
    left join app_refusals r on (r.work_platform_id, r.client_id) = (p.work_platform_id, p.client_id)
    left join (
        select t.platform_app_owner, c.work_platform_id, t.environment, t.platform_app_client_id, count(*) as accounts
        from account_tokens t join accounts c using (application_id, account_id)
        group by 1, 2, 3, 4
    ) s on (p.application_id, p.work_platform_id, p.environment, p.client_id)
         = (s.platform_app_owner, s.work_platform_id, s.environment, s.platform_app_client_id)
    order by p.work_platform_id, p.environment, a.name nulls first, p.retired_at nulls first, p.client_id
    """,
    ListedPlatformApp,
)

ANY = Statement("select exists (select from applications) as exists", Exists)

ANY_PRODUCTION = Statement(
    "select exists (select from applications where environment = 'production') as exists", Exists
)

RETIRE = Statement(
    """
    update application_secrets set expires_at = least(expires_at, $3)
    where application_id = $1 and secret_id <> $2
    """,
    Nothing,
)

# The row's lock makes writers of audiences, which read these settings, wait for the new ones.
SET = Statement(
    "update applications set settings = settings || $2::text::jsonb where application_id = $1 "
    "returning application_id, client_id, name, environment, settings::text, created_at",
    Application,
)

FACTS = Statement(
    """
    select account_id, facts from audiences where application_id = $1 and account_id > $2
    order by account_id limit $3 for no key update
    """,
    StoredFacts,
)

RENDERED = Statement(
    """
    update audiences a set body = n.body
    from unnest($2::uuid[], $3::bytea[]) as n (account_id, body)
    where a.application_id = $1 and a.account_id = n.account_id
    """,
    Nothing,
)


async def create(connection: Connection, made: Application, secret: NewSecret) -> None:
    """A new application with its first secret; its settings start empty. Raises Duplicate if the client id is taken."""
    await connection.execute(CREATE, made.application_id, made.client_id, made.name, made.environment, made.created_at)
    await _add(connection, made.application_id, secret, made.created_at)


async def rotate(
    connection: Connection, application_id: ApplicationId, secret: NewSecret, now: datetime, old_until: datetime
) -> None:
    """Add a secret, valid at once; earlier ones expire at `old_until`, or sooner if they were due to."""
    await _add(connection, application_id, secret, now)
    await connection.execute(RETIRE, application_id, secret.secret_id, old_until)


async def everyone(database: Database) -> list[Application]:
    """Every application, the oldest first."""
    return await database.fetch(LIST)


async def named(database: Database, name: str) -> list[Application]:
    """The applications with this client id or name."""
    return await database.fetch(FIND, name)


async def platform_apps(database: Database) -> list[ListedPlatformApp]:
    """Every platform app, and who uses it; without secrets."""
    return await database.fetch(LIST_PLATFORM_APPS)


async def is_empty(database: Database) -> bool:
    """Whether there is no application yet."""
    row = await database.fetch_one(ANY)
    return row is None or not row.exists


async def has_production(database: Database) -> bool:
    """Whether real creators' data may be here."""
    row = await database.fetch_one(ANY_PRODUCTION)
    return row is not None and row.exists


async def change(connection: Connection, application_id: ApplicationId, changes: dict[str, object]) -> Application:
    """Store changed settings and re-render the application's stored audiences to match, in one transaction.

    changes  by the names of `ApplicationSettings` or of other rooms' settings; already checked
    """
    changed = await connection.fetch_one(SET, application_id, msgspec.json.encode(changes).decode())
    if changed is None:
        raise LookupError(application_id)
    settings = msgspec.json.decode(changed.settings, type=ApplicationSettings)
    last = UUID(int=0)
    while stored := await connection.fetch(FACTS, application_id, last, _AT_ONCE):
        await connection.execute(
            RENDERED, application_id, [row.account_id for row in stored], _rendered(stored, settings)
        )
        last = stored[-1].account_id
    return changed


def _rendered(stored: Sequence[StoredFacts], settings: ApplicationSettings) -> list[bytes]:
    return [
        render_body(
            msgspec.json.decode(row.facts, type=AudienceFacts),
            third_gender=settings.audience_other_gender,
            estimates=settings.audience_estimates,
        )
        for row in stored
    ]


async def _add(connection: Connection, application_id: ApplicationId, secret: NewSecret, now: datetime) -> None:
    await connection.execute(ADD_SECRET, application_id, secret.secret_id, secret.digest, secret.sealed, now)
