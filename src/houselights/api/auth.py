"""Who is calling: client id and secret of HTTP Basic -> the application (contract 1.2).

A recognised header is remembered for five seconds, by its digest only, so a rotated secret stops working within that
time. What was not recognised is not remembered: an unknown client id costs one indexed look-up every time.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec import Struct

from houselights.api.limiter import Bucket, Limiter
from houselights.core.errors import Refused
from houselights.core.ids import ApplicationId
from houselights.db.batch import Batch
from houselights.db.run import Database
from houselights.resources.applications import ApplicationSettings, SecretRow, read_settings
from houselights.rules.client_secrets import KNOWN_FOR_S, digest
from houselights.store import read

_MOST_KNOWN = 10_000


class Caller(Struct, frozen=True):
    """An application that proved who it is. bucket: its allowance, None where calls are not limited."""

    application_id: ApplicationId
    environment: str
    settings: ApplicationSettings
    bucket: Bucket | None


class _Known(Struct, frozen=True):
    caller: Caller
    until: float


class Authenticator:
    """Recognises `Authorization` headers.

    key        for the digests of client secrets
    monotonic  seconds; now: the instant by which secrets expire
    """

    def __init__(
        self,
        database: Database,
        key: bytes,
        limiter: Limiter,
        monotonic: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._key = key
        self._limiter = limiter
        self._monotonic = monotonic
        self._now = now
        self._known: dict[bytes, _Known] = {}
        self._secrets: Batch[str, Sequence[SecretRow]] = Batch(self._look_up)

    def known(self, header: bytes | None, at: float) -> Caller | None:
        """The caller, if this header was recognised less than five seconds ago. at: monotonic seconds."""
        if header is None:
            return None
        known = self._known.get(hashlib.sha256(header).digest())
        return known.caller if known is not None and at < known.until else None

    async def recognise(self, header: bytes | None) -> Caller:
        """The caller, looked up in the database. Raises Refused `invalid_credentials`, whatever is wrong."""
        client_id, credentials = _credentials(header)
        # Taken before the query, so that a slow answer is not trusted for longer.
        until = self._monotonic() + KNOWN_FOR_S
        offered = digest(self._key, credentials)
        for row in await self._secrets.get(client_id):
            if hmac.compare_digest(row.digest, offered):
                caller = Caller(
                    row.application_id,
                    row.environment,
                    read_settings(row.settings),
                    self._limiter.bucket(row.application_id),
                )
                self._keep(header or b"", _Known(caller, until))
                return caller
        raise Refused("invalid_credentials")

    def _keep(self, header: bytes, known: _Known) -> None:
        key = hashlib.sha256(header).digest()
        self._known.pop(key, None)
        if len(self._known) >= _MOST_KNOWN:
            del self._known[next(iter(self._known))]
        self._known[key] = known

    async def _look_up(self, client_ids: Sequence[str]) -> Sequence[Sequence[SecretRow]]:
        rows = await read.secrets_of(self._database, client_ids, self._now())
        return [[row for row in rows if row.client_id == client_id] for client_id in client_ids]


def _credentials(header: bytes | None) -> tuple[str, bytes]:
    """The client id, and the whole of `id:secret`, in which the first colon separates them. Raises Refused."""
    scheme, _, encoded = (header or b"").partition(b" ")
    encoded = encoded.strip()
    if scheme.lower() != b"basic" or not encoded:
        raise Refused("invalid_credentials")
    try:
        plain = base64.b64decode(encoded + b"=" * (-len(encoded) % 4), validate=True)
        client_id, colon, _ = plain.decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise Refused("invalid_credentials") from None
    if not colon or not client_id or "\x00" in client_id:
        raise Refused("invalid_credentials")
    return client_id, plain
