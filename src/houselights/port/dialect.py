"""The parts of a platform's folder, put together as the port's `Platform`.

A folder's `build` hands over its modules; each fulfils one of the protocols below, so that no folder writes the
same class again.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from houselights.core.messages import Response, Script
from houselights.core.secret import Secret
from houselights.port.manifest import Manifest
from houselights.port.persona import Persona
from houselights.port.platform import AppKeys, Candidate, Fake, Grant, Reading, Redirect, Usage, Withdrawal
from houselights.resources.audience import AudienceFacts, NoAudience
from houselights.resources.profiles import ProfileFacts


class Consent(Protocol):
    """What `oauth.py` says."""

    def authorize_url(self, manifest: Manifest, app: AppKeys, redirect: Redirect) -> str:
        """As `Platform.authorize_url`."""
        ...

    def exchange(
        self, manifest: Manifest, app: AppKeys, code: Secret, redirect: Redirect, now: datetime
    ) -> Script[tuple[Candidate, ...]]:
        """As `Platform.exchange`."""
        ...

    def renew(self, manifest: Manifest, app: AppKeys, grant: Grant, now: datetime) -> Script[Grant]:
        """As `Platform.renew`."""
        ...

    def revoke(self, manifest: Manifest, app: AppKeys, grant: Grant) -> Script[None]:
        """As `Platform.revoke`."""
        ...


class Fetching(Protocol):
    """What `fetch.py` says."""

    def read(
        self, manifest: Manifest, app: AppKeys, grant: Grant, now: datetime, with_audience: bool
    ) -> Script[Reading]:
        """As `Platform.read`."""
        ...

    def usage(self, manifest: Manifest, reply: Response) -> Usage | None:
        """As `Platform.usage`."""
        ...


class Normalising(Protocol):
    """What `normalise.py` says."""

    def audience(self, manifest: Manifest, replies: Sequence[bytes]) -> AudienceFacts | NoAudience:
        """As `Platform.normalise_audience`."""
        ...

    def profile(self, manifest: Manifest, replies: Sequence[bytes]) -> ProfileFacts:
        """As `Platform.normalise_profile`."""
        ...


class Dialect:
    """A `Platform` made of four parts and its facts."""

    def __init__(
        self,
        manifest: Manifest,
        consent: Consent,
        fetching: Fetching,
        normalising: Normalising,
        fake: Callable[[Sequence[Persona]], Fake],
        *,
        told: Callable[[AppKeys, Mapping[str, str]], Withdrawal | None] | None = None,
    ) -> None:
        """told: as `Platform.withdrawal`; None for a platform that reports nothing unprompted."""
        self._manifest = manifest
        self._consent = consent
        self._fetching = fetching
        self._normalising = normalising
        self._fake = fake
        self._told = told

    @property
    def manifest(self) -> Manifest:
        return self._manifest

    def authorize_url(self, app: AppKeys, redirect: Redirect) -> str:
        return self._consent.authorize_url(self._manifest, app, redirect)

    def exchange(self, app: AppKeys, code: Secret, redirect: Redirect, now: datetime) -> Script[tuple[Candidate, ...]]:
        return self._consent.exchange(self._manifest, app, code, redirect, now)

    def renew(self, app: AppKeys, grant: Grant, now: datetime) -> Script[Grant]:
        return self._consent.renew(self._manifest, app, grant, now)

    def revoke(self, app: AppKeys, grant: Grant) -> Script[None]:
        return self._consent.revoke(self._manifest, app, grant)

    @property
    def tells_withdrawals(self) -> bool:
        return self._told is not None

    def withdrawal(self, app: AppKeys, sent: Mapping[str, str]) -> Withdrawal | None:
        return None if self._told is None else self._told(app, sent)

    def read(self, app: AppKeys, grant: Grant, now: datetime, *, with_audience: bool = True) -> Script[Reading]:
        return self._fetching.read(self._manifest, app, grant, now, with_audience)

    def usage(self, reply: Response) -> Usage | None:
        return self._fetching.usage(self._manifest, reply)

    def normalise_audience(self, replies: Sequence[bytes]) -> AudienceFacts | NoAudience:
        return self._normalising.audience(self._manifest, replies)

    def normalise_profile(self, replies: Sequence[bytes]) -> ProfileFacts:
        return self._normalising.profile(self._manifest, replies)

    def fake(self, personas: Sequence[Persona]) -> Fake:
        return self._fake(personas)
