"""What a manifest says of whose calls count together."""

import pytest

from houselights.compose.platforms import find_platforms
from houselights.port.manifest import Limits

_YOUTUBE = find_platforms()["youtube"]


@pytest.mark.parametrize(
    ("client_id", "project"),
    [
        ("100000000001-invented.apps.googleusercontent.example", "100000000001"),
        ("100000000001-another.apps.googleusercontent.example", "100000000001"),
        ("100000000002-invented.apps.googleusercontent.example", "100000000002"),
        ("without-a-number", None),
        ("", None),
    ],
)
def test_a_client_id_of_google_tells_its_project(client_id: str, project: str | None) -> None:
    assert _YOUTUBE.manifest.limits.project_of(client_id) == project


def test_elsewhere_an_app_counts_for_itself() -> None:
    assert Limits().project_of("100000000001-invented.apps.googleusercontent.example") is None
