"""Audience demographics of one account: one look-up, answered with the stored bytes. Contract section 5."""

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import NoReturn
from uuid import UUID

from houselights.api.call import Answer, Call
from houselights.api.errors import Headers, RefusedWith
from houselights.api.wire import JSON
from houselights.core.errors import Refused
from houselights.core.ids import AccountId
from houselights.db.run import Database
from houselights.resources.audience import Quality, quality_header
from houselights.resources.work_platforms import Product
from houselights.store import read
from houselights.store.read import Audiences

_QUALITY = b"audience-quality"
_NO_GENDERS = b'"gender_age_distribution":[]}'
"""How a body with an empty list of them ends."""


class AudienceEndpoints:
    """`/v1/audience`. built: the products that this deployment reads, by work platform."""

    def __init__(self, database: Database, audiences: Audiences, built: Mapping[UUID, Collection[str]]) -> None:
        self._database = database
        self._audiences = audiences
        self._built = built

    async def get(self, call: Call) -> Answer:
        """The bare object, whatever the account's state; a header says how good it is."""
        query = call.query()
        account_id = AccountId(query.id("account_id"))
        query.check()
        stored = await self._audiences.get(call.application_id, account_id)
        if stored is None:
            await self._explain(call, account_id)
        headers = _headers(stored.quality, is_stale=stored.is_stale, has_genders=not stored.body.endswith(_NO_GENDERS))
        return Answer(200, stored.head + stored.body, headers)

    async def _explain(self, call: Call, account_id: AccountId) -> NoReturn:
        """Why there is nothing; a second statement, so that the first stays one look-up by key."""
        standing = await read.audience_standing(self._database, call.application_id, account_id)
        if standing is None:
            raise Refused("incorrect_account_id")
        product = Product.IDENTITY_AUDIENCE
        built = self._built.get(standing.work_platform_id, ())
        if product not in standing.products or product not in built:
            raise Refused("product_not_supported")
        if standing.audience_reason in ("NOT_SUPPORTED", "NOT_GRANTED"):
            raise Refused("product_not_supported")
        if standing.audience_reason == Quality.BELOW_THRESHOLD:
            raise RefusedWith("audience_not_found", (_QUALITY, Quality.BELOW_THRESHOLD.encode()))
        raise Refused("audience_not_found")


@lru_cache(maxsize=128)
def _headers(stored: str, *, is_stale: bool, has_genders: bool) -> Headers:
    """Content type and, where there are flags, `audience-quality`. Few combinations of flags exist.

    has_genders  False: no estimate is sent, so none is flagged; taken from the body that goes out, since the
                 application's settings may have been others when it was rendered
    """
    flags = {Quality(flag) for flag in stored.split(",") if flag}
    if not has_genders:
        flags.discard(Quality.ESTIMATED_GENDER_AGE)
    if is_stale:
        flags.add(Quality.STALE)
    text = quality_header(frozenset(flags))
    return (JSON, (_QUALITY, text.encode())) if text else (JSON,)
