"""Facts of an operator's own over the packaged manifests: what holds then, and what is refused in one sentence."""

from pathlib import Path

import pytest

from houselights.compose.platforms import find_manifests, find_overlays, find_platforms
from houselights.settings import SettingWrong

PACKAGED = find_manifests()


def laid(folder: Path, text: str, name: str = "instagram") -> Path:
    """A directory with one file in it."""
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


def test_one_version_moves_every_address_that_it_stands_in(tmp_path: Path) -> None:
    moved = find_manifests(laid(tmp_path, 'api_version = "v27.0"'))["instagram"]
    assert moved.api_version == "v27.0"
    assert moved.oauth.authorize_url == "https://www.facebook.com/v27.0/dialog/oauth"
    assert moved.oauth.token_url == "https://graph.facebook.com/v27.0/oauth/access_token"
    assert moved.oauth.scopes == PACKAGED["instagram"].oauth.scopes


def test_what_the_file_does_not_say_stays_as_it_was(tmp_path: Path) -> None:
    text = '[settings]\nmetric = "followers_by"\n[limits]\npages = 3\n[oauth.scopes]\n"IDENTITY.AUDIENCE" = ["new"]'
    moved, packaged = find_manifests(laid(tmp_path, text))["instagram"], PACKAGED["instagram"]
    assert moved.settings == packaged.settings | {"metric": "followers_by"}
    assert (moved.limits.pages, moved.limits.parallel) == (3, packaged.limits.parallel)
    assert moved.oauth.scopes == packaged.oauth.scopes | {"IDENTITY.AUDIENCE": ("new",)}
    assert {name for name, each in find_manifests(tmp_path).items() if each != PACKAGED[name]} == {"instagram"}
    assert find_platforms(tmp_path)["instagram"].manifest == moved


def test_what_is_laid_over_is_told_by_file_and_key(tmp_path: Path) -> None:
    assert find_overlays(None) == {}
    told = find_overlays(laid(tmp_path, 'api_version = "v27.0"\n[settings]\nmetric = "m"'))["instagram"]
    assert (told.file, told.says) == (tmp_path / "instagram.toml", ("api_version", "settings.metric"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('novelty = "x"', "novelty"),
        ('[oauth]\nnovelty = "x"', "novelty"),
        ('[settings]\nnovelty = "x"', "`settings.novelty`"),
        ('[oauth.scopes]\n"INCOME" = []', "`oauth.scopes.INCOME`"),
        ('name = "other"', "`name`"),
        ('work_platform = "9bb8913b-ddd9-430b-a66a-d74d846e6c66"', "`work_platform`"),
        ("cadence_h = true", "$.cadence_h"),
        ("settings = 5", "$.settings"),
        ('[oauth]\ntoken_url = "https://elsewhere.example/token"', "`oauth.token_url`"),
        ("no toml", "TOML"),
    ],
)
def test_what_does_not_fit_is_refused_by_file_and_key(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(SettingWrong) as caught:
        find_manifests(laid(tmp_path, text))
    assert str(tmp_path / "instagram.toml") in str(caught.value)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_of_no_platform_and_a_directory_that_is_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingWrong, match="no platform is called 'instagran'; there are facebook, instagram"):
        find_manifests(laid(tmp_path, "", "instagran"))
    with pytest.raises(SettingWrong, match="no directory"):
        find_manifests(tmp_path / "nowhere")
