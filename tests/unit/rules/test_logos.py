"""Which pictures are taken as a logo."""

import pytest

from houselights.rules.logos import LARGEST, read_logo

_PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize(
    ("start", "kind"), [(_PNG, "image/png"), (b"\xff\xd8\xff\xe0", "image/jpeg"), (b"RIFF0000WEBP", "image/webp")]
)
def test_a_picture_is_known_by_its_first_bytes(start: bytes, kind: str) -> None:
    logo = read_logo(start + bytes(100))
    assert logo is not None
    assert (logo.kind, len(logo.version)) == (kind, 32)


@pytest.mark.parametrize("image", [b"", b"<svg onload='alert(1)'/>", b"GIF89a", b"RIFF0000WAVE", _PNG + bytes(LARGEST)])
def test_anything_else_and_what_is_too_large_is_refused(image: bytes) -> None:
    assert read_logo(image) is None
