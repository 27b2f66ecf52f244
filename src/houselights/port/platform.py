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

    options  what else the platform wants to know of it, by the names of `Manifest.app_options`
    """

    client_id: str
    client_secret: Secret
    options: Mapping[str, str] = {}

    @property
    def kind(self) -> str:
        """Which of the platform's kinds of apps it is (`OAuth.kinds`); "" for the usual one."""
        return self.options.get("kind", "")


class Grant(Struct, frozen=True):
    """What a consent gave, for one account; sealed as one value.

    tokens      by name, such as `page` and `user`; which names exist is the platform's business
    refs        ids that later requests need, such as the page's; never secret
    scopes      what was granted, which can be less than was asked
    expires_at  when the creator must consent again, None where the platform names no end
    renew_at    from when `Platform.renew` should make a fresh grant of it, None where it needs none
    person      who consented, as the platform calls them to this app; None where it names nobody. Whoever ends one
                grant at a platform ends all that this person gave the app
    works_until  when its access token ends; a grant that is due for a renewal and does not get it is read with until
                 then. None where no end is known: then not beyond `renew_at`
    """

    tokens: Mapping[str, Secret]
    refs: Mapping[str, str]
    scopes: tuple[str, ...]
    expires_at: datetime | None
    renew_at: datetime | None = None
    person: str | None = None
    works_until: datetime | None = None


class Withdrawal(Struct, frozen=True):
    """What a platform tells by itself: a person took back what they had given an app.

    person     as in `Grant.person`
    issued_at  when the platform said so, in whole seconds; what they gave later is not meant
    """

    person: str
    issued_at: datetime


class Redirect(Struct, frozen=True):
    """A creator's way to the consent and back.

    uri       our callback, the same to the letter in both steps
    state     random, single use, bound to the creator's browser
    verifier  of PKCE (RFC 7636), for platforms that take it
    products  what the creator is asked for, beside their identity; () for all that the platform is read for
    """

    uri: str
    state: str
    verifier: Secret
    products: Sequence[str] = ()


class Candidate(Struct, frozen=True):
    """An account that a consent reaches; the creator picks one where there are several.

    platform_profile_id  the stable id that the contract serves
    display              how to name it to the creator, such as `@ava.stone`
    name                 as the profile's `platform_profile_name`, None where it goes by its handle
    is_page              whether it is a page of an organisation's, not a person's own profile
    through              name of the page by which it is read, None where it is read by itself
    """

    platform_profile_id: str
    username: str | None
    display: str
    grant: Grant
    name: str | None = None
    is_page: bool = False
    through: str | None = None


class Reading(Struct, frozen=True):
    """One refresh's worth: the profile, and the audience or why there is none."""

    profile: ProfileFacts
    audience: AudienceFacts | NoAudience


class Usage(Struct, frozen=True):
    """What a reply's headers say of a rate budget.

    percent    0..100 and above, the fullest of the counters
    wait_s     how long the platform says to wait, 0 where it says nothing
    resets_at  where the platform names the instant instead at which the budget opens again
    bucket     whose calls are counted: `account`, `app` for all of the app's, or `project` for those of its apps
    beside     the other bucket's, where a reply says that both are full
    """

    percent: int
    wait_s: int = 0
    resets_at: datetime | None = None
    bucket: str = "account"
    beside: "Usage | None" = None


class FakeRequest(Struct, frozen=True):
    """What reached the fake.

    url      absolute, on the platform's real host, without its query
    query, form, json  parameters as sent, last one wins; of a JSON body, the texts of its one flat object
    now      the sandbox's instant: tokens expire by it, numbers move by its day
    public_base  where a browser reaches this fake's host, for links that the platform puts in its replies
    usage_percent  how full the fake says its rate budgets are; None: as it counted
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
    """An invented platform: answers requests as the real one documents it."""

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
        """Every token that a persona gave up to `at` is dead from now on, answered by the named refusal."""
        ...


@runtime_checkable
class TellingFake(Fake, Protocol):
    """A fake of a platform that tells apps what people took back."""

    def remove_app(self, username: str, at: datetime) -> Mapping[str, str]:
        """A persona takes the app out of their settings: their tokens are dead. The form that the app is told with."""
        ...


class UnfitReplyError(PlatformChanged):
    """One of the kept replies given to a normaliser does not fit; `reply` is its place among them, from 0."""

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
        """A fresh grant for one that is due for it; the old one may be dead from then on.

        raises  TokenRevoked where the platform says that the grant is dead, NotGiven where nothing can be renewed
        """
        ...

    def revoke(self, app: AppKeys, grant: Grant) -> Script[None]:
        """End the grant at the platform. A grant that is dead already is no error.

        raises  NotGiven where the platform has no such call
        """
        ...

    @property
    def tells_withdrawals(self) -> bool:
        """Whether the platform tells an app by itself what people took back."""
        ...

    def withdrawal(self, app: AppKeys, sent: Mapping[str, str]) -> Withdrawal | None:
        """What a form that somebody posted to us says; None where it was not signed with this app's secret.

        raises  PlatformChanged for what is signed and does not fit
        """
        ...

    def read(self, app: AppKeys, grant: Grant, now: datetime, *, with_audience: bool = True) -> Script[Reading]:
        """Fetch and normalise profile and audience as of `now`, by which platforms are asked for days.

        with_audience  whether anybody wants one; else no call is made for it, whatever was granted
        raises         every PlatformError; a refused audience does not raise: it is in the reading. TokenRefused, and
                       not TokenRevoked, where only the access token is refused and a renewal may bring another
        """
        ...

    def usage(self, reply: Response) -> Usage | None:
        """The rate budget as a reply's headers tell it; None where they say nothing."""
        ...

    def normalise_audience(self, replies: Sequence[bytes]) -> AudienceFacts | NoAudience:
        """Kept raw replies -> audience; each reply is recognised by its content, order does not matter.

        raises  UnfitReplyError naming the reply and the place that does not fit
        """
        ...

    def normalise_profile(self, replies: Sequence[bytes]) -> ProfileFacts:
        """Kept raw replies -> profile; as `normalise_audience`."""
        ...

    def fake(self, personas: Sequence[Persona]) -> Fake:
        """The platform, invented: written from its documentation, not from our connector."""
        ...
