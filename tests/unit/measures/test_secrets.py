"""The search for planted secrets finds them however they are written, and nothing else."""

import base64
from collections.abc import Callable
from urllib.parse import quote

import pytest

from measures.secrets.ledger import Ledger
from measures.secrets.looking import Place, look
from measures.secrets.search import GRAM, STEP, Search
from measures.secrets.spoiling import SPOILERS, echoing

TOKEN = "EAAbT3sf-0kE.n_7/Qx+29v=Zw4Lm8Rt6Yp1Hj5G"

WRITINGS: dict[str, Callable[[str], str]] = {
    "in clear": str,
    "in the middle of a word": lambda token: f"https://x.example/?t={token}&a=1",
    "percent-encoded": lambda token: quote(token, safe=""),
    "base64": lambda token: base64.b64encode(token.encode()).decode(),
    "base64 of more": lambda token: base64.b64encode(f"client-id:{token}".encode()).decode(),
    "base64 for addresses": lambda token: base64.urlsafe_b64encode(f"??>{token}".encode()).decode().rstrip("="),
    "hex": lambda token: token.encode().hex(),
    "capital hex": lambda token: token.encode().hex().upper(),
    "a name made of it": lambda token: (
        "oauth_" + "".join(each for each in token.lower() if each.isalpha() or each.isdigit())
    ),
}


@pytest.mark.parametrize("writing", WRITINGS)
@pytest.mark.parametrize("lead", range(STEP))
def test_a_token_is_found_however_it_is_written(writing: str, lead: int) -> None:
    data = b"\0\x01" + b"!" * lead + b"a" * lead + WRITINGS[writing](TOKEN).encode() + b"\n\0"
    assert list(Search([TOKEN]).found_in(data)) == [TOKEN]


def test_a_part_of_a_token_is_found() -> None:
    letters = "".join(filter(str.isalnum, TOKEN))
    for start in range(len(letters) - GRAM - STEP + 2):
        assert Search([TOKEN]).found_in(letters[start : start + GRAM + STEP - 1].encode()), start


def test_what_is_no_part_of_a_token_is_not_found() -> None:
    others = TOKEN[::-1].encode() + b"\n" + base64.b64encode(TOKEN[: GRAM - 1].encode()) + b"\n" + bytes(range(256)) * 9
    assert Search([TOKEN]).found_in(others) == {}


def test_a_place_tells_what_it_holds_and_whether_its_control_was_found() -> None:
    ledger = Ledger()
    ledger.plant("access token", TOKEN)
    control = "control-4b1c9f0e7a6d5c3b2a19"
    clean, leaking, unread = look(
        [
            Place("pages", [("one", b"nothing"), ("two", control.encode())], control),
            Place("logs", [("worker.log", TOKEN.encode() + b" " + control.encode())], control),
            Place("files", [("one", control.encode()), ("two", b"")], control, controlled=2),
        ],
        ledger,
    )
    assert (clean.found, clean.has_control) == ((), True)
    assert leaking.found == ("access token in logs, worker.log, as it is",)
    assert not unread.has_control


def test_what_browsers_must_be_told_may_stand_in_pages_alone() -> None:
    ledger = Ledger()
    ledger.plant("state", TOKEN)
    places = [Place("pages", [("one", TOKEN.encode())], TOKEN, is_for_browsers=kind) for kind in (True, False)]
    assert [len(each.found) for each in look(places, ledger)] == [0, 1]


def test_secrets_are_read_from_calls_and_replies() -> None:
    ledger = Ledger()
    ledger.take_fields({"client_secret": "s" * 30, "code": "c" * 30, "grant_type": "authorization_code", "token": "x"})
    ledger.take_reply(b'{"data": [{"access_token": "%b", "name": "%b"}]}' % (b"a" * 30, b"n" * 30))
    ledger.take_address(f"https://x.example/back?state=session.{'t' * 30}&code={'d' * 30}")
    assert ledger.counts() == {"app secret": 1, "code": 2, "access token": 1, "state": 1}


def test_every_spoilt_reply_tells_the_secrets() -> None:
    good = b'{"access_token": "good", "expires_in": 3600}'
    for spoil in SPOILERS:
        reply = spoil(good, TOKEN)
        said = (reply.raw or b"") + reply.body + repr(dict(reply.headers)).encode()
        assert TOKEN.encode() in said.replace(b"\\/", b"/"), spoil.__name__


def test_a_refusal_tells_the_secrets_and_keeps_its_codes() -> None:
    refusal = b'{"error": {"message": "no", "code": 190}}'
    assert echoing(400, refusal, TOKEN) == b'{"error":{"message":"%b","code":190}}' % TOKEN.encode()
    assert echoing(200, refusal, TOKEN) == refusal
