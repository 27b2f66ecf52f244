"""The schema of a platform's `manifest.toml`: facts only; logic is code. An unknown key is an error.

The manifest is the one place for versions, hosts, scopes, metric names and limits, so that when one is retired
no code need change.
"""

import re
from collections.abc import Collection, Mapping
from datetime import date
from enum import StrEnum
from typing import Literal
from uuid import UUID

import msgspec
from msgspec import Struct, structs

from houselights.rules.budget import Window


class Given(StrEnum):
    """Whether a platform gives a field."""

    GIVEN = "given"
    """always"""
    SOMETIMES = "sometimes"
    """only in some cases: where the creator filled it in, or granted more; the note says which"""
    ESTIMATED = "estimated"
    """calculated from parts that the platform gives, and flagged as such"""
    NEVER = "never"


class Capability(Struct, frozen=True, forbid_unknown_fields=True):
    """One row of the capability table, with where and when it was read.

    figures   significant figures to which the platform rounds a counter down; None: it is exact
    decimals  for a list of the audience: the platform gives percent, to this precision; None: it counts people
    ages      for gender by age: the only ranges that it has, the last one including everyone older; (): all seven
    kind      the only kind of account for which it is given, in the platform's word (`page`); empty: every kind
    """

    field: str
    given: Given
    link: str
    read: date
    note: str = ""
    figures: int | None = None
    decimals: int | None = None
    ages: tuple[str, ...] = ()
    kind: str = ""


class OAuth(Struct, frozen=True, forbid_unknown_fields=True):
    """How a creator consents. URLs are the real ones, in which `{api_version}` stands for that fact; lifetimes in
    seconds, None where the platform gives none.
    """

    authorize_url: str
    token_url: str
    scopes: dict[str, tuple[str, ...]]
    """product -> scopes that it needs"""
    kinds: dict[str, dict[str, tuple[str, ...]]] = {}
    """where some apps may ask for fewer or other scopes: kind of app -> product -> scopes that it asks for"""
    asked_beside: tuple[str, ...] = ()
    """scopes that the consent also asks for, but that a connection can do without"""
    scope_separator: str = ","
    access_token_lifetime_s: int | None = None
    refresh_token_lifetime_s: int | None = None
    renew_before_s: int = 60
    """how long before its end an access token is renewed"""
    rotates: bool = False
    """whether renewing a grant ends the previous one"""
    client_credentials: Literal["GET", "POST"] | None = None
    """how the token endpoint gives an app a token of its own (RFC 6749, 4.4); None where it gives none"""

    def needed(self, kind: str = "") -> Mapping[str, tuple[str, ...]]:
        """Product -> scopes that it needs, with an app of this kind."""
        return {**self.scopes, **self.kinds.get(kind, {})}

    def asked(self, products: Collection[str] = (), kind: str = "") -> tuple[str, ...]:
        """The scopes that a consent asks for, each once: those of the identity, of these products (() for all), and
        those in `asked_beside`, which apps with scopes of their own do not ask for.
        """
        askable = self.kinds.get(kind, self.scopes)
        wanted = {"IDENTITY", *products} if products else set(askable)
        found = [scope for product, scopes in askable.items() if product in wanted for scope in scopes]
        return tuple(dict.fromkeys([*found, *(() if kind in self.kinds else self.asked_beside)]))


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """Budgets and caps: parallel requests per account, pages of a list, the usage percent at which to stop."""

    parallel: int = 4
    pages: int = 20
    stop_at_percent: int = 95
    windows: tuple[Window, ...] = ()
    """calls that the platform counts in rolling windows, as far as it publishes the numbers"""
    counts: Literal["account", "app", "project"] = "account"
    """whose calls a refusal is about if it does not say so itself, such as a bare 429"""
    waits_grow_to_s: int | None = None
    """where refusals name no time to wait: how long the wait, doubled with each refusal in a row, may become"""
    project: str | None = None
    """a pattern whose first group is the project in an app's client id; None where each app counts for itself"""

    def project_of(self, client_id: str) -> str | None:
        """The project that an app belongs to; None where the platform has none, or the client id does not tell."""
        found = None if self.project is None else re.match(self.project, client_id)
        return None if found is None else found[1]


class Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """A platform's facts.

    name           folder name, and word on the command line
    work_platform  id in the contract's catalogue (section 3)
    hosts          every host that may be called, with scheme; no other may
    api_version    sent in every path, logged from replies
    products       what this connector reads, under the contract's seven names
    cadence_h      hours between scheduled refreshes
    """

    name: str
    work_platform: UUID
    hosts: tuple[str, ...]
    api_version: str
    products: tuple[str, ...]
    oauth: OAuth
    capabilities: tuple[Capability, ...]
    limits: Limits = Limits()
    cadence_h: int = 24
    audience_threshold: int | None = None
    """followers below which the platform shows no audience; None where it publishes no such number"""
    app_options: dict[str, str] = {}
    """what an operator may say about an app besides its keys: name -> pattern of the value"""
    draft: bool = False
    """being written: tested like every platform, but neither offered to creators nor documented"""
    login: str = ""
    """whose login creators see, if its name is not the platform's, such as `Google`"""
    has_tick_boxes: bool = False
    """whether creators can untick single permissions there"""
    has_handles: bool = True
    """whether people write its usernames with an `@`"""
    settings: dict[str, str] = {}
    """names that only this platform's code reads, such as its metric; `{api_version}` in them stands for that fact"""

    def given(self, field: str) -> Given:
        """What the capability table says about a field; one without a row is never given."""
        return next((row.given for row in self.capabilities if row.field == field), Given.NEVER)


def read_manifest(text: bytes | str) -> Manifest:
    """The manifest in a TOML text. Raises msgspec.ValidationError naming the key that does not fit."""
    return manifest_of(msgspec.toml.decode(text))


def manifest_of(facts: Mapping[str, object]) -> Manifest:
    """As `read_manifest`, from the TOML's contents."""
    made = msgspec.convert(facts, Manifest)

    def told(text: str) -> str:
        return text.replace("{api_version}", made.api_version)

    urls = {key: told(getattr(made.oauth, key)) for key in ("authorize_url", "token_url")}
    settings = {key: told(text) for key, text in made.settings.items()}
    return structs.replace(made, oauth=structs.replace(made.oauth, **urls), settings=settings)
