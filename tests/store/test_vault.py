"""Sealing: values open only in their place, under their application's key and the right master key."""

import asyncio
import base64
import os
import pickle
import shlex
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from msgspec import Struct

from houselights.core.ids import ApplicationId
from houselights.core.secret import Secret
from houselights.core.statement import Statement
from houselights.db.clock import Clock
from houselights.db.run import Database
from houselights.port.platform import Grant
from houselights.vault.key_source import KeySource
from houselights.vault.keyring import Keyring
from houselights.vault.keys import KeyBroken, KeyMissing, MasterKey, RootKey, new_root_key, read_keys
from houselights.vault.seal import Place, SealBroken
from houselights.vault.tokens import Vault

MASTER = MasterKey(b"\x07" * 32)
CANARY = "EAAB-canary-token"
GRANT = Grant(
    tokens={"page": Secret(CANARY), "user": Secret("EAAB-user")},
    refs={"page_id": "200000000000001"},
    scopes=("instagram_basic",),
    expires_at=datetime(2026, 8, 1, tzinfo=UTC),
)


def vault_of(database: Database, clock: Clock, master: MasterKey = MASTER) -> Vault:
    """A vault as a process opens it: nothing in memory yet."""
    return Vault(Keyring([master]), database, clock, uuid4)


async def test_a_grant_comes_back_as_it_was_sealed_also_in_another_process(database: Database, clock: Clock) -> None:
    application_id, account_id = ApplicationId(uuid4()), uuid4()
    sealed = await vault_of(database, clock).seal_grant(application_id, account_id, GRANT)

    assert CANARY.encode() not in sealed
    assert await vault_of(database, clock).open_grant(application_id, account_id, sealed) == GRANT


async def test_a_sealed_value_does_not_open_in_another_place(database: Database, clock: Clock) -> None:
    vault, application_id, row = vault_of(database, clock), ApplicationId(uuid4()), uuid4()
    sealed = await vault.seal(application_id, b"x", Place("account_tokens", "sealed", row))

    for other in (
        Place("account_tokens", "sealed", uuid4()),
        Place("account_tokens", "wrapped", row),
        Place("application_secrets", "sealed", row),
        Place("account_tokens", "sealed"),
    ):
        with pytest.raises(SealBroken):
            await vault.open(application_id, sealed, other)


async def test_a_sealed_value_does_not_open_for_another_application(database: Database, clock: Clock) -> None:
    vault, place = vault_of(database, clock), Place("account_tokens", "sealed", UUID(int=1))
    mine, other = ApplicationId(uuid4()), ApplicationId(uuid4())
    sealed = await vault.seal(mine, b"x", place)
    await vault.seal(other, b"y", place)

    with pytest.raises(SealBroken):
        await vault.open(other, sealed, place)


@pytest.mark.parametrize("position", [0, 1, 17, 30, -1])
async def test_a_changed_byte_is_noticed(database: Database, clock: Clock, position: int) -> None:
    vault, application_id, place = vault_of(database, clock), ApplicationId(uuid4()), Place("t", "c")
    sealed = bytearray(await vault.seal(application_id, b"value", place))
    sealed[position] ^= 1

    with pytest.raises(SealBroken):
        await vault.open(application_id, bytes(sealed), place)


async def test_equal_values_do_not_look_equal_when_sealed(database: Database, clock: Clock) -> None:
    vault, application_id, place = vault_of(database, clock), ApplicationId(uuid4()), Place("t", "c")

    assert len({await vault.seal(application_id, b"same", place) for _ in range(50)}) == 50


async def test_processes_that_start_at_once_open_what_the_others_sealed(database: Database, clock: Clock) -> None:
    application_id, place = ApplicationId(uuid4()), Place("t", "c")
    vaults = [vault_of(database, clock) for _ in range(8)]
    sealed = await asyncio.gather(*(vault.seal(application_id, b"value", place) for vault in vaults))

    for vault in vaults:
        assert {await vault.open(application_id, value, place) for value in sealed} == {b"value"}


class Text(Struct, frozen=True):
    """A row as text."""

    text: str


async def test_no_secret_stands_in_the_tables_in_clear(database: Database, clock: Clock) -> None:
    application_id = ApplicationId(uuid4())
    await vault_of(database, clock).seal_grant(application_id, uuid4(), GRANT)

    rows = await database.fetch(Statement("select k::text as text from data_keys k", Text))

    assert rows
    assert not any((b"\x07" * 32).hex() in row.text for row in rows)


def of_file(path: Path) -> KeySource:
    """Keys in a file, and nowhere else."""
    return KeySource(None, None, path)


