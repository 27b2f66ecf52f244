"""The capability address and the state."""

from uuid import UUID

from houselights.core.ids import ApplicationId, SessionId
from houselights.rules.connect_address import SessionKey, address, digest, read_address, session_of_state, state

SESSION = SessionKey(
    ApplicationId(UUID("5d0f4c5e-2b7a-4f0d-9a53-6b1f0c7e2a11")), SessionId(UUID("0c2f6f0e-4f0a-4f6c-9a51-5f7c1b1f7a10"))
)
KEY = bytes(range(32))


def test_an_address_names_its_session_to_whoever_has_the_key() -> None:
    text = address(KEY, SESSION)
    assert len(text) == 64
    assert read_address(KEY, text) == SESSION
    assert read_address(KEY[::-1], text) is None


def test_every_other_text_is_no_address() -> None:
    text = address(KEY, SESSION)
    changed = [text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :] for place in range(64)]
    for other in [*changed, text[:-1], text + "A", text + "=", text.lower(), "", "é" * 64, "\0", text + "\n"]:
        assert read_address(KEY, other) is None


def test_the_state_names_its_session_and_not_its_address() -> None:
    text = state(SESSION, "chance")
    assert session_of_state(text) == SESSION
    assert text.endswith(".chance")
    tag = address(KEY, SESSION)[43:]
    assert tag not in text


def test_what_is_no_state_names_no_session() -> None:
    ids = state(SESSION, "x").partition(".")[0]
    for text in ("", ".", ids, f"{ids}.", f"{ids}A.x", f"{ids[:-1]}.x", f".{ids}", "é.x", "\ud800.x"):
        assert session_of_state(text) is None


def test_a_digest_is_of_the_whole_text_whatever_it_holds() -> None:
    assert len({digest(text) for text in ("a", "a ", "A", "", "\ud800")}) == 5
    assert digest("a") == bytes.fromhex("ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb")
