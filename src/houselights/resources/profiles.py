"""A creator's identity on one platform.

Here: the normalised facts, in wire order. Every field is None where the platform does not say (contract 1.8:
null, never absent; null is not 0 and not false).
"""

from datetime import datetime

import msgspec
from msgspec import Struct

from houselights.core.instants import wire
from houselights.resources.careers import (
    Certification,
    Education,
    Honor,
    Project,
    Publication,
    VolunteerExperience,
    WorkExperience,
)


class Email(Struct, frozen=True):
    """An e-mail address. type: HOME, WORK or OTHER, as for the other contacts."""

    type: str
    email_id: str


class PhoneNumber(Struct, frozen=True):
    """A phone number."""

    type: str
    phone_number: str


class Address(Struct, frozen=True):
    """A postal address."""

    type: str
    address: str


class Reputation(Struct, frozen=True):
    """Counters of a profile: whole numbers >= 0, None where the platform does not say."""

    follower_count: int | None = None
    following_count: int | None = None
    subscriber_count: int | None = None
    paid_subscriber_count: int | None = None
    content_count: int | None = None
    content_group_count: int | None = None
    watch_time_in_hours: float | None = None
    average_open_rate: float | None = None
    average_click_rate: float | None = None
    like_count: int | None = None
    connection_count: int | None = None


class ProfileFacts(Struct, frozen=True):
    """What one reading of a platform says about a profile. Field order is wire order."""

    username: str | None = None
    platform_username: str | None = None
    full_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    nick_name: str | None = None
    url: str | None = None
    introduction: str | None = None
    image_url: str | None = None
    date_of_birth: str | None = None
    external_id: str | None = None
    platform_account_type: str | None = None
    category: str | None = None
    website: str | None = None
    reputation: Reputation = Reputation()
    emails: tuple[Email, ...] = ()
    phone_numbers: tuple[PhoneNumber, ...] = ()
    addresses: tuple[Address, ...] = ()
    gender: str | None = None
    country: str | None = None
    platform_profile_name: str | None = None
    platform_profile_id: str | None = None
    platform_profile_published_at: datetime | None = None
    is_verified: bool | None = None
    is_business: bool | None = None
    work_experiences: tuple[WorkExperience, ...] | None = None
    education: tuple[Education, ...] | None = None
    publications: tuple[Publication, ...] | None = None
    certifications: tuple[Certification, ...] | None = None
    volunteer_experiences: tuple[VolunteerExperience, ...] | None = None
    honors: tuple[Honor, ...] | None = None
    projects: tuple[Project, ...] | None = None


def render_body(facts: ProfileFacts) -> bytes:
    """The fields as they go out, from `"username":` to the closing brace; joined to the head when read."""
    fields = {name: getattr(facts, name) for name in facts.__struct_fields__}
    published = facts.platform_profile_published_at
    fields["platform_profile_published_at"] = None if published is None else wire(published)
    return msgspec.json.encode(fields)[1:]
