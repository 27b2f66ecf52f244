"""The public address of a connect session, and the state that a platform carries through its consent.

The address is a capability: whoever knows it may go through the consent for that session's user. It names the session
and carries a digest made with a key of the server, so that it cannot be derived from the session's id (which appears
in answers and return addresses) or from a copy of the database. The state names the session too, next to a random part
of its own, so that a callback finds its row by key; knowing a state does not reveal the address.
"""

import hashlib
import hmac
from uuid import UUID

from msgspec import Struct

from houselights.core import base64url
from houselights.core.ids import ApplicationId, SessionId
from houselights.core.secret import Secret

PURPOSE = "connect addresses"
"""What the key of the addresses is derived for, from the root key."""

_IDS = 32
_TAG = 16


class SessionKey(Struct, frozen=True):
    """A session's key in the store."""

    application_id: ApplicationId
    session_id: SessionId


def address(key: bytes, session: SessionKey) -> str:
    """The last part of `/connect/…`: 64 letters, digits, `-` and `_`."""
    ids = _ids(session)
    return base64url.encode(ids + _tag(key, ids))


def read_address(key: bytes, text: str) -> SessionKey | None:
    """The session of an address; None for an address that we did not make."""
    raw = base64url.decode(text)
    if len(raw) != _IDS + _TAG or not hmac.compare_digest(_tag(key, raw[:_IDS]), raw[_IDS:]):
        return None
    return _session(raw)


def state(session: SessionKey, chance: str) -> str:
    """What the platform is handed and hands back. chance: fresh random text, unguessable."""
    return f"{base64url.encode(_ids(session))}.{chance}"


def session_of_state(text: str) -> SessionKey | None:
    """Which session a state claims to belong to; its digest must still be compared. None if the text is no state."""
    ids, _, chance = text.partition(".")
    raw = base64url.decode(ids)
    return _session(raw) if len(raw) == _IDS and chance else None


def digest(text: str) -> bytes:
    """What is stored of a state or a cookie: enough to recognise it, not to recreate it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _ids(session: SessionKey) -> bytes:
    return session.application_id.bytes + session.session_id.bytes


def _session(raw: bytes) -> SessionKey:
    return SessionKey(ApplicationId(UUID(bytes=raw[:16])), SessionId(UUID(bytes=raw[16:_IDS])))


def _tag(key: bytes, ids: bytes) -> bytes:
    return hmac.new(key, ids, hashlib.sha256).digest()[:_TAG]


def code_verifier(key: bytes, state: str) -> Secret:
    """The PKCE verifier of a state: 43 letters, digits, `-` and `_`; nobody can work it out without the key."""
    return Secret(base64url.encode(hmac.new(key, state.encode(), hashlib.sha256).digest()))
