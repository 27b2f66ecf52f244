"""The command line's grammar, and what it says without a database."""

import re
from pathlib import Path

import msgspec
import pytest

from houselights.cli import main
from houselights.cli.demo_lock import DemoRuns, demo_lock, running_demo


@pytest.fixture(autouse=True)
def _a_home_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of the machine's own settings."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_DATA_HOME", "HOUSELIGHTS_CONFIG", "HOUSELIGHTS_DATA_DIR", "HOUSELIGHTS_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    "words",
    [
        ["--port", "9000", "--json", "config", "show"],
        ["config", "--port", "9000", "show", "--json"],
        ["config", "show", "--json", "--port=9000"],
        ["--json", "config", "--port", "1", "show", "--port", "9000"],
    ],
)
def test_options_of_every_command_go_in_any_position(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    shown = msgspec.json.decode(capsys.readouterr().out)
    assert shown["port"] == {"value": 9000, "origin": "--port"}


def test_config_show_masks_secrets(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOUSELIGHTS_MASTER_KEY", "tell-nobody")
    assert main(["config", "show"]) == 0
    shown = capsys.readouterr().out
    assert "tell-nobody" not in shown
    assert "***" in shown


def test_help_explains_itself_with_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    shown = capsys.readouterr().out
    for word in ("serve", "worker", "migrate", "doctor", "demo", "app", "platform", "houselights app create"):
        assert word in shown


@pytest.mark.parametrize(
    "words",
    [["nonsense"], ["app"], ["app", "create"], ["serve", "--role", "x"], ["demo", "--once", "--stop"], ["--por", "1"]],
)
def test_a_wrong_command_gets_one_sentence_and_status_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("houselights: ")
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--port", "70000", "serve"], "houselights: --port is '70000', but must be a port from 1 to 65534\n"),
        (["app", "create", " "], "houselights: the name of an application must be 1 to 100 characters\n"),
        (["app", "set", "audience_estimates", "maybe"], "houselights: audience_estimates must be on or off\n"),
        (["sandbox", "clock", "forward", "0"], "houselights: the clock must go forward by at least a second\n"),
    ],
)
def test_a_wrong_value_gets_one_sentence_and_status_2(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert capsys.readouterr().err == sentence


def test_a_client_id_with_a_colon_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["app", "create", "Mine", "--client-id", "a:b"]) == 2
    assert "without a colon" in capsys.readouterr().err


def test_an_app_at_an_unknown_platform_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["platform", "app", "set", "nowhere", "--environment", "sandbox", "--client-id", "1"]
    assert main([*words, "--client-secret-file", "-"]) == 2
    assert re.search("no platform is called 'nowhere'; choose from .*instagram", capsys.readouterr().err)


def test_a_base_url_of_a_foreign_host_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["platform", "app", "set", "instagram", "--environment", "sandbox", "--client-id", "1"]
    assert main([*words, "--client-secret-file", "-", "--base-url", "https://a.test=http://b.test"]) == 2
    assert "https://graph.facebook.com" in capsys.readouterr().err


def test_a_second_demo_on_a_data_directory_is_refused_while_the_first_runs(tmp_path: Path) -> None:
    assert running_demo(tmp_path) is None
    with demo_lock(tmp_path):
        assert running_demo(tmp_path) is not None
        with pytest.raises(DemoRuns, match="houselights demo --stop"), demo_lock(tmp_path):
            pass
    assert running_demo(tmp_path) is None
    with demo_lock(tmp_path):
        pass


def test_stopping_where_nothing_runs_is_fine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--stop", "--json", "--data-dir", str(tmp_path)]) == 0
    assert capsys.readouterr().out == '{"stopped":null}\n'
