"""Turns what a refresh read into what is served: documents, events and delivery rows in one transaction.

This is the only way a profile or an audience of a connected account changes (`imports` brings in those of accounts
that are not). A document's `updated_at` moves only with its values; its head (names, the account's handle) is
rewritten without moving it.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from houselights.core.events import EventKind
from houselights.core.ids import ProfileId, UserId
from houselights.core.statement import Nothing, Statement
from houselights.db.run import Connection
from houselights.port.platform import Reading
from houselights.resources import audience, profiles
from houselights.resources.audience import AudienceFacts, NoAudience, Quality, quality_header
from houselights.resources.heads import AccountRef, UserRef, WorkPlatformRef, render_head
from houselights.resources.profiles import ProfileFacts
from houselights.rules.change import Change, change, content_hash
from houselights.store.events import Subject, emit


class Context(Struct, frozen=True):
    """The names in documents besides their own values, and how the application wants them rendered."""

    user_name: str
    third_gender: str
    estimates: bool


CONTEXT = Statement(
    """
    select u.name as user_name,
           coalesce(p.settings ->> 'audience_other_gender', 'OTHERS') as third_gender,
           coalesce((p.settings ->> 'audience_estimates')::boolean, true) as estimates
    from users u join applications p using (application_id)
    where u.application_id = $1 and u.user_id = $2
    -- so that a change of settings, which renders what is stored anew, waits for those who read the old ones
    for share of p
    """,
    Context,
)


class Stored(Struct, frozen=True):
    """What is stored now, as far as it is needed to decide."""

    record_id: UUID
    content_hash: bytes
    created_at: datetime
    updated_at: datetime


STORED_PROFILE = Statement(
    """
    select profile_id as record_id, content_hash, created_at, updated_at from profiles
    where application_id = $1 and account_id = $2
    """,
    Stored,
)

WRITE_PROFILE = Statement(
    """
    insert into profiles
        (application_id, profile_id, account_id, head, body, content_hash, created_at, updated_at, fetched_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    on conflict (application_id, profile_id) do update
    set head = excluded.head, body = excluded.body, content_hash = excluded.content_hash,
        updated_at = excluded.updated_at, fetched_at = excluded.fetched_at
    """,
    Nothing,
)


class StoredAudience(Stored, frozen=True):
    """Also has the facts: a refused dimension keeps its stored list."""

    facts: bytes


STORED_AUDIENCE = Statement(
    """
    select audience_id as record_id, content_hash, created_at, updated_at, facts from audiences
    where application_id = $1 and account_id = $2
    """,
    StoredAudience,
)

WRITE_AUDIENCE = Statement(
    """
    insert into audiences
        (application_id, account_id, audience_id, head, body, quality, facts, content_hash,
         created_at, updated_at, fetched_at, stale_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    on conflict (application_id, account_id) do update
    set head = excluded.head, body = excluded.body, quality = excluded.quality, facts = excluded.facts,
        content_hash = excluded.content_hash, updated_at = excluded.updated_at, fetched_at = excluded.fetched_at,
        stale_at = excluded.stale_at
    """,
    Nothing,
)

KEEP_AUDIENCE = Statement(
    "update audiences set head = $3, quality = $4 where application_id = $1 and account_id = $2", Nothing
)

WRITE_ACCOUNT = Statement(
    """
    update accounts
    set platform_username = $3, platform_profile_name = $4, profile_pic_url = $5, platform_profile_published_at = $6
    where application_id = $1 and account_id = $2
    """,
    Nothing,
)


class Occasion(Struct, frozen=True):
    """The circumstances under which a reading is written.

    on_demand  somebody asked: PROFILES.UPDATED is emitted even if nothing changed
    stale_at   when this reading counts as stale
    """

    work_platform: WorkPlatformRef
    on_demand: bool
    now: datetime
    stale_at: datetime
    new_id: Callable[[], UUID]


class _Record(Struct, frozen=True):
    """A document as it will be stored, and what that changes about the one already there."""

    record_id: UUID
    content_hash: bytes
    created_at: datetime
    updated_at: datetime
    change: Change


async def write_reading(connection: Connection, subject: Subject, reading: Reading, occasion: Occasion) -> None:
    """Store a reading and emit what is new. The caller's transaction ends with the fenced finish of its lease."""
    profile = reading.profile
    await connection.execute(
        WRITE_ACCOUNT,
        subject.application_id,
        subject.account_id,
        profile.platform_username,
        profile.platform_profile_name,
        profile.image_url,
        profile.platform_profile_published_at,
    )
    context = await connection.fetch_one(CONTEXT, subject.application_id, subject.user_id)
    if context is None:
        # The user was erased meanwhile, and the refresh row too: that finish finds nothing and rolls everything back.
        return
    writer = _Writer(connection, subject, occasion, context, AccountRef(subject.account_id, profile.platform_username))
    profile_id = await writer.profile(profile)
    await writer.audience(reading.audience, profile_id)


class _Writer:
    """The steps of `write_reading` and what they share."""

    def __init__(
        self, connection: Connection, subject: Subject, occasion: Occasion, context: Context, account: AccountRef
    ) -> None:
        self._connection = connection
        self._subject = subject
        self._occasion = occasion
        self._context = context
        self._account = account

    async def profile(self, facts: ProfileFacts) -> ProfileId:
        """Upsert, then ADDED, UPDATED or silence."""
        subject = self._subject
        stored = await self._connection.fetch_one(STORED_PROFILE, subject.application_id, subject.account_id)
        body = profiles.render_body(facts)
        record = self._record(stored, body)
        profile_id = ProfileId(record.record_id)
        await self._connection.execute(
            WRITE_PROFILE,
            subject.application_id,
            profile_id,
            subject.account_id,
            self._head(record),
            body,
            record.content_hash,
            record.created_at,
            record.updated_at,
            self._occasion.now,
        )
        if record.change is Change.ADDED:
            await self._emit(EventKind.PROFILES_ADDED, profile_id)
        elif record.change is Change.UPDATED or self._occasion.on_demand:
            await self._emit(EventKind.PROFILES_UPDATED, profile_id)
        return profile_id

    async def audience(self, read: AudienceFacts | NoAudience, profile_id: ProfileId) -> None:
        """Upsert, then ADDED, UPDATED or silence; nothing never replaces something."""
        subject = self._subject
        stored = await self._connection.fetch_one(STORED_AUDIENCE, subject.application_id, subject.account_id)
        if isinstance(read, NoAudience):
            if stored is not None:
                await self._keep(stored, read)
            return
        facts = _with_stored_dimensions(read, stored)
        record = self._record(stored, audience.render_body(facts))
        await self._connection.execute(
            WRITE_AUDIENCE,
            subject.application_id,
            subject.account_id,
            record.record_id,
            self._head(record),
            audience.render_body(facts, third_gender=self._context.third_gender, estimates=self._context.estimates),
            quality_header(facts.quality),
            msgspec.json.encode(facts),
            record.content_hash,
            record.created_at,
            record.updated_at,
            self._occasion.now,
            self._occasion.stale_at,
        )
        if record.change is Change.ADDED:
            await self._emit(EventKind.PROFILES_AUDIENCE_ADDED, profile_id)
        elif record.change is Change.UPDATED:
            await self._emit(EventKind.PROFILES_AUDIENCE_UPDATED, profile_id)

    async def _keep(self, stored: StoredAudience, read: NoAudience) -> None:
        """Keep the last data, marked as such in its quality, under the account's current names."""
        quality = msgspec.json.decode(stored.facts, type=AudienceFacts).quality
        if read.reason == Quality.BELOW_THRESHOLD:
            quality |= {Quality.BELOW_THRESHOLD}
        await self._connection.execute(
            KEEP_AUDIENCE,
            self._subject.application_id,
            self._subject.account_id,
            self._head(stored),
            quality_header(quality),
        )

    def _record(self, stored: Stored | None, body: bytes) -> _Record:
        """A new record, or the stored one, updated now if its body differs."""
        now, digest = self._occasion.now, content_hash(body)
        if stored is None:
            return _Record(self._occasion.new_id(), digest, now, now, change(None, digest))
        done = change(stored.content_hash, digest)
        updated_at = stored.updated_at if done is Change.SAME else now
        return _Record(stored.record_id, digest, stored.created_at, updated_at, done)

    def _head(self, record: _Record | Stored) -> bytes:
        user = UserRef(UserId(self._subject.user_id), self._context.user_name)
        times = (record.created_at, record.updated_at)
        return render_head(record.record_id, *times, user, self._account, self._occasion.work_platform)

    async def _emit(self, kind: EventKind, profile_id: ProfileId) -> None:
        occasion = self._occasion
        await emit(
            self._connection, kind, self._subject, now=occasion.now, new_id=occasion.new_id, profile_id=profile_id
        )


def _with_stored_dimensions(read: AudienceFacts, stored: StoredAudience | None) -> AudienceFacts:
    """A dimension that the platform refused this time keeps its stored list, or is empty if there is none."""
    kept = AudienceFacts((), (), ()) if stored is None else msgspec.json.decode(stored.facts, type=AudienceFacts)
    return AudienceFacts(
        kept.countries if read.countries is None else read.countries,
        kept.cities if read.cities is None else read.cities,
        kept.gender_age_distribution if read.gender_age_distribution is None else read.gender_age_distribution,
        read.quality,
    )
