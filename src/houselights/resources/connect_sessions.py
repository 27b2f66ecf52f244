"""A connect session as a client sees it: an extension of the contract, for links and for pages without a widget."""

from datetime import datetime

import msgspec
from msgspec import Struct

from houselights.core.ids import AccountId, SessionId, UserId, WorkPlatformId
from houselights.core.instants import wire


class ConnectSession(Struct, frozen=True):
    """How a session stands.

    status      a word of `rules.consent.Phase`
    reason      how the last attempt ended, None where none has
    account_id  what was connected; None until then
    """

    id: SessionId
    status: str
    reason: str | None
    user_id: UserId
    work_platform_id: WorkPlatformId
    account_id: AccountId | None
    created_at: datetime
    expires_at: datetime


class ConnectSettings(Struct, frozen=True):
    """What an application sets for connecting; its other settings are left alone.

    redirect_urls  origins and schemes that creators may be sent back to by whoever holds an SDK token
    """

    redirect_urls: tuple[str, ...] = ()


def read_connect_settings(text: str) -> ConnectSettings:
    """The settings in stored JSON. Raises msgspec.ValidationError where one has no such value."""
    return msgspec.json.decode(text, type=ConnectSettings)


def render_new(session_id: SessionId, url: str, expires_at: datetime) -> bytes:
    """A new session: where to send the creator, and until when."""
    return msgspec.json.encode({"id": session_id, "url": url, "expires_at": wire(expires_at)})


def render(session: ConnectSession) -> bytes:
    """The session as it goes out."""
    document = msgspec.structs.asdict(session)
    times = {"created_at": wire(session.created_at), "expires_at": wire(session.expires_at)}
    return msgspec.json.encode(document | times)
