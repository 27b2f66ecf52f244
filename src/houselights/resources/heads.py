"""The short references that documents share, and the head: the part of a document that names things.

A stored document is head and body. The head is rewritten when a name changes, without moving `updated_at`;
the body changes only with the data. Not here: the bodies (`profiles`, `audience`) and the account document.
"""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from houselights.core.ids import AccountId, UserId, WorkPlatformId
from houselights.core.instants import wire

PUBLIC_ADDRESS = b"\x00"
"""Stands in stored bytes for the server's public address, such as `https://api.example.org`.

A raw NUL byte cannot occur in JSON, so nothing else is ever replaced when a document goes out.
"""


class UserRef(Struct, frozen=True):
    """A client's creator, in short."""

    id: UserId
    name: str


class AccountRef(Struct, frozen=True):
    """An account, in short. `username` on the wire is the same value under its second name (contract X-03)."""

    id: AccountId
    platform_username: str | None


class WorkPlatformRef(Struct, frozen=True):
    """A work platform, in short. `slug` names its badge under `/assets/platforms/`."""

    id: WorkPlatformId
    name: str
    slug: str


class AccountAttribute(Struct, frozen=True):
    """`AccountRef` in wire order."""

    id: AccountId
    platform_username: str | None
    username: str | None


class WorkPlatformAttribute(Struct, frozen=True):
    """`WorkPlatformRef` in wire order; the address holds `PUBLIC_ADDRESS` until it goes out."""

    id: WorkPlatformId
    name: str
    logo_url: msgspec.Raw


class _Head(Struct, frozen=True):
    id: UUID
    created_at: str
    updated_at: str
    user: UserRef
    account: AccountAttribute
    work_platform: WorkPlatformAttribute


_encoder = msgspec.json.Encoder()


def logo_url(slug: str) -> msgspec.Raw:
    """The JSON text of a badge's address, `PUBLIC_ADDRESS` in it."""
    return msgspec.Raw(b'"' + PUBLIC_ADDRESS + b"/assets/platforms/" + slug.encode("ascii") + b'.svg"')


def work_platform_attribute(work_platform: WorkPlatformRef) -> WorkPlatformAttribute:
    """The reference as documents carry it."""
    return WorkPlatformAttribute(work_platform.id, work_platform.name, logo_url(work_platform.slug))


def render_head(
    record_id: UUID,
    created_at: datetime,
    updated_at: datetime,
    user: UserRef,
    account: AccountRef,
    work_platform: WorkPlatformRef,
) -> bytes:
    """From `{"id":` to the comma after the work platform; a body follows when the document is read.

    record_id   that of the profile or the audience
    updated_at  when a value of the body last changed
    ->          compact UTF-8 JSON without its end, with `PUBLIC_ADDRESS` where the server's address goes
    """
    head = _Head(
        record_id,
        wire(created_at),
        wire(updated_at),
        user,
        AccountAttribute(account.id, account.platform_username, account.platform_username),
        work_platform_attribute(work_platform),
    )
    return _encoder.encode(head)[:-1] + b","
