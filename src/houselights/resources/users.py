"""A client's creator: the noun that accounts belong to. Contract section 3."""

from datetime import datetime

import msgspec
from msgspec import Struct

from houselights.core.ids import UserId
from houselights.core.instants import wire
from houselights.core.statement import Nothing, Statement


class User(Struct, frozen=True):
    """external_id: the client's own id, unique within its application; status: ACTIVE or INACTIVE."""

    name: str
    external_id: str
    id: UserId
    created_at: datetime
    updated_at: datetime
    status: str


_COLUMNS = "select name, external_id, user_id as id, created_at, updated_at, status from users "

USER = Statement(_COLUMNS + "where application_id = $1 and user_id = $2", User)

USER_BY_EXTERNAL_ID = Statement(_COLUMNS + "where application_id = $1 and external_id = $2", User)

USERS = Statement(
    _COLUMNS + "where application_id = $1 order by created_at desc, user_id limit $2 offset $3",
    User,
)

# If two users with one external id are created at once, the second waits for the first and then writes nothing.
CREATE_USER = Statement(
    """
    insert into users (application_id, user_id, name, external_id, status, created_at, updated_at)
    values ($1, $2, $3, $4, $5, $6, $6)
    on conflict (application_id, external_id) do nothing
    """,
    Nothing,
)


def render(user: User) -> bytes:
    """The user as it goes out."""
    return msgspec.json.encode(
        {
            "name": user.name,
            "external_id": user.external_id,
            "id": user.id,
            "created_at": wire(user.created_at),
            "updated_at": wire(user.updated_at),
            "status": user.status,
        }
    )
