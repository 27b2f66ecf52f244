"""Raw replies of refreshes, compressed and sealed: they show how a disputed number arose; kept a set number of days.

Written with the end of the run (`store.refreshes.FINISH`); which bodies are kept is `rules.recording`'s business. They
have no foreign key to accounts, because whole days are dropped at once.
"""

import zlib
from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from houselights.core.ids import AccountId, ApplicationId
from houselights.core.statement import Statement
from houselights.db.run import Database
from houselights.vault.seal import Place
from houselights.vault.tokens import Vault


class KeptRun(Struct, frozen=True):
    """One run of a refresh. run: the fence under which it ran; sealed: its replies, as `seal` returned them."""

    run: int
    read_at: datetime
    sealed: bytes


OF_ACCOUNT = Statement(
    """
    select run, read_at, sealed from replies
    where application_id = $1 and account_id = $2 order by read_at desc, run desc
    """,
    KeptRun,
)


def place(application_id: ApplicationId, account_id: AccountId, run: int) -> Place:
    """Where a run's replies are sealed."""
    return Place("replies", "sealed", application_id, account_id, str(run))


async def seal(
    vault: Vault, application_id: ApplicationId, account_id: AccountId, run: int, bodies: Sequence[bytes]
) -> bytes:
    """The replies of one run, for its row. Not inside a transaction: the vault may need a connection for its key."""
    # The fastest level: half the time of the usual one, for a twentieth more bytes.
    plain = zlib.compress(msgspec.msgpack.encode(bodies), 1)
    return await vault.seal(application_id, plain, place(application_id, account_id, run))


async def unseal(vault: Vault, application_id: ApplicationId, account_id: AccountId, kept: KeptRun) -> list[bytes]:
    """The replies of one run, in the order in which they were asked for. Raises SealBroken."""
    plain = await vault.open(application_id, kept.sealed, place(application_id, account_id, kept.run))
    return msgspec.msgpack.decode(zlib.decompress(plain), type=list[bytes])


async def of_account(database: Database, application_id: ApplicationId, account_id: AccountId) -> list[KeptRun]:
    """Every run whose replies are kept, newest first."""
    return await database.fetch(OF_ACCOUNT, application_id, account_id)
