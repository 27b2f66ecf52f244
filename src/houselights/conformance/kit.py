"""What rules are handed: ways to call, the account to look at, webhooks of their own, and accounts to use up."""

import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, TypeVar
from uuid import UUID

from msgspec import Struct

from houselights.conformance.calls import Caller, Line, Reply
from houselights.conformance.credentials import Credentials
from houselights.conformance.documents import Document
from houselights.conformance.receiver import Arrival, Mailbox, Receiver
from houselights.conformance.rule import Failed, Need, NotChecked
from houselights.conformance.sandbox import Sandbox
from houselights.core.errors import HouselightsError

T = TypeVar("T")


class Plan(Struct, frozen=True, kw_only=True):
    """What a run is to do.

    second, older_client  another application; the first one with the older of two valid secrets
    spendable             accounts that may be disconnected
    third_gender          OTHERS, or OTHER where the application has switched
    patience_s            how long to wait for an event, a delivery or the end of a refresh
    quiet_s               how long to make sure that nothing more arrives
    burst                 calls to send at once to provoke a 429; 0 for none
    """

    application: Credentials
    second: Credentials | None = None
    older: Credentials | None = None
    writes: bool = False
    account_id: str | None = None
    spendable: Sequence[str] = ()
    third_gender: str = "OTHERS"
    patience_s: float = 60.0
    quiet_s: float = 1.0
    burst: int = 0


class Sample(Struct, frozen=True):
    """The account that reading rules look at, and its documents; None for those that do not exist."""

    account: Document | None = None
    profile: Document | None = None
    audience: Reply | None = None


class Doors(Struct, frozen=True):
    """How the kit reaches the outside. receiver, sandbox: None where there is none."""

    line: Line
    receiver: Receiver | None
    sandbox: Sandbox | None
    new_id: Callable[[], UUID]


class Kit:
    """One run's means. What is found is set by `world` before the first rule."""

    def __init__(self, plan: Plan, doors: Doors) -> None:
        self.plan = plan
        self.line = doors.line
        self.line.hide = self.hide
        self.api = Caller(doors.line, plan.application.basic())
        self.nobody = Caller(doors.line, None)
        self.sample = Sample()
        self.deaf = "needs --write, to register its webhook"
        """Why no delivery reaches the kit; "" if one did."""
        self.ear = Mailbox("", _unheard)
        """Receives everything that the server sends while the run lasts."""
        self.sent_ids: set[str] = set()
        """Account ids of notifications that the kit itself asked for."""
        self.second_ids: set[str] = set()
        """Those of them that the second application asked for."""
        self._doors = doors
        self._spendable = list(plan.spendable)
        self._memory: dict[object, object] = {}

    def hide(self, text: str) -> str:
        """A server's text without the secrets of the run."""
        for credentials in self._all_credentials():
            text = credentials.hide(text)
        return text

    def hide_echoes(self, text: str) -> str:
        """A text of ours, without any secrets of the run that it quotes from a server."""
        for credentials in self._all_credentials():
            text = credentials.hide_echoes(text, self._came)
        return text

    def _all_credentials(self) -> Iterator[Credentials]:
        return (each for each in (self.plan.application, self.plan.second, self.plan.older) if each)

    def _came(self, form: str) -> bool:
        """Whether a server sent this, in an answer or to the receiver."""
        arrivals = self._doors.receiver.arrivals() if self._doors.receiver else ()
        written = {form.encode(), *(json.dumps(form, ensure_ascii=each)[1:-1].encode() for each in (True, False))}
        return any(
            any(each in sent.body for each in written) or any(form in value for value in sent.headers.values())
            for sent in (*self.line.replies, *arrivals)
        )

    def new_id(self) -> str:
        """An id that nobody has."""
        return str(self._doors.new_id())

    @property
    def second(self) -> Caller:
        """The second application. Raises NotChecked."""
        if self.plan.second is None:
            raise NotChecked(f"needs {Need.SECOND.value}")
        return Caller(self.line, self.plan.second.basic())

    @property
    def receiver(self) -> Receiver:
        """Where deliveries arrive. Raises NotChecked."""
        if self._doors.receiver is None:
            raise NotChecked("needs a receiver")
        return self._doors.receiver

    @property
    def has_receiver(self) -> bool:
        """Whether there is one at all, reachable or not."""
        return self._doors.receiver is not None

    @property
    def sandbox(self) -> Sandbox:
        """The invented platforms. Raises NotChecked."""
        if self._doors.sandbox is None:
            raise NotChecked(f"needs {Need.SANDBOX.value}, the address of a houselights sandbox")
        return self._doors.sandbox

    @property
    def has_sandbox(self) -> bool:
        """Whether one was named."""
        return self._doors.sandbox is not None

    @property
    def account(self) -> Document:
        """The account to look at. Raises NotChecked."""
        return _there(self.sample.account, "the list of accounts is empty")

    @property
    def profile(self) -> Document:
        """Its profile. Raises NotChecked."""
        return _there(self.sample.profile, "no account with a profile was found")

    @property
    def audience(self) -> Document:
        """Its audience. Raises NotChecked."""
        return _there(self.sample.audience, "no account with audience data was found").document()

    def take_spendable(self) -> str | None:
        """The next account that may be disconnected."""
        return self._spendable.pop(0) if self._spendable else None

    def lacks(self, need: Need) -> str:
        """Why a need cannot be met, "" if it can."""
        account = self.sample.account
        reasons = {
            Need.WRITE: "" if self.plan.writes else "needs --write",
            Need.ACCOUNT: "" if account else "the list of accounts is empty",
            Need.CONNECTED: "" if account and is_refreshable(account) else f"found no {Need.CONNECTED.value[2:]}",
            Need.PROFILE: "" if self.sample.profile else f"found no {Need.PROFILE.value[3:]}",
            Need.AUDIENCE: "" if self.sample.audience else f"found no {Need.AUDIENCE.value[3:]}",
            Need.RECEIVER: self.deaf,
            Need.SECOND: "" if self.plan.second else f"needs {Need.SECOND.value}",
            Need.OLDER: "" if self.plan.older else f"needs {Need.OLDER.value}",
            Need.SANDBOX: "" if self.has_sandbox else "needs --sandbox-url, the address of a houselights sandbox",
            Need.SPENDABLE: "" if self._spendable or self.has_sandbox else f"needs {Need.SPENDABLE.value}",
        }
        return reasons[need]

    async def once(self, work: "Callable[[Kit], Awaitable[T]]") -> T:
        """The result of `work`, done only the first time; a failure is remembered and raised again."""
        if work not in self._memory:
            try:
                self._memory[work] = await work(self)
            except (Failed, NotChecked, HouselightsError) as error:
                self._memory[work] = error
        known: Any = self._memory[work]
        if isinstance(known, Exception):
            raise known
        result: T = known
        return result


def is_refreshable(account: Document) -> bool:
    """Whether a refresh of the account must be accepted."""
    data = account.get("data")
    return account.get("status") == "CONNECTED" and isinstance(data, dict) and isinstance(data.get("identity"), dict)


async def _unheard(_arrival: Arrival) -> int:
    return 204


def _there(value: T | None, why: str) -> T:
    if value is None:
        raise NotChecked(why)
    return value
