"""Refusals of token endpoints: what is kept of a text that a platform chose; and when a token is renewed."""

from datetime import timedelta

import msgspec
import pytest

from houselights.compose.platforms import find_manifests
from houselights.core.errors import AppRefused, TokenRevoked
from houselights.core.messages import Response
from houselights.core.secret import Secret
from houselights.port.families import oauth2
from tests.invented import NOW


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


@pytest.mark.parametrize(("name", "before_s"), [("tiktok", 3600), ("youtube", 60)])
def test_a_token_is_renewed_as_long_before_its_end_as_the_manifest_says(name: str, before_s: int) -> None:
    token = oauth2.Token(Secret("access"), 86_400, Secret("refresh"))
    grant = oauth2.granted(find_manifests()[name], token, NOW, {}, ())
    assert grant.renew_at == NOW + timedelta(seconds=86_400 - before_s)
