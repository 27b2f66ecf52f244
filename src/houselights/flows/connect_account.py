"""A consent's candidate becomes a connected account: its grant is sealed first, then everything is written at once.

Also here: the candidates of a consent that reached several, sealed in the session until the creator has chosen; and
disconnection of an account by its creator.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct, structs

from houselights.core.errors import AppRefused, LeaseLost, NotGiven
from houselights.core.ids import AccountId, ApplicationId, WorkPlatformId
from houselights.flows.rooms import Rooms
from houselights.port.platform import Candidate
from houselights.resources.connect_sessions import read_connect_settings
from houselights.store import accounts, connect_attempts, connect_notices, connect_sessions
from houselights.store.accounts import NewConnection, SealedToken
from houselights.store.connect_sessions import ExistingAccount, Session
from houselights.store.sealed import candidates_place
from houselights.vault.seal import Place
from houselights.vault.tokens import grant_place

_CREATOR = "CREATOR"
"""Who disconnected, as on the wire."""


class Consent(Struct, frozen=True):
    """What all candidates of one consent share.

    products          granted ones
    owner, client_id  the platform app that obtained it, and who owns that app
    """

    products: tuple[str, ...]
    owner: ApplicationId
    client_id: str


class Prepared(Struct, frozen=True):
    """A candidate whose grant is sealed for the account that it will become, as `account_tokens` keeps it."""

    account_id: AccountId
    platform_profile_id: str
    username: str | None
    display: str
    sealed: bytes
    expires_at: datetime | None
    consent: Consent
    person: str | None = None
    name: str | None = None
    is_page: bool = False
    through: str | None = None


async def prepare(session: Session, candidate: Candidate, consent: Consent, rooms: Rooms) -> Prepared:
    """Seal a candidate's grant."""
    account_id = await known(session, candidate, rooms) or AccountId(rooms.new_id())
    sealed = await rooms.vault.seal_grant(session.application_id, account_id, candidate.grant)
    return Prepared(
        account_id,
        candidate.platform_profile_id,
        candidate.username,
        candidate.display,
        sealed,
        candidate.grant.expires_at,
        consent,
        candidate.grant.person,
        candidate.name or None,
        candidate.is_page,
        candidate.through,
    )


async def known(session: Session, profile: Candidate | Prepared, rooms: Rooms) -> AccountId | None:
    """The existing account that connecting this profile revives; None if it creates a new one."""
    return await accounts.find(
        rooms.database,
        session.application_id,
        session.user_id,
        aimed_at(session),
        profile.platform_profile_id,
        profile.username,
    )


async def keep(session: Session, state_digest: bytes, prepared: Prepared, rooms: Rooms) -> None:
    """Store the account; try once more if another consent has meanwhile made it under another id.

    raises  LeaseLost if another attempt took this one's place
            NotGiven if the application allows one user per account and this account has another
    """
    try:
        await _store(session, state_digest, prepared, rooms)
    except LeaseLost as lost:
        if lost.code != "account_made_meanwhile":
            raise
        await _store(session, state_digest, await _moved(session, prepared, rooms), rooms)


async def seal_all(session: Session, offered: Sequence[Prepared], rooms: Rooms) -> bytes:
    """Seal what a consent reached, for the session's row."""
    return await rooms.vault.seal(session.application_id, msgspec.msgpack.encode(offered), _place(session))


async def open_all(session: Session, rooms: Rooms) -> Sequence[Prepared]:
    """What the session's consent reached; () if nothing is waiting for a choice."""
    if session.sealed_candidates is None:
        return ()
    plain = await rooms.vault.open(session.application_id, session.sealed_candidates, _place(session))
    return msgspec.msgpack.decode(plain, type=tuple[Prepared, ...])


async def disconnect(session: Session, account: ExistingAccount, rooms: Rooms) -> None:
    """The creator disconnects their account. One that has ended meanwhile stays as it is, and nobody is notified."""
    now = rooms.clock.now()
    async with rooms.database.transaction() as connection:
        ended = await accounts.disconnect(
            connection, session.application_id, account.account_id, _CREATOR, now, rooms.new_id
        )
        if ended is not None:
            await connect_notices.disconnected(connection, session.key, account.work_platform_id, account.account_id)
    rooms.bell.ring()


def aimed_at(session: Session) -> WorkPlatformId:
    """The platform of the attempt under way. Raises AppRefused if there is none."""
    if session.attempt_platform_id is None:
        raise AppRefused("no_attempt", "the session has no attempt under way")
    return session.attempt_platform_id


async def _moved(session: Session, prepared: Prepared, rooms: Rooms) -> Prepared:
    """The same, sealed again for the account that exists now: a sealed value opens in one place only."""
    account_id = await known(session, prepared, rooms) or AccountId(rooms.new_id())
    grant = await rooms.vault.open_grant(session.application_id, prepared.account_id, prepared.sealed)
    sealed = await rooms.vault.seal_grant(session.application_id, account_id, grant)
    return structs.replace(prepared, account_id=account_id, sealed=sealed)


async def _store(session: Session, state_digest: bytes, prepared: Prepared, rooms: Rooms) -> None:
    # The creator may have taken a while to choose, and the data keys may have changed in the meantime.
    place = grant_place(session.application_id, prepared.account_id)
    token = await rooms.vault.reseal(session.application_id, prepared.sealed, place)
    made = NewConnection(
        prepared.account_id,
        session.user_id,
        aimed_at(session),
        prepared.consent.products,
        prepared.username,
        prepared.platform_profile_id,
        SealedToken(token, prepared.consent.owner, prepared.consent.client_id, session.environment),
        prepared.expires_at,
        prepared.person,
        prepared.name,
    )
    one_user = read_connect_settings(session.settings).one_user_per_account
    async with rooms.database.transaction() as connection:
        if one_user and await connect_sessions.has_other_user(
            connection, session, made.work_platform_id, made.platform_profile_id
        ):
            raise NotGiven("ACCOUNT_ALREADY_CONNECTED_ELSEWHERE")
        await accounts.connect(connection, session.application_id, made, rooms.clock.now(), rooms.new_id)
        await connect_attempts.connect(connection, session.key, state_digest, made.account_id)
    rooms.bell.ring()


def _place(session: Session) -> Place:
    return candidates_place(session.application_id, session.session_id)
