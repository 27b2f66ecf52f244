"""What flows are handed: the doors, the clock, and where ids and chance come from. Made by compose."""

from collections.abc import Callable, Mapping
from uuid import UUID

from msgspec import Struct

from houselights.core.ids import WorkPlatformId
from houselights.core.secret import Secret
from houselights.db.clock import Clock
from houselights.db.run import Database
from houselights.db.wake import Bell
from houselights.outbound.budget import Budgets
from houselights.outbound.client import HttpClient
from houselights.port.platform import Platform
from houselights.vault.tokens import Vault


class Rooms(Struct, frozen=True):
    """Everything a flow may touch.

    platform_http     calls platforms: only the base URLs that a platform app names
    budgets           the calls that platforms allow, shared by all processes
    webhook_http      calls webhooks, by the application's environment; sandbox applications may reach loopback
    new_id            fresh v4 UUIDs
    chance            0 <= x < 1, for jitter
    bell              rung after a commit that made something due
    verifier          the PKCE verifier of a state: derived, so that nothing of it is stored
    callback_url      where platforms send creators back to, such as `https://api.example.org/connect/callback`
    keeps_replies     whether raw replies of refreshes are kept
    """

    database: Database
    vault: Vault
    clock: Clock
    bell: Bell
    platforms: Mapping[WorkPlatformId, Platform]
    platform_http: HttpClient
    budgets: Budgets
    webhook_http: Mapping[str, HttpClient]
    new_id: Callable[[], UUID]
    chance: Callable[[], float]
    verifier: Callable[[str], Secret]
    callback_url: str
    keeps_replies: bool = True
