"""What is kept of a reading's replies: its bodies in order, none of its secrets, nothing of a try that was given up."""

import json
from urllib.parse import quote_plus, urlencode

import pytest
from msgspec import structs

from houselights.core.errors import PlatformChanged
from houselights.core.messages import Request, Response, Script, ask, ask_all
from houselights.core.secret import Secret
from houselights.rules.recording import recorded
from tests.invented import played

TOKEN = Secret("EAAB+1/x=")
ME = Request("GET", "https://graph.example/me")


def script() -> Script[str]:
    first = yield from ask(ME)
    rest = yield from ask_all(ME, ME)
    return "".join(reply.body.decode() for reply in (first, *rest))


def kept(body: bytes) -> bytes:
    """What of a body is kept."""
    bodies: list[bytes] = []
    played(recorded(ask(ME), bodies, (TOKEN,)), lambda _request: Response(200, {}, body))
    return bodies[0]


def test_the_script_returns_what_it_returns_and_every_body_is_there_in_order() -> None:
    bodies: list[bytes] = []
    numbers = iter("123")
    answer = played(recorded(script(), bodies, ()), lambda _request: Response(200, {"x": "y"}, next(numbers).encode()))
    assert (answer, bodies) == ("123", [b"1", b"2", b"3"])


def test_the_reply_at_which_a_script_fails_is_kept() -> None:
    def failing() -> Script[None]:
        yield from ask(ME)
        raise PlatformChanged("reply_changed")

    bodies: list[bytes] = []
    with pytest.raises(PlatformChanged):
        played(recorded(failing(), bodies, ()), lambda _request: Response(200, {}, b"odd"))
    assert bodies == [b"odd"]


def test_what_was_read_before_a_script_starts_over_is_no_part_of_its_reading() -> None:
    def starting_over() -> Script[None]:
        yield from ask_all(ME, ME)
        yield from ask(structs.replace(ME, starts_over=True))
        yield from ask(ME)

    bodies: list[bytes] = []
    numbers = iter("1234")
    played(recorded(starting_over(), bodies, ()), lambda _request: Response(200, {}, next(numbers).encode()))
    assert bodies == [b"4"]


def test_a_script_that_is_given_up_is_closed() -> None:
    closed: list[bool] = []

    def watched() -> Script[None]:
        try:
            yield (ME,)
        finally:
            closed.append(True)

    running = recorded(watched(), [], ())
    next(running)
    running.close()
    assert closed == [True]


@pytest.mark.parametrize("spelt", [TOKEN.reveal(), quote_plus(TOKEN.reveal())])
def test_a_secret_of_the_requests_is_struck_out_wherever_it_stands(spelt: str) -> None:
    body = json.dumps({"error": {"message": f"Malformed token {spelt} (190)"}, "id": "1"}).encode()
    assert json.loads(kept(body)) == {"error": {"message": "Malformed token *** (190)"}, "id": "1"}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(
            {"paging": {"next": "https://graph.example/me?" + urlencode({"access_token": "other", "after": 1})}}
        ),
        json.dumps({"access_token": "other", "after": 1}),
        json.dumps({"access_token": "other", "after": 1}, separators=(",", ":")),
        json.dumps({"inner": json.dumps({"refresh_token": "other"}), "after": 1}),
        json.dumps({"link": "https://graph.example/?to=" + quote_plus("/me?id_token=other"), "after": 1}),
    ],
)
def test_any_other_token_is_struck_out_by_its_name(text: str) -> None:
    found = kept(text.encode())
    assert b"other" not in found
    assert b"***" in found
    assert b"after" in found
    json.loads(found)


def test_what_only_looks_like_it_stays() -> None:
    body = b'{"name":"access_token","bio":"my id_token and I","tokens":3,"token_type":"bearer"}'
    assert kept(body) == body
