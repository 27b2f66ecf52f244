"""The dialog as a client's page meets it, in a real browser: the ten checks by which a drop-in holds."""

from pathlib import Path

import pytest

from houselights.core.ids import UserId
from tests.contract.seed import Caller
from tests.e2e.connect.clients import ClientPages
from tests.e2e.connect.dialog import PLATFORM, PRIMARY, agree, at_client, choose, options, shows
from tests.e2e.connect.rows import accounts
from tests.e2e.connect.stage import Stage

pytestmark = pytest.mark.e2e_tools


@pytest.mark.parametrize("page", ["plain", "late", "twice"])
async def test_one_connect_is_told_once_and_done_ends_it_however_the_script_is_loaded(
    stage: Stage, clients: ClientPages, caller: Caller, user_id: UserId, tmp_path: Path, page: str
) -> None:
    async with at_client(tmp_path, clients, caller, await options(caller, user_id), page) as dialog:
        frame = await dialog.open()
        await choose(frame)
        window = await dialog.login(frame)
        await agree(window, "ava.stone")
        await shows(frame, "", "CONNECTED")
        await frame.click(PRIMARY)
        await dialog.gone()
        events = await dialog.heard(2)
    (account,) = await accounts(stage.database, caller.application_id, stage.clock.now())
    assert events == [
        ["accountConnected", str(account.account_id), PLATFORM, str(user_id), 200],
        ["exit", "DONE_CLICKED", str(user_id)],
    ]