def test_the_key_file_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "master.key"

    first, second = of_file(path).read(create=True), of_file(path).read(create=True)

    assert [key.key_id for key in first] == [key.key_id for key in second]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_new_key_stands_before_the_others_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    (old,) = of_file(path).read(create=True)

    made = of_file(path).add()

    assert [key.key_id for key in of_file(path).read()] == [made.key_id, old.key_id]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_what_a_start_that_was_killed_left_lying_is_in_no_later_ones_way(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    path.with_name(f"{path.name}.{os.getpid()}").touch()

    (made,) = of_file(path).read(create=True)

    assert of_file(path).add().key_id != made.key_id


def test_of_keys_that_are_added_at_the_same_time_none_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    first = of_file(path).read(create=True)

    with ThreadPoolExecutor(8) as threads:
        added = list(threads.map(lambda source: source.add(), [of_file(path)] * 24))

    assert {key.key_id for key in of_file(path).read()} == {key.key_id for key in (*first, *added)}
    assert list(tmp_path.iterdir()) == [path]


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    of_file(path).read(create=True)
    path.chmod(0o640)

    with pytest.raises(KeyMissing, match="chmod 600"):
        of_file(path).read()


def test_a_file_without_a_key_is_told_before_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "passwd"
    path.write_text("root:x:0:0:root:/:/bin/sh\n")
    path.chmod(0o644)

    with pytest.raises(KeyMissing, match=r"passwd must be 32 bytes as base64") as caught:
        of_file(path).read()

    assert "chmod" not in str(caught.value)


def test_a_missing_key_file_is_not_made_where_one_is_expected(tmp_path: Path) -> None:
    with pytest.raises(KeyMissing, match="restore the file or set one of them") as caught:
        of_file(tmp_path / "master.key").read()

    assert str(tmp_path / "master.key") in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "short", base64.b64encode(b"x" * 31).decode(), "zz" * 32, "ä" * 32, "00" * 33])
def test_a_malformed_key_says_what_one_looks_like_and_not_what_it_was(text: str) -> None:
    with pytest.raises(KeyMissing, match="32 bytes as base64 or as 64 hex digits") as caught:
        read_keys(Secret(text), "a test")
    assert not text or text not in str(caught.value)


def test_a_key_reads_the_same_as_base64_and_as_hex() -> None:
    raw = bytes(range(32))

    first, second = read_keys(Secret(f"{base64.b64encode(raw).decode()}\n{raw.hex()}"), "a test")

    assert first.key_id == second.key_id


def command(code: str) -> KeySource:
    """A command that runs some Python."""
    return KeySource(None, shlex.join((sys.executable, "-I", "-S", "-c", code)), Path("nowhere"))


def test_a_command_may_print_the_key() -> None:
    (key,) = command(f"print({(bytes(range(32))).hex()!r})").read()

    assert key.key_id == MasterKey(bytes(range(32))).key_id


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (command("print('tell-nobody'); raise SystemExit(3)"), "status 3"),
        (KeySource(None, "/nowhere/to-be-found", Path("nowhere")), "cannot be run: No such file"),
        (KeySource(None, "'", Path("nowhere")), "it is not a command"),
        (command("import sys; sys.stderr.write('tell-nobody'); print('tell-nobody')"), "64 hex digits"),
        (command("print('tell-nobody' * 10_000)"), "64 hex digits"),
        (command("import sys; sys.stdout.buffer.write(bytes([255]))"), "does not print a key"),
    ],
)
def test_a_command_that_brings_no_key_is_told_of_without_what_it_said(source: KeySource, why: str) -> None:
    with pytest.raises(KeyMissing, match=why) as caught:
        source.read(create=True)

    assert "MASTER_KEY_COMMAND" in str(caught.value)
    assert "tell-nobody" not in str(caught.value)


def test_a_command_that_does_not_answer_is_ended() -> None:
    silent = command("import signal; signal.pause()")

    with pytest.raises(KeyMissing, match="did not answer within"):
        KeySource(None, silent.command, silent.file, within_s=0.2).read()


def test_keys_show_themselves_to_nobody() -> None:
    root = new_root_key()
    assert (repr(MASTER), repr(root)) == (f"MasterKey({MASTER.key_id})", "RootKey(***)")
    for key in (MASTER, root):
        with pytest.raises(TypeError):
            pickle.dumps(key)


def test_the_root_key_opens_under_its_master_key_alone() -> None:
    root = RootKey(bytes(range(32)))
    wrapped = MASTER.wrap(root)

    assert MASTER.unwrap(wrapped).derive("x") == root.derive("x")
    assert bytes(range(32)) not in wrapped
    for other in (wrapped[:-1], b"", bytes([wrapped[0] ^ 1]) + wrapped[1:], wrapped[:40] + b"\0" + wrapped[41:]):
        with pytest.raises(KeyBroken):
            MASTER.unwrap(other)
    with pytest.raises(KeyBroken):
        MasterKey(bytes(32)).unwrap(wrapped)
