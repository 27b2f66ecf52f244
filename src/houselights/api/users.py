"""Users: create, list, read by either id. Contract section 3."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from houselights.api.call import Answer, Call
from houselights.api.wire import listing
from houselights.core.errors import Refused
from houselights.core.ids import UserId
from houselights.db.run import Database
from houselights.resources.users import User, render
from houselights.store import read, users


class UserEndpoints:
    """`/v1/users`."""

    def __init__(self, database: Database, now: Callable[[], datetime], new_id: Callable[[], UUID]) -> None:
        self._database = database
        self._now = now
        self._new_id = new_id

    async def create(self, call: Call) -> Answer:
        """A second user with the same external id is a 400; clients then read the user by that id."""
        fields = await call.fields()
        name, external_id = fields.text("name"), fields.text("external_id")
        fields.check()
        now = self._now()
        user = User(name, external_id, UserId(self._new_id()), now, now, "ACTIVE")
        if not await users.create(self._database, call.application_id, user):
            raise Refused("user_exists_with_external_id")
        return Answer(201, render(user))

    async def list(self, call: Call) -> Answer:
        """`external_id` filters exactly: ignoring it would hand a stranger to clients that take the first row."""
        query = call.query()
        page, external_id = query.page(), query.text_or_none("external_id")
        query.check()
        if external_id is None:
            rows = await read.users(self._database, call.application_id, page)
        else:
            found = await read.user_by_external_id(self._database, call.application_id, external_id)
            rows = [] if found is None or page.offset else [found]
        return listing([render(row) for row in rows], page)

    async def get(self, call: Call) -> Answer:
        """One user, by our id."""
        user = await read.user(self._database, call.application_id, UserId(call.path_id()))
        if user is None:
            raise Refused("incorrect_user_id")
        return Answer(200, render(user))

    async def get_by_external_id(self, call: Call) -> Answer:
        """One user, by the client's id: free text, so one that cannot exist is not found, not refused."""
        external_id = call.parameter("external_id").strip()
        if "\x00" in external_id:
            raise Refused("incorrect_user_external_id")
        user = await read.user_by_external_id(self._database, call.application_id, external_id)
        if user is None:
            raise Refused("incorrect_user_external_id")
        return Answer(200, render(user))
