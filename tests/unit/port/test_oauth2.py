"""Refusals of token endpoints: what is kept of a text that a platform chose."""

import msgspec
import pytest

from houselights.core.errors import AppRefused, TokenRevoked
from houselights.core.messages import Response
from houselights.port.families import oauth2


def refused(word: str) -> Response:
    return Response(400, {}, msgspec.json.encode({"error": word}))


def test_a_word_that_documents_know_says_what_to_mend() -> None:
    with pytest.raises(AppRefused) as failed:
        oauth2.read_token(refused("invalid_client"))
    assert failed.value.code == "oauth_invalid_client"


def test_a_dead_grant_is_known_in_any_letters() -> None:
    with pytest.raises(TokenRevoked):
        oauth2.read_token(refused("INVALID_GRANT"))


def test_a_token_in_the_place_of_a_word_is_never_repeated() -> None:
    with pytest.raises(AppRefused) as failed:
        oauth2.read_token(refused("pina_Vt3kq8sLmZxw0bYd"))
    assert failed.value.code == "oauth_unknown"
    assert "vt3k" not in f"{failed.value!r} {failed.value.args}".lower()
