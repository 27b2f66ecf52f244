"""Replies of Newcomer, only the fields that we use. A field that may be missing is None.

Token replies: `port.families.oauth2`.
"""

from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

Id: TypeAlias = int | str
Count: TypeAlias = Annotated[int, Meta(ge=0)]


class Account(Struct, frozen=True):
    """https://newcomer.example/docs/me (read 2026-11-23)"""

    id: Id
    handle: str | None = None
    name: str | None = None
    about: str | None = None
    website: str | None = None
    picture: str | None = None
    followers: Count | None = None
    following: Count | None = None
    posts: Count | None = None


class Row(Struct, frozen=True):
    """People under a word."""

    word: str
    people: Count


class Pair(Struct, frozen=True):
    """People of one gender and age range."""

    gender: str
    age: str
    people: Count


class Audience(Struct, frozen=True):
    """https://newcomer.example/docs/audience (read 2026-11-23). Lists are empty where too few follow."""

    countries: tuple[Row, ...]
    cities: tuple[Row, ...]
    pairs: tuple[Pair, ...]
