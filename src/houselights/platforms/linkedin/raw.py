"""Replies of LinkedIn's APIs, only the fields that we use. A field that may be missing is None.

Token replies: `port.families.oauth2`.
"""

from collections.abc import Mapping
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta, Struct, field

Id: TypeAlias = int | str
Count: TypeAlias = Annotated[int, Meta(ge=0)]


class Person(Struct, frozen=True):
    """`GET /v2/userinfo`.

    https://learn.microsoft.com/en-us/linkedin/consumer/integrations/self-serve/sign-in-with-linkedin-v2
    (read 2026-11-23)
    """

    sub: str
    name: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    picture: str | None = None


class Acl(Struct, frozen=True):
    """organization: `urn:li:organization:9000001`."""

    organization: str


class Acls(Struct, frozen=True):
    """`GET /rest/organizationAcls?q=roleAssignee`, a page of the list.

    https://learn.microsoft.com/en-us/linkedin/marketing/community-management/organizations/organization-access-control-by-role
    (read 2026-11-23)
    """

    elements: tuple[Acl, ...]


class Address(Struct, frozen=True):
    """country: two letters."""

    country: str | None = None


class Location(Struct, frozen=True, rename="camel"):
    """location_type: `HEADQUARTERS` or `OTHER`."""

    location_type: str = ""
    address: Address = field(default_factory=Address)


class Organization(Struct, frozen=True, rename="camel"):
    """`GET /rest/organizations/{id}`, and each result of `/rest/organizationsLookup`.

    https://learn.microsoft.com/en-us/linkedin/marketing/community-management/organizations/organization-lookup-api
    (read 2026-11-23)
    """

    id: Id
    localized_name: str | None = None
    vanity_name: str | None = None
    localized_description: str | None = None
    localized_website: str | None = None
    locations: tuple[Location, ...] = ()


class Batch(Struct, frozen=True):
    """A reply about several ids: results by id; a missing one is not visible, or does not exist."""

    results: Mapping[str, msgspec.Raw]


class NetworkSize(Struct, frozen=True, rename="camel"):
    """`GET /rest/networkSizes/{urn}`. first_degree_size: followers."""

    first_degree_size: Count


class Followers(Struct, frozen=True, rename="camel"):
    """organic_follower_count: already includes the paid ones."""

    organic_follower_count: Count = 0


class GeoCount(Struct, frozen=True, rename="camel"):
    """geo: `urn:li:geo:103644278`."""

    geo: str
    follower_counts: Followers = field(default_factory=Followers)


class Facets(Struct, frozen=True, rename="camel"):
    """Followers by facet; empty for small pages."""

    follower_counts_by_geo_country: tuple[GeoCount, ...] = ()
    follower_counts_by_geo: tuple[GeoCount, ...] = ()


class Statistics(Struct, frozen=True):
    """`GET /rest/organizationalEntityFollowerStatistics`: one element, or none.

    https://learn.microsoft.com/en-us/linkedin/marketing/community-management/organizations/follower-statistics
    (read 2026-11-23)
    """

    elements: tuple[Facets, ...]


class Name(Struct, frozen=True):
    """One name in the language that was asked for."""

    value: str


class Geo(Struct, frozen=True, rename="camel"):
    """A result of `GET /v2/geo`."""

    default_localized_name: Name
