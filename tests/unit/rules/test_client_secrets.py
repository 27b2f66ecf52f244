"""The digest that recognises a client."""

from houselights.rules.client_secrets import digest

KEY = bytes(range(32))


def test_a_digest_is_keyed_and_covers_id_and_secret() -> None:
    ours = digest(KEY, b"demo:p@55w0rd")
    assert ours.hex() == "5da393c807b3f28292d959160896f91140c785af3e9cf0226a456590f41f001f"
    others = [digest(bytes(32), b"demo:p@55w0rd"), digest(KEY, b"demo:p@55w0re"), digest(KEY, b"Demo:p@55w0rd")]
    assert ours not in others
