"""Client applications: who calls, in which environment, and what they have set. Contract 1.2 and section 9."""

from typing import Literal

import msgspec
from msgspec import Struct

from houselights.core.ids import ApplicationId
from houselights.core.statement import Statement
from houselights.resources.work_platforms import Product

CLIENT_SECRETS = "client secrets"
"""What the key for the secrets' digests is derived for, from the root key."""


class ApplicationSettings(Struct, frozen=True):
    """What an application can set. Settings of other rooms and releases are left alone.

    audience_other_gender  how it wants the third gender value spelt (contract X-01)
    audience_estimates     False: an estimated gender x age list is sent as []
    products               what its SDK tokens may ask for
    """

    audience_other_gender: Literal["OTHERS", "OTHER"] = "OTHERS"
    audience_estimates: bool = True
    products: tuple[Product, ...] = tuple(Product)


class SecretRow(Struct, frozen=True):
    """One unexpired client secret with its application. settings: JSON text."""

    client_id: str
    digest: bytes
    application_id: ApplicationId
    environment: str
    settings: str


SECRETS = Statement(
    """
    select a.client_id, s.digest, a.application_id, a.environment, a.settings
    from applications a join application_secrets s using (application_id)
    where a.client_id = any ($1::text[]) and (s.expires_at is null or s.expires_at > $2)
    """,
    SecretRow,
)


def read_settings(text: str) -> ApplicationSettings:
    """The settings in stored JSON. Raises msgspec.ValidationError where a value does not fit."""
    return msgspec.json.decode(text, type=ApplicationSettings)
