"""What professional networks say about a profile: jobs, education and the like, in wire order.

Every field is None where the platform does not say.
"""

from msgspec import Struct


class MonthYear(Struct, frozen=True):
    """A calendar month; month: 1..12."""

    month: int | None = None
    year: int | None = None


class DayMonthYear(Struct, frozen=True):
    """A calendar day; day: 1..31, month: 1..12."""

    day: int | None = None
    month: int | None = None
    year: int | None = None


class TimePeriod(Struct, frozen=True):
    """From month to month. end_date: None while it lasts."""

    start_date: MonthYear | None = None
    end_date: MonthYear | None = None


class Headcount(Struct, frozen=True):
    """How many people work there, from min to max."""

    min: int | None = None
    max: int | None = None


class Company(Struct, frozen=True):
    """Where somebody works."""

    name: str | None = None
    industries: tuple[str, ...] | None = None
    logo_url: str | None = None
    employee_count: Headcount | None = None


class Place(Struct, frozen=True):
    """Where a job is done."""

    name: str | None = None
    country: str | None = None


class WorkExperience(Struct, frozen=True):
    """One job."""

    title: str | None = None
    company: Company | None = None
    description: str | None = None
    time_period: TimePeriod | None = None
    location: Place | None = None


class School(Struct, frozen=True):
    """Where somebody studied."""

    name: str | None = None
    logo_url: str | None = None


class Education(Struct, frozen=True):
    """One course of education."""

    degree: str | None = None
    field_study: str | None = None
    grade: str | None = None
    school: School | None = None
    description: str | None = None
    time_period: TimePeriod | None = None
    activities: str | None = None


class Publication(Struct, frozen=True):
    """One publication."""

    name: str | None = None
    publisher: str | None = None
    description: str | None = None
    url: str | None = None
    date: DayMonthYear | None = None


class Certification(Struct, frozen=True):
    """One certificate. id: the issuing authority's own."""

    name: str | None = None
    id: str | None = None
    url: str | None = None
    authority: str | None = None
    time_period: TimePeriod | None = None


class VolunteerExperience(Struct, frozen=True):
    """One unpaid job."""

    role: str | None = None
    organization: str | None = None
    cause: str | None = None
    description: str | None = None
    time_period: TimePeriod | None = None


class Honor(Struct, frozen=True):
    """One honour."""

    title: str | None = None
    issuer: str | None = None
    description: str | None = None
    date: MonthYear | None = None


class Project(Struct, frozen=True):
    """One project."""

    title: str | None = None
    description: str | None = None
    url: str | None = None
    time_period: TimePeriod | None = None
