"""Settings: where they come from, and the sentence that a wrong one gets."""

from ipaddress import IPv4Address
from pathlib import Path

import pytest

from houselights.core.secret import Secret
from houselights.settings import SettingWrong, described, load

HOME = Path("/home/ava")
REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "settings.toml"


def test_every_setting_has_a_default_that_works_on_a_laptop() -> None:
    loaded = load({}, {}, HOME)
    assert loaded.settings.data_dir == HOME / ".local/share/houselights"
    assert loaded.settings.api_url == "http://127.0.0.1:8420"
    assert loaded.settings.fakes_url == "http://127.0.0.1:8421"
    assert loaded.settings.key_file == loaded.settings.data_dir / "master.key"
    assert set(loaded.origins.values()) == {"default"}


def test_the_data_directory_follows_xdg() -> None:
    assert load({"XDG_DATA_HOME": "/data"}, {}, HOME).settings.data_dir == Path("/data/houselights")
    assert load({"XDG_DATA_HOME": "data"}, {}, HOME).settings.data_dir == HOME / ".local/share/houselights"


def test_the_command_line_is_stronger_than_the_environment_and_that_than_the_file(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('port = 1000\nhost = "::1"\nlimiter_burst = 7\n')
    environment = {"HOUSELIGHTS_CONFIG": str(file), "HOUSELIGHTS_PORT": "2000", "HOUSELIGHTS_HOST": "127.0.0.2"}
    loaded = load(environment, {"port": "3000"}, HOME)
    settings = loaded.settings
    assert (settings.port, settings.host, settings.limiter_burst, settings.limiter_rate) == (3000, "127.0.0.2", 7, 10)
    names = ("port", "host", "limiter_burst", "limiter_rate")
    assert [loaded.origins[name] for name in names] == ["--port", "HOUSELIGHTS_HOST", str(file), "default"]


def test_the_option_config_is_stronger_than_its_variable(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("port = 1000\n")
    (tmp_path / "b.toml").write_text("port = 2000\n")
    loaded = load({"HOUSELIGHTS_CONFIG": str(tmp_path / "a.toml")}, {"config": str(tmp_path / "b.toml")}, HOME)
    assert loaded.settings.port == 2000


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HOUSELIGHTS_PORT", "65535"),
        ("HOUSELIGHTS_PORT", "0"),
        ("HOUSELIGHTS_PORT", "http"),
        ("HOUSELIGHTS_HOST", "127.0.0.1/8"),
        ("HOUSELIGHTS_DATABASE_URL", "mysql://db.example.org/x"),
        ("HOUSELIGHTS_DATABASE_URL", "postgresql://db.example.org:port/x"),
        ("HOUSELIGHTS_DATABASE_URL", ""),
        ("HOUSELIGHTS_PUBLIC_URL", "api.example.org"),
        ("HOUSELIGHTS_PUBLIC_URL", "https://a:99999"),
        ("HOUSELIGHTS_PUBLIC_URL", "https://127.0.0.1:65536"),
        ("HOUSELIGHTS_PUBLIC_URL", "https://-"),
        ("HOUSELIGHTS_PUBLIC_URL", "https://a..b"),
        ("HOUSELIGHTS_SANDBOX_URL", "https://.a"),
        ("HOUSELIGHTS_DATA_DIR", __file__),
        ("HOUSELIGHTS_DATA_DIR", f"{__file__}/below"),
        ("HOUSELIGHTS_PUBLIC_URL", "ftp://api.example.org"),
        ("HOUSELIGHTS_PUBLIC_URL", "https://api.example.org/path"),
        ("HOUSELIGHTS_PUBLIC_URL", "https://api.example.org?query"),
        ("HOUSELIGHTS_PUBLIC_URL", "https://user@api.example.org"),
        ("HOUSELIGHTS_TRUSTED_PROXIES", "10.0.0.0/33"),
        ("HOUSELIGHTS_TRUSTED_PROXIES", "proxy.example.org"),
        ("HOUSELIGHTS_WEBHOOK_ALLOW", "10.1.0.0/16, http://hooks.internal"),
        ("HOUSELIGHTS_WEBHOOK_ALLOW", "10.1.0.1/16"),
        ("HOUSELIGHTS_WEBHOOK_ALLOW", "hooks.m\u00fcller.internal"),
        ("HOUSELIGHTS_WEBHOOK_ALLOW", "a..b"),
        ("HOUSELIGHTS_WEBHOOK_ALLOW", ":"),
        ("HOUSELIGHTS_SANDBOX", "maybe"),
        ("HOUSELIGHTS_SANDBOX_SEED", "-1"),
        ("HOUSELIGHTS_LIMITER_RATE", "0"),
        ("HOUSELIGHTS_LIMITER_RATE", "nan"),
        ("HOUSELIGHTS_LOG_LEVEL", "loud"),
        ("HOUSELIGHTS_POSTGRES_WHEEL", "other"),
        ("HOUSELIGHTS_METRICS_PORT", "70000"),
    ],
)
def test_a_wrong_value_is_refused_with_a_sentence_that_says_which_and_what_to_set(variable: str, value: str) -> None:
    with pytest.raises(SettingWrong) as refused:
        load({variable: value}, {}, HOME)
    about = next(setting.about for setting in described() if setting.variable == variable)
    assert str(refused.value).startswith(variable)
    assert str(refused.value).endswith(f"must be {about.must}")


