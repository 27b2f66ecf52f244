"""The one true port: what the machinery may ask of a platform.

A platform is pure. Its methods return values or scripts (`core.messages`); `outbound.drive` plays the scripts.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from msgspec import Struct

from houselights.core.errors import PlatformChanged
from houselights.core.messages import Response, Script
from houselights.core.secret import Secret
from houselights.port.manifest import Manifest
from houselights.port.persona import Persona
from houselights.resources.audience import AudienceFacts, NoAudience
from houselights.resources.profiles import ProfileFacts


class AppKeys(Struct, frozen=True):
    """The operator's app at the platform. `client_id` is public; the secret stays wrapped.

    options  what else the platform needs to know about it, under the names of `Manifest.app_options`
    """

    client_id: str
    client_secret: Secret
    options: Mapping[str, str] = {}

    @property
    def kind(self) -> str:
        """Which of the platform's kinds of app it is (`OAuth.kinds`); "" for the usual one."""
        return self.options.get("kind", "")


class Grant(Struct, frozen=True):
    """What a consent gave, for one account; sealed as one value.

    tokens      by name, such as `page` and `user`; which names exist is the platform's business
    refs        ids that later requests need, such as the page's; never secret
    scopes      what was granted, which can be less than was asked for
    expires_at  when the creator must consent again, None where the platform gives no end
    renew_at    when `Platform.renew` should first make a fresh grant from it, None if it needs none
    person      the platform's name, within this app, for who consented; None where it gives none. Ending one
                grant at a platform ends everything that this person gave the app
    works_until  when its access token ends; a grant that is due for renewal and does not get it is used for reading
                 until then. None where no end is known: then only until `renew_at`
    """

    tokens: Mapping[str, Secret]
    refs: Mapping[str, str]
    scopes: tuple[str, ...]
    expires_at: datetime | None
    renew_at: datetime | None = None
    person: str | None = None
    works_until: datetime | None = None


class Withdrawal(Struct, frozen=True):
    """What a platform reports unprompted: a person took back what they had given an app.

    person     as in `Grant.person`
    issued_at  when the platform said so, in whole seconds; anything given later is unaffected
    """

    person: str
    issued_at: datetime


class Redirect(Struct, frozen=True):
    """A creator's way to the consent and back.

    uri       our callback, identical in both steps to the letter
    state     random, single use, bound to the creator's browser
    verifier  that of PKCE (RFC 7636), for platforms that accept it
    products  what the creator is asked for besides their identity; () for everything that the platform is read for
    """

    uri: str
    state: str
    verifier: Secret
    products: Sequence[str] = ()


class Candidate(Struct, frozen=True):
    """An account that a consent reaches; if there are several, the creator picks one.

    platform_profile_id  the stable id that the contract serves
    display              how to name it to the creator, such as `@ava.stone`
    name                 as the profile's `platform_profile_name`, None where it goes by its handle
    is_page              whether it is an organisation's page, not a person's own profile
    through              name of the page through which it is read, None where it is read directly
    """

    platform_profile_id: str
    username: str | None
    display: str
    grant: Grant
    name: str | None = None
    is_page: bool = False
    through: str | None = None


class Reading(Struct, frozen=True):
    """What one refresh brings: the profile, and the audience or why there is none."""

    profile: ProfileFacts
    audience: AudienceFacts | NoAudience


class Usage(Struct, frozen=True):
    """What a reply's headers say about a rate budget.

    percent    0..100 and above, the fullest of the counters
    wait_s     how long the platform says to wait, 0 where it does not say
    resets_at  the instant at which the budget opens again, where the platform gives that instead
    bucket     whose calls are counted: `account`, `app` for all of the app's, or `project` for those of all its apps
    beside     the other bucket's, if a reply says that both are full
    """

    percent: int
    wait_s: int = 0
    resets_at: datetime | None = None
    bucket: str = "account"
    beside: "Usage | None" = None


class FakeRequest(Struct, frozen=True):
    """What reached the fake.

    url      absolute, on the platform's real host, without its query
    query, form, json  parameters as sent, the last one wins; for a JSON body, the texts of its one flat object
    now      the sandbox's instant: tokens expire by it, numbers change with its day
    public_base  where a browser reaches this fake's host, for links that the platform puts in its replies
    usage_percent  how full the fake says its rate budgets are; None: as counted
    """

    method: str
    url: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    headers: Mapping[str, str]
    now: datetime
    public_base: str
    usage_percent: int | None = None
    json: Mapping[str, str] = {}


