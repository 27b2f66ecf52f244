"""The documents are true: every registry is documented, every link leads somewhere, every command exists."""

import ast
import re
import runpy
import shlex
from pathlib import Path

import pytest

from houselights.cli.application_keys import KEYS
from houselights.cli.config import reference as settings_reference
from houselights.rules.consent import Outcome, Phase
from tests.house import platform_pages, reference
from tests.house.tree import ROOT, ending, name

_PAGES = [path for path in ending(".md") if path.is_relative_to(ROOT / "docs") or path.parent == ROOT]
_DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
_HEADINGS = ["Context", "Decision", "What it costs", "What would change it"]

every_page = pytest.mark.parametrize("page", _PAGES, ids=name)
every_decision = pytest.mark.parametrize("page", _DECISIONS, ids=lambda page: page.stem)


def test_the_documents_that_everybody_looks_for_are_there() -> None:
    first = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "LICENSE", ".ci/run")
    guides = ("docs/start.md", "docs/connect.md", "docs/operate.md", "docs/platforms/README.md", "docs/house.md")
    assert [path for path in (*first, *guides) if not (ROOT / path).is_file()] == []


@every_page
def test_the_generated_parts_of_a_page_are_what_the_registries_say(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert reference.rendered(text) == text, "run `make docs`"


def test_every_platform_has_its_page_as_its_guide_and_manifest_say_and_no_other_has() -> None:
    made = platform_pages.pages(reference.manifests())
    kept = {path.name: path.read_text(encoding="utf-8") for path in platform_pages.PAGES.glob("*.md")}
    assert {name: text for name, text in kept.items() if name != "README.md"} == made, "run `make docs`"


def test_every_registry_is_documented() -> None:
    written = [part for page in _PAGES for part in reference.parts_of(page.read_text(encoding="utf-8"))]
    assert sorted(written) == sorted(reference.PARTS)


def test_every_way_that_a_connect_session_stands_and_ends_is_documented() -> None:
    text = (ROOT / "docs" / "connect.md").read_text(encoding="utf-8")
    assert [word for word in (*Phase, *Outcome) if f"`{word}`" not in text] == []


def test_every_switch_of_an_application_is_documented() -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in _PAGES)
    assert [key for key in KEYS if f"`{key}`" not in pages] == []


def test_the_settings_file_says_every_default() -> None:
    assert (ROOT / "docs" / "reference" / "settings.toml").read_text(encoding="utf-8").rstrip() == (
        settings_reference().rstrip()
    ), "run `make docs`"


@every_page
def test_every_link_inside_the_project_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    inside = [link for link in links if not link.startswith(("https://", "http://", "mailto:"))]
    assert [link for link in inside if not _leads_somewhere(page, link)] == []


@every_page
def test_every_make_verb_that_a_page_names_exists(page: Path) -> None:
    named = set(re.findall(r"(?:`|^\s*\$? *)make ([a-z][a-z0-9-]*)", page.read_text(encoding="utf-8"), re.MULTILINE))
    existing = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert named - existing == set()


@every_page
def test_every_command_that_a_page_shows_is_understood(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = _commands(page.read_text(encoding="utf-8"))
    assert [(line, capsys.readouterr().err) for line in lines if not _is_understood(line)] == []


@every_page
def test_the_python_on_a_page_is_python(page: Path) -> None:
    for code in _blocks(page.read_text(encoding="utf-8"), "python"):
        ast.parse(code)


def test_the_code_that_receivers_are_shown_accepts_the_delivery_above_it_and_no_other(tmp_path: Path) -> None:
    page = ROOT / "docs" / "reference" / "events.md"
    shown = tmp_path / "receiver.py"
    shown.write_text("\n".join(_blocks(page.read_text(encoding="utf-8"), "python")), encoding="utf-8")
    receiver = runpy.run_path(str(shown))
    headers, body = reference.example_delivery()
    secret, now_s = reference.EXAMPLE_SECRET, reference.EXAMPLE_TIME
    assert receiver["holds"](body, headers["Webhook-Signatures"], secret)
    assert not receiver["holds"](body + b" ", headers["Webhook-Signatures"], secret)
    assert receiver["holds_now"](body, headers, secret, now_s)
    assert not receiver["holds_now"](body, headers, "another", now_s)
    assert not receiver["holds_now"](body, headers, secret, now_s + 301)


def test_the_readme_shows_its_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make demo" in text
    assert "make test" in text
    run = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert run.index("make check") < run.index("make test")


def test_the_changelog_has_a_place_for_what_comes_next() -> None:
    assert re.search(r"^## \[Unreleased\]$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)


@every_decision
def test_a_decision_is_one_page_of_context_decision_cost_and_doubt(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.match(rf"# {page.name[:4]}\. \S.*\n\nDate: \S+\. Status: \S.*\.?\n", text)
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == _HEADINGS
    assert len(text.splitlines()) <= 60


def test_decisions_are_numbered_once_each() -> None:
    numbers = [page.name[:4] for page in _DECISIONS]
    assert len(set(numbers)) == len(numbers)
    assert [page.name for page in _DECISIONS if not re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", page.name)] == []


def _is_understood(line: str) -> bool:
    try:
        reference.parser().parse_args(shlex.split(line, comments=True)[1:])
    except SystemExit as end:
        return end.code == 0
    return True


def _leads_somewhere(page: Path, link: str) -> bool:
    path, _, heading = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return False
    return not heading or heading in _anchors(target.read_text(encoding="utf-8"))


def _anchors(text: str) -> set[str]:
    """What a heading is called in a link."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _commands(text: str) -> list[str]:
    """Lines of shell blocks that call the program, without what is the shell's: variables, pipes, redirections."""
    lines = [
        line.strip().removeprefix("$ ")
        for block in _blocks(text, "sh|bash|console")
        for line in block.replace("\\\n", " ").splitlines()
    ]
    calls = [re.sub(r"^([A-Z_]+=\S+ +)*(\.venv/bin/)?", "", re.split(r" [|<>&]", line)[0]) for line in lines]
    return [call for call in calls if call.startswith("houselights ")]


def _blocks(text: str, languages: str) -> list[str]:
    """Fenced code of these languages."""
    return re.findall(rf"^```(?:{languages})\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
