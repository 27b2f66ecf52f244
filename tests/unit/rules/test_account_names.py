"""What an account is called."""

import pytest

from houselights.rules.account_names import called


@pytest.mark.parametrize(
    ("username", "name", "profile_id", "expected"),
    [
        ("ava.stone", "ava.stone", "1784", "@ava.stone"),
        ("ava.stone", None, "1784", "@ava.stone"),
        ("@ava.stone", "Ava.Stone", "1784", "@ava.stone"),
        ("ava.stone", "Ava Stone", "UC1", "Ava Stone (@ava.stone)"),
        ("duo.upstairs", "Duo Upstairs", "2000", "Duo Upstairs (@duo.upstairs)"),
        ("2000", "Duo Upstairs", "2000", "Duo Upstairs"),
        ("2000", "2000", "2000", "2000"),
        ("2000", None, "2000", "2000"),
        (None, "Ava Stone", "x", "Ava Stone"),
        ("Ava Stone", "Ava Stone", "x", "Ava Stone"),
        ("Ava Stone", None, "x", "Ava Stone"),
        (None, None, "x", None),
        ("", "", None, None),
    ],
)
def test_an_account_goes_by_its_name_and_only_a_handle_has_an_at(
    username: str | None, name: str | None, profile_id: str | None, expected: str | None
) -> None:
    assert called(username, name, profile_id) == expected


def test_where_usernames_are_no_handles_none_is_shown_beside_the_name() -> None:
    assert called("duo-upstairs", "Duo Upstairs", "2000", has_handles=False) == "Duo Upstairs"
    assert called("duo-upstairs", None, "2000", has_handles=False) == "duo-upstairs"