class Fake(Protocol):
    """An invented platform: answers requests in the way that the real one documents."""

    @property
    def app(self) -> AppKeys:
        """The one app that this platform knows: what an operator would have registered there."""
        ...

    @property
    def refusals(self) -> Mapping[str, Response]:
        """Every refusal that the platform documents, by the name of its sample (`error_190_463_expired`)."""
        ...

    def answer(self, request: FakeRequest) -> Response:
        """One reply. Never raises: what the platform would refuse is refused in the platform's own words."""
        ...

    def caller(self, request: FakeRequest) -> str | None:
        """Username of the persona whose token or choice a request carries; None where it carries none."""
        ...

    def meet(self, personas: Sequence[Persona]) -> None:
        """Take the creators as of a new day; tokens, used codes and ended grants stay as they are."""
        ...

    def end_grants(self, username: str, at: datetime, refusal: str) -> None:
        """From now on every token that a persona gave up to `at` is dead, and gets the named refusal."""
        ...


@runtime_checkable
class TellingFake(Fake, Protocol):
    """A fake of a platform that tells apps what people took back."""

    def remove_app(self, username: str, at: datetime) -> Mapping[str, str]:
        """A persona removes the app in their settings: their tokens are dead. Returns the form that tells the app."""
        ...


class UnfitReplyError(PlatformChanged):
    """One of the kept replies given to a normaliser does not fit; `reply` is its index among them, from 0."""

    def __init__(self, reply: int, place: str) -> None:
        super().__init__("unfit_reply", place)
        self.reply = reply


class Platform(Protocol):
    """One dialect. Made by its folder's `build(manifest)`."""

    @property
    def manifest(self) -> Manifest:
        """The platform's facts."""
        ...

    def authorize_url(self, app: AppKeys, redirect: Redirect) -> str:
        """Where the creator's browser goes to consent: the real address, query included; no secret in it."""
        ...

    def exchange(self, app: AppKeys, code: Secret, redirect: Redirect, now: datetime) -> Script[tuple[Candidate, ...]]:
        """Turn an authorisation code into the accounts it reaches.

        raises  NotGranted where a needed scope was unticked, NotGiven where no fitting account exists
                (code `NO_LINKED_PAGE`, `NO_PROFESSIONAL_ACCOUNT`), TokenRevoked for a used or expired code
        """
        ...

    def renew(self, app: AppKeys, grant: Grant, now: datetime) -> Script[Grant]:
        """A fresh grant for one that is due; the old one may be dead from then on.

        raises  TokenRevoked where the platform says that the grant is dead, NotGiven where nothing can be renewed
        """
        ...

    def revoke(self, app: AppKeys, grant: Grant) -> Script[None]:
        """End the grant at the platform. If it is already dead, that is not an error.

        raises  NotGiven where the platform has no such call
        """
        ...

    @property
    def tells_withdrawals(self) -> bool:
        """Whether the platform tells an app, unprompted, what people took back."""
        ...

    def withdrawal(self, app: AppKeys, sent: Mapping[str, str]) -> Withdrawal | None:
        """What a form says that somebody posted to us; None if it was not signed with this app's secret.

        raises  PlatformChanged if it is signed but does not fit
        """
        ...

    def read(self, app: AppKeys, grant: Grant, now: datetime, *, with_audience: bool = True) -> Script[Reading]:
        """Fetch and normalise profile and audience as of `now`, which also decides the days to ask for.

        with_audience  whether anybody wants one; if not, no call is made for it, whatever was granted
        raises         every PlatformError; a refused audience does not raise: it is in the reading. TokenRefused,
                       not TokenRevoked, if only the access token is refused and a renewal may bring another
        """
        ...

    def usage(self, reply: Response) -> Usage | None:
        """The rate budget according to a reply's headers; None where they do not mention one."""
        ...

    def normalise_audience(self, replies: Sequence[bytes]) -> AudienceFacts | NoAudience:
        """Kept raw replies -> audience; each reply is recognised by its contents, in any order.

        raises  UnfitReplyError naming the reply and the place that does not fit
        """
        ...

    def normalise_profile(self, replies: Sequence[bytes]) -> ProfileFacts:
        """Kept raw replies -> profile; as `normalise_audience`."""
        ...

    def fake(self, personas: Sequence[Persona]) -> Fake:
        """The platform, invented: written from its documentation, not from our connector."""
        ...
