"""SDK tokens: what a client's browser page connects accounts with. Contract section 3."""

from collections.abc import Callable
from datetime import datetime

from houselights.api.call import Answer, Call
from houselights.core.errors import Refused
from houselights.core.ids import UserId
from houselights.db.run import Database
from houselights.resources.sdk_tokens import render
from houselights.resources.work_platforms import Product, read_products
from houselights.rules.sdk_tokens import Permission, issue
from houselights.store import read


class SdkTokenEndpoints:
    """`/v1/sdk-tokens`."""

    def __init__(self, database: Database, key: bytes, public_url: str, now: Callable[[], datetime]) -> None:
        self._database = database
        self._key = key
        self._public_url = public_url
        self._now = now

    async def create(self, call: Call) -> Answer:
        """Never a token for fewer products than were asked for: a client would not notice."""
        fields = await call.fields()
        user_id, names = UserId(fields.id("user_id")), fields.texts("products")
        products: tuple[Product, ...] = read_products(names) or ()
        if not set(products) <= set(call.known_caller.settings.products) or not products:
            fields.refuse("products")
        fields.check()
        if await read.user(self._database, call.application_id, user_id) is None:
            raise Refused("incorrect_user_id")
        permission = Permission(call.application_id, user_id, products)
        return Answer(201, render(issue(self._key, permission, self._public_url, self._now())))
