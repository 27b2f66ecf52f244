"""Ids as clients write them."""

from uuid import UUID

import pytest

from houselights.core.ids import parse_uuid

_DASHED = "9bb8913b-ddd9-430b-a66a-d74d846e6c66"


@pytest.mark.parametrize("text", [_DASHED, _DASHED.upper(), _DASHED.replace("-", ""), _DASHED.replace("-", "").upper()])
def test_an_id_is_read_dashed_or_bare_in_any_case(text: str) -> None:
    assert parse_uuid(text) == UUID(_DASHED)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        _DASHED[:-1],
        _DASHED + "0",
        f"{{{_DASHED}}}",
        f"urn:uuid:{_DASHED}",
        f" {_DASHED}",
        f"{_DASHED}\n",
        "9bb8913bddd9-430b-a66a-d74d846e6c66-",
        "9bb8913b-ddd9430b-a66a-d74d-846e6c66",
        _DASHED.replace("9", "g"),
        _DASHED.replace("9", "\u0669"),
        _DASHED.replace("9", "\x00"),
        _DASHED.replace("9", "\ud800"),
    ],
)
def test_whatever_else_is_no_id(text: str) -> None:
    assert parse_uuid(text) is None
