"""What can be made of a secret without reading it."""

from houselights.core.secret import Secret


def test_http_basic_is_the_user_and_the_secret_in_base64_and_stays_wrapped() -> None:
    header = Secret("open sesame").basic("Aladdin")  # the pair of RFC 7617, section 2
    assert header.reveal() == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    assert "QWxh" not in repr(header)


def test_a_code_challenge_is_that_of_rfc_7636() -> None:
    verifier = Secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    assert verifier.challenge() == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_an_end_that_is_not_there_is_not_missed() -> None:
    assert Secret("code#_").without_end("#_") == Secret("code") == Secret("code").without_end("#_")
