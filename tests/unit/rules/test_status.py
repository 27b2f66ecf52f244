"""The account's state machine, read against the contract's table."""

import pytest

from houselights.core.events import EventKind
from houselights.rules.status import AccountStatus, Happening, Move, move

STATES = (None, *AccountStatus)


@pytest.mark.parametrize("status", STATES)
def test_a_consent_connects_from_every_state(status: AccountStatus | None) -> None:
    assert move(status, Happening.CONNECT) == Move(AccountStatus.CONNECTED, EventKind.ACCOUNTS_CONNECTED)


def test_a_refused_consent_expires_a_connected_account() -> None:
    assert move(AccountStatus.CONNECTED, Happening.CONSENT_REFUSED) == Move(
        AccountStatus.SESSION_EXPIRED, EventKind.SESSION_EXPIRED
    )


@pytest.mark.parametrize("status", [None, AccountStatus.SESSION_EXPIRED, AccountStatus.NOT_CONNECTED])
def test_a_refused_consent_is_told_once_and_never_revives_a_disconnected_account(status: AccountStatus | None) -> None:
    assert move(status, Happening.CONSENT_REFUSED) is None


@pytest.mark.parametrize("status", [AccountStatus.CONNECTED, AccountStatus.SESSION_EXPIRED])
def test_a_disconnect_ends_a_connected_or_expired_account(status: AccountStatus) -> None:
    assert move(status, Happening.DISCONNECT) == Move(AccountStatus.NOT_CONNECTED, EventKind.ACCOUNTS_DISCONNECTED)


@pytest.mark.parametrize("status", [None, AccountStatus.NOT_CONNECTED])
def test_a_second_disconnect_moves_nothing(status: AccountStatus | None) -> None:
    assert move(status, Happening.DISCONNECT) is None
