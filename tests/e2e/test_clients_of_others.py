"""Clients that we did not write, against a running houselights: axios under Node, and a generated typed client."""

import base64
import json
from pathlib import Path

import pytest

from houselights.cli.client import wanted
from tests.e2e.clients import generated
from tests.e2e.clients.node import run_node
from tests.e2e.house import INSTAGRAM, Account, House, until
from tests.house.tree import PACKAGE, ROOT

pytestmark = pytest.mark.e2e_tools

SAMPLES = Path(__file__).parent / "clients"


@pytest.fixture
def integrator(home: House, account: Account) -> dict[str, str]:
    """All that an integrator changes: a base URL and credentials."""
    plain = f"{home.client_id}:{home.secret.reveal()}".encode()
    return {
        "BASE_URL": f"http://127.0.0.1:{home.port}",
        "CREDENTIALS": base64.b64encode(plain).decode(),
        "ACCOUNT_ID": account.id,
    }


async def test_the_refresh_sample_runs_under_node(
    home: House, account: Account, integrator: dict[str, str], tmp_path: Path
) -> None:
    before = (await home.refresh_of(account))["requested_at"]
    printed = await run_node((SAMPLES / "refresh.mjs").read_text(encoding="utf-8"), tmp_path, **integrator)
    assert json.loads(printed) == {"status": 202, "data": {"account_id": account.id}}

    async def is_asked() -> bool:
        return (await home.refresh_of(account))["requested_at"] != before

    await until(is_asked)


async def test_the_audience_sample_runs_under_node(
    home: House, account: Account, integrator: dict[str, str], tmp_path: Path
) -> None:
    printed = await run_node((SAMPLES / "audience.mjs").read_text(encoding="utf-8"), tmp_path, **integrator)
    served = wanted(await home.api.get("/v1/audience", account_id=account.id), 200, "an audience")
    assert json.loads(printed) == {"status": 200, "data": served}


@pytest.mark.rule("C-122")
async def test_a_generated_client_calls_every_operation_and_loses_nothing_of_an_answer(
    home: House,
    account: Account,
    integrator: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await generated.generate(f"{integrator['BASE_URL']}/openapi.json", tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    values = await values_of(home, account)
    operations = sorted(generated.operations(), key=lambda each: each.ends_something)
    assert len(operations) > 15
    async with generated.client(integrator["BASE_URL"], f"Basic {integrator['CREDENTIALS']}") as client:
        for operation in operations:
            reply = await generated.call(client, operation, values)
            assert reply.status_code == operation.status, (operation.path, reply.content)
            if reply.headers.get("content-type") == "application/json":
                assert reply.parsed.to_dict() == json.loads(reply.content), operation.path


async def test_the_postman_collection_is_what_its_tool_makes_of_the_contract(tmp_path: Path) -> None:
    made = tmp_path / "postman.json"
    script = (ROOT / "requirements" / "node" / "postman.mjs").read_text(encoding="utf-8")
    await run_node(script, tmp_path, str(PACKAGE / "api" / "openapi.json"), str(made))
    assert made.read_bytes() == (PACKAGE / "api" / "reference" / "postman.json").read_bytes()


async def values_of(home: House, account: Account) -> dict[str, str]:
    """What `generated.call` fills in: this house's ids."""
    profiles = wanted(await home.api.get("/v1/profiles", account_id=account.id), 200, "profiles")["data"]
    webhooks = wanted(await home.api.get("/v1/webhooks"), 200, "webhooks")["data"]
    wish: dict[str, object] = {"user_id": account.user_id, "work_platform_id": INSTAGRAM}
    session = wanted(await home.api.post("/x/connect-sessions", wish), 201, "a session")
    user = wanted(await home.api.get(f"/v1/users/{account.user_id}"), 200, "the user")
    assert isinstance(profiles, list)
    assert isinstance(webhooks, list)
    return {
        "users": account.user_id,
        "accounts": account.id,
        "profiles": profiles[0]["id"],
        "webhooks": webhooks[0]["id"],
        "work-platforms": INSTAGRAM,
        "connect-sessions": str(session["id"]),
        "account_id": account.id,
        "external_id": str(user["external_id"]),
        "slug": "instagram",
        "5d0f4c5e-2b7a-4f0d-9a53-6b1f0c7e2a11": account.user_id,
        "b7f5d3a0-41c2-4c58-8f0e-0a8d6a4c9e21": account.id,
    }
