"""Rows that the contract's tests start from: applications with secrets, and accounts with stored documents."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from msgspec import Struct

from houselights.core.ids import AccountId, ApplicationId, UserId, WebhookId, WorkPlatformId
from houselights.core.statement import Nothing, Statement
from houselights.db.run import Database
from houselights.port.platform import Reading
from houselights.resources.applications import CLIENT_SECRETS
from houselights.resources.audience import (
    AudienceFacts,
    CityShare,
    CountryShare,
    Gender,
    GenderAgeShare,
    NoAudience,
    Quality,
)
from houselights.resources.profiles import ProfileFacts, Reputation
from houselights.resources.webhooks import Webhook
from houselights.resources.work_platforms import WORK_PLATFORMS
from houselights.rules.client_secrets import digest
from houselights.store import webhooks
from houselights.store.events import Subject
from houselights.store.write import Occasion, write_reading
from tests.contract.client import Client, basic
from tests.contract.server import INSTAGRAM, ROOT_KEY

SECRET = "p@55w0rd"
NOW = datetime(2026, 6, 5, 11, 12, 4, 637922, UTC)

PROFILE = ProfileFacts(
    username="ava.stone",
    platform_username="ava.stone",
    full_name="Ava Stone",
    url="https://instagram.com/ava.stone",
    introduction="Ceramics and coffee. Café № 5 🏺",
    external_id="17841400000000001",
    reputation=Reputation(follower_count=18422, following_count=311, content_count=402),
    platform_profile_name="Ava Stone",
    platform_profile_id="17841400000000001",
)
AUDIENCE = AudienceFacts(
    (CountryShare("PT", Decimal("61.40")), CountryShare("ES", Decimal("22.05")), CountryShare("US", Decimal("16.55"))),
    (CityShare("Porto, Porto District", Decimal(50)), CityShare("São Paulo, São Paulo", Decimal("31.2"))),
    (
        GenderAgeShare(Gender.FEMALE, "25-34", Decimal("41.0")),
        GenderAgeShare(Gender.MALE, "25-34", Decimal("33.5")),
        GenderAgeShare(Gender.OTHERS, "65-", Decimal("1.19")),
    ),
    frozenset({Quality.TRUNCATED, Quality.UNKNOWN_SHARE}),
)

_APPLICATION = Statement("insert into applications values ($1, $2, 'Demo', 'sandbox', $3::text::jsonb, $4)", Nothing)
_SECRET = Statement("insert into application_secrets values ($1, $2, $3, '', $4, $5)", Nothing)
_USER = Statement("insert into users values ($1, $2, $3, $4, 'ACTIVE', $5, $5)", Nothing)
_ACCOUNT = Statement(
    """
    insert into accounts (application_id, account_id, user_id, work_platform_id, status, products, platform_username,
                          platform_profile_id, disconnection_source, created_at, updated_at)
    values ($1, $2, $3, $4, $5, $6, 'ava.stone', $7, $8, $9, $9)
    """,
    Nothing,
)
_REFRESH = Statement(
    """
    insert into refreshes (application_id, account_id, work_platform_id, identity_at, audience_at, audience_reason,
                           lease_until)
    values ($1, $2, $3, $4, $5, $6, case when $7 then clock_timestamp() + interval '1 hour' end)
    """,
    Nothing,
)
_END_SECRETS = Statement("delete from application_secrets where application_id = $1", Nothing)


class Account(Struct, frozen=True, kw_only=True):
    """An account as a test needs it. Ages say how long before NOW it changed."""

    status: str = "CONNECTED"
    work_platform_id: UUID = INSTAGRAM
    products: Sequence[str] = ("IDENTITY", "IDENTITY.AUDIENCE")
    changed_at: datetime = NOW
    synced_at: datetime | None = NOW
    audience_synced_at: datetime | None = NOW
    audience_reason: str | None = None
    is_running: bool = False


class Caller(Struct, frozen=True):
    """An application with its credentials and a client that has them."""

    application_id: ApplicationId
    client_id: str
    secret: str
    client: Client


class Seed:
    """Writes what a test needs; each test makes its own application, so that tests can share a database."""

    def __init__(self, database: Database, client: Client) -> None:
        self._database = database
        self._client = client

    async def caller(self, secret: str = SECRET, settings: str = "{}") -> Caller:
        """A new application with one secret."""
        application_id, client_id = ApplicationId(uuid4()), str(uuid4())
        await self._database.execute(_APPLICATION, application_id, client_id, settings, NOW)
        await self.secret(application_id, client_id, secret)
        return Caller(application_id, client_id, secret, self._client.as_(basic(client_id, secret)))

    async def secret(
        self, application_id: ApplicationId, client_id: str, secret: str, expires_at: datetime | None = None
    ) -> None:
        """Add one more secret to an application."""
        kept = digest(ROOT_KEY.derive(CLIENT_SECRETS), f"{client_id}:{secret}".encode())
        await self._database.execute(_SECRET, application_id, uuid4(), kept, NOW, expires_at)

    async def forget_secrets(self, application_id: ApplicationId) -> None:
        """Delete all of the application's secrets."""
        await self._database.execute(_END_SECRETS, application_id)

    async def user(self, caller: Caller, *, name: str = "Ava Stone", created_at: datetime = NOW) -> UserId:
        """A user; its external id is the hex of its id."""
        user_id = UserId(uuid4())
        await self._database.execute(_USER, caller.application_id, user_id, name, user_id.hex, created_at)
        return user_id

    async def account(self, caller: Caller, user_id: UserId | None = None, wanted: Account | None = None) -> Subject:
        """An account without documents, of a new user if none is given."""
        wanted = wanted or Account()
        user_id = user_id or await self.user(caller)
        account_id = AccountId(uuid4())
        source = "DEVELOPER_API" if wanted.status == "NOT_CONNECTED" else None
        key = (caller.application_id, account_id)
        about = (wanted.work_platform_id, wanted.status, list(wanted.products), account_id.hex, source)
        await self._database.execute(_ACCOUNT, *key, user_id, *about, wanted.changed_at)
        runs = (wanted.synced_at, wanted.audience_synced_at, wanted.audience_reason, wanted.is_running)
        await self._database.execute(_REFRESH, *key, wanted.work_platform_id, *runs)
        return Subject(*key, user_id)

    async def documents(
        self,
        subject: Subject,
        *,
        profile: ProfileFacts = PROFILE,
        audience: AudienceFacts | NoAudience = AUDIENCE,
        at: datetime = NOW,
        stale_after: timedelta = timedelta(days=365_000),
        work_platform_id: UUID = INSTAGRAM,
    ) -> None:
        """A profile and an audience, written as a refresh writes them."""
        platform = WORK_PLATFORMS[WorkPlatformId(work_platform_id)].ref
        occasion = Occasion(platform, on_demand=False, now=at, stale_at=at + stale_after, new_id=uuid4)
        async with self._database.transaction() as connection:
            await write_reading(connection, subject, Reading(profile, audience), occasion)

    async def webhook(self, caller: Caller, *events: str, url: str = "https://hooks.example.org/a") -> WebhookId:
        """An active webhook; for updated profiles unless told otherwise."""
        listed = events or ("PROFILES.UPDATED",)
        made = Webhook("Webhook", url, WebhookId(uuid4()), NOW, NOW, is_active=True, events=listed)
        await webhooks.create(self._database, caller.application_id, made)
        return made.id
