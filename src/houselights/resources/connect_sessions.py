"""A connect session as a client sees it: an extension of the contract, for links and for pages without a widget."""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from houselights.core.ids import AccountId, SessionId, UserId, WorkPlatformId
from houselights.core.instants import wire


class ConnectSession(Struct, frozen=True):
    """The state of a session.

    status      a word of `rules.consent.Phase`
    reason      how the last attempt ended, None where there was none
    work_platform_id  the platform that it is limited to, None where the creator chooses
    account_id   what was connected first; None until then
    account_ids  everything that was connected, in order
    """

    id: SessionId
    status: str
    reason: str | None
    user_id: UserId
    work_platform_id: WorkPlatformId | None
    account_id: AccountId | None
    account_ids: tuple[AccountId, ...]
    created_at: datetime
    expires_at: datetime


class ConnectSettings(Struct, frozen=True):
    """What an application sets for connecting; its other settings are left alone.

    redirect_urls  origins and schemes that creators may be sent back to by whoever holds an SDK token
    origins        origins of pages that may show the dialog; () for only those of the developer's own machine
    platforms      work platforms that creators may choose from, None for all
    one_user_per_account  whether an account that one user has connected is refused to other users
    privacy_url    the client's privacy policy, None where it named none
    accent         colour of buttons as six hex digits, None for ours
    logo           version of the picture in `application_logos`, None for the first letter of the name
    operator       who runs these pages and stores what is read, None where it needs no name of its own
    purpose, purpose_es  what the data is used for, in words for creators, and the same in Spanish; None if not set
    erase_at_disconnect  whether a disconnect deletes the data read from the account
    """

    redirect_urls: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    platforms: tuple[UUID, ...] | None = None
    one_user_per_account: bool = False
    privacy_url: str | None = None
    accent: str | None = None
    logo: str | None = None
    operator: str | None = None
    purpose: str | None = None
    purpose_es: str | None = None
    erase_at_disconnect: bool = False

    def purpose_in(self, language: str) -> str | None:
        """What the data is used for, in this language if it was set in it."""
        return (self.purpose_es if language == "es" else None) or self.purpose


def read_connect_settings(text: str) -> ConnectSettings:
    """The settings in stored JSON. Raises msgspec.ValidationError where a value does not fit."""
    return msgspec.json.decode(text, type=ConnectSettings)


def render_new(session_id: SessionId, url: str, expires_at: datetime) -> bytes:
    """A new session: where to send the creator, and until when."""
    return msgspec.json.encode({"id": session_id, "url": url, "expires_at": wire(expires_at)})


def render(session: ConnectSession) -> bytes:
    """The session as it goes out."""
    document = msgspec.structs.asdict(session)
    times = {"created_at": wire(session.created_at), "expires_at": wire(session.expires_at)}
    return msgspec.json.encode(document | times)
