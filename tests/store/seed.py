"""Rows that the store's tests start from, written by separate statements."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from msgspec import Struct

from houselights.core.ids import AccountId, ApplicationId, UserId, WebhookId, WorkPlatformId
from houselights.core.statement import Nothing, Statement
from houselights.db.run import Database
from houselights.resources.work_platforms import WORK_PLATFORMS
from houselights.store.events import Subject

NOW = datetime(2026, 6, 5, 11, 12, 4, 637922, UTC)
INSTAGRAM = WorkPlatformId(UUID("9bb8913b-ddd9-430b-a66a-d74d846e6c66"))
EVERY_PLATFORM = {WorkPlatformId(platform): 10_000 for platform in WORK_PLATFORMS}
"""Slots for everything that is due."""

_APPLICATION = Statement("insert into applications values ($1, $2, 'Demo', $3, $4::text::jsonb, $5)", Nothing)
_USER = Statement("insert into users values ($1, $2, 'Ava Stone', $3, 'ACTIVE', $4, $4)", Nothing)
_ACCOUNT = Statement(
    """
    insert into accounts (application_id, account_id, user_id, work_platform_id, status, products,
                          platform_username, platform_profile_id, created_at, updated_at)
    values ($1, $2, $3, $4, $5, $6, 'ava.stone', $7, $8, $8)
    """,
    Nothing,
)
_REFRESH = Statement(
    "insert into refreshes (application_id, account_id, work_platform_id, due_at) values ($1, $2, $3, $4)",
    Nothing,
)
_WEBHOOK = Statement("insert into webhooks values ($1, $2, 'Webhook', $3, $4, $5, $6, $6)", Nothing)


class RefreshRow(Struct, frozen=True):
    """A refresh row as it is stored."""

    due_at: datetime | None
    asked: int
    taken: int
    answered: int
    starts: int
    failures: int
    parked_at: datetime | None
    outcome: str | None
    is_leased: bool
    fence: int


_REFRESH_ROW = Statement(
    """
    select due_at, asked, taken, answered, starts, failures, parked_at, outcome,
           coalesce(lease_until > clock_timestamp(), false) as is_leased, fence
    from refreshes where application_id = $1 and account_id = $2
    """,
    RefreshRow,
)


class DeliveryRow(Struct, frozen=True):
    """A delivery with its event."""

    webhook_id: UUID
    event_id: UUID
    kind: str
    body: bytes
    state: str
    attempts: int
    due_at: datetime


_DELIVERIES = Statement(
    """
    select d.webhook_id, d.event_id, e.kind, e.body, d.state, d.attempts, d.due_at
    from deliveries d join events e using (application_id, event_id)
    where d.application_id = $1
    order by e.created_at, e.kind
    """,
    DeliveryRow,
)


class Kind(Struct, frozen=True):
    """An event's name."""

    kind: str


_KINDS = Statement("select kind from events where application_id = $1 order by created_at, kind", Kind)


class Seed:
    """Writes what a test needs and reads back what it checks."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def application(self, settings: str = "{}", environment: str = "sandbox") -> ApplicationId:
        """An application."""
        application_id = ApplicationId(uuid4())
        await self.database.execute(_APPLICATION, application_id, str(uuid4()), environment, settings, NOW)
        return application_id

    async def account(
        self,
        application_id: ApplicationId | None = None,
        *,
        status: str = "CONNECTED",
        products: Sequence[str] = ("IDENTITY", "IDENTITY.AUDIENCE"),
        due_at: datetime | None = None,
        work_platform_id: WorkPlatformId = INSTAGRAM,
    ) -> Subject:
        """An account with its user and its refresh row, of a new application if none is given."""
        application_id = application_id or await self.application()
        user_id, account_id = UserId(uuid4()), AccountId(uuid4())
        await self.database.execute(_USER, application_id, user_id, user_id.hex, NOW)
        platform = (work_platform_id, status, list(products))
        await self.database.execute(_ACCOUNT, application_id, account_id, user_id, *platform, account_id.hex, NOW)
        await self.database.execute(_REFRESH, application_id, account_id, work_platform_id, due_at)
        return Subject(application_id, account_id, user_id)

    async def webhook(self, application_id: ApplicationId, *events: str, is_active: bool = True) -> WebhookId:
        """A webhook that lists these events."""
        webhook_id = WebhookId(uuid4())
        url = "http://127.0.0.1:9/hook"
        await self.database.execute(_WEBHOOK, application_id, webhook_id, url, list(events), is_active, NOW)
        return webhook_id

    async def refresh(self, subject: Subject) -> RefreshRow:
        """The account's refresh row."""
        row = await self.database.fetch_one(_REFRESH_ROW, subject.application_id, subject.account_id)
        assert row is not None
        return row

    async def deliveries(self, application_id: ApplicationId) -> list[DeliveryRow]:
        """Every delivery of an application."""
        return await self.database.fetch(_DELIVERIES, application_id)

    async def events(self, application_id: ApplicationId) -> list[str]:
        """Names of every event of an application, in order."""
        return [row.kind for row in await self.database.fetch(_KINDS, application_id)]


def later(**units: float) -> datetime:
    """An instant after NOW."""
    return NOW + timedelta(**units)