def test_a_wrong_value_in_the_file_is_refused_with_its_name_and_the_file(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("worker_refreshes = 0\n")
    with pytest.raises(SettingWrong, match=rf"`worker_refreshes` in {file} is 0, but must be a whole number from 1"):
        load({}, {"config": str(file)}, HOME)


def test_an_unknown_variable_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(SettingWrong, match=r"HOUSELIGHTS_PROT is not a setting \(did you mean HOUSELIGHTS_PORT\?\)"):
        load({"HOUSELIGHTS_PROT": "1"}, {}, HOME)


def test_an_unknown_key_in_the_file_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("prot = 1\n")
    with pytest.raises(SettingWrong, match=r"`prot` in .* is not a setting \(did you mean port\?\)"):
        load({}, {"config": str(file)}, HOME)


@pytest.mark.parametrize("text", [b"port =", b"\xff"])
def test_a_file_that_is_no_toml_is_refused(tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "settings.toml"
    file.write_bytes(text)
    with pytest.raises(SettingWrong, match=str(file)):
        load({}, {"config": str(file)}, HOME)


def test_a_file_that_is_not_there_is_refused() -> None:
    with pytest.raises(SettingWrong, match=r"/nowhere\.toml cannot be read"):
        load({}, {"config": "/nowhere.toml"}, HOME)


def test_a_refusal_never_shows_a_secret() -> None:
    with pytest.raises(SettingWrong) as refused:
        load({"HOUSELIGHTS_DATABASE_URL": "http://houselights:tell-nobody@db.example.org/x"}, {}, HOME)
    assert "tell-nobody" not in str(refused.value)


def test_settings_never_show_a_secret() -> None:
    environment = {
        "HOUSELIGHTS_DATABASE_URL": "postgresql://a:tell-nobody@b/c",
        "HOUSELIGHTS_MASTER_KEY": "tell-nobody",
    }
    settings = load(environment, {}, HOME).settings
    assert "tell-nobody" not in repr(settings)
    assert settings.master_key == Secret("tell-nobody")


@pytest.mark.parametrize(
    ("word", "value"), [("on", True), ("yes", True), ("true", True), ("1", True), ("off", False), ("False", False)]
)
def test_switches_take_the_usual_words(word: str, value: bool) -> None:
    assert load({"HOUSELIGHTS_LIMITER": word}, {}, HOME).settings.limiter is value


def test_lists_are_separated_by_commas() -> None:
    environment = {"HOUSELIGHTS_WEBHOOK_ALLOW": "10.1.0.0/16, hooks.internal ,", "HOUSELIGHTS_TRUSTED_PROXIES": "::1"}
    settings = load(environment, {}, HOME).settings
    assert settings.webhook_allow == ("10.1.0.0/16", "hooks.internal")
    assert settings.trusted_proxies == ("::1",)


def test_origins_are_taken_as_browsers_send_them() -> None:
    environment = {"HOUSELIGHTS_API_ORIGINS": "https://tool.example.org, http://localhost:3000"}
    settings = load(environment, {}, HOME).settings
    assert settings.api_origins == ("https://tool.example.org", "http://localhost:3000")


@pytest.mark.parametrize(
    "origin", ["*", "null", "tool.example.org", "https://tool.example.org/", "https://a.example/b", "https://A.example"]
)
def test_what_no_browser_sends_as_an_origin_is_refused(origin: str) -> None:
    with pytest.raises(SettingWrong, match=r"HOUSELIGHTS_API_ORIGINS is .*origins as browsers send them"):
        load({"HOUSELIGHTS_API_ORIGINS": origin}, {}, HOME)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        (str(IPv4Address(0)), "http://127.0.0.1:8420"),
        ("::", "http://[::1]:8420"),
        ("::1", "http://[::1]:8420"),
        ("box.example.org", "http://box.example.org:8420"),
    ],
)
def test_the_address_that_clients_get_can_be_called(host: str, url: str) -> None:
    assert load({}, {"host": host}, HOME).settings.api_url == url


def test_a_public_address_is_used_without_its_slash() -> None:
    settings = load({"HOUSELIGHTS_PUBLIC_URL": "https://api.example.org/"}, {}, HOME).settings
    assert settings.api_url == "https://api.example.org"
    assert settings.fakes_url == "http://127.0.0.1:8421"


def test_the_reference_file_sets_every_default() -> None:
    from_file = load({}, {"config": str(REFERENCE)}, HOME)
    assert from_file.settings == load({}, {}, HOME).settings
    assert from_file.origins["port"] == str(REFERENCE)


def test_the_reference_file_names_every_setting() -> None:
    text = REFERENCE.read_text()
    assert [setting.name for setting in described() if f"{setting.name} =" not in text] == []
    assert [setting.name for setting in described() if f"# {setting.variable}: " not in text] == []
