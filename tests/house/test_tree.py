"""What every file keeps to: size, names, nothing unfinished, nothing of one machine or of one registry.

The patterns are spelt with one-letter classes so that they do not find themselves.
"""

import re

from tests.house.tree import ROOT, ending, files, modules, name, texts

_MOST_LINES = 400
_SAYS_NOTHING = {"util", "utils", "helper", "helpers", "common", "misc", "base", "manager", "service"}
_UNFINISHED = re.compile(
    r"TOD[O]|FIXM[E]|XX[X]|NotImplementedErro[r]|mark\.(ski[p]|xfai[l])|pytest\.(ski[p]|xfai[l])"
    r"|type: ignor[e]|no[q]a|pragma: no cove[r]"
)
_MACHINE = re.compile(r"(?<![\w.-])(/(roo[t]|User[s]|wor[k])/|/hom[e]/(?!ava\b)|C:[\\])")
_REGISTRY = re.compile(
    r"index-ur[l][ =]|registry = [\"{]|\"resolved\": *\"https?:|https?://[^ \"]+\.(whl|tar\.gz|tgz|deb)\b"
    r"|https?://[^ \"]+/simpl[e]\b|pypi\.or[g]|pythonhosted\.or[g]"
)
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KE[Y]-----")


def test_no_file_is_longer_than_it_should_be() -> None:
    lengths = {name(path): len(path.read_bytes().splitlines()) for path in ending(".py", ".sql", ".js", ".sh")}
    assert lengths
    assert {path: lines for path, lines in lengths.items() if lines > _MOST_LINES} == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [name(path) for path in files() if path.stem in _SAYS_NOTHING] == []
    assert [name(path) for path in modules() if path.parent.name in _SAYS_NOTHING] == []


def test_nothing_is_left_unfinished() -> None:
    assert _found(_UNFINISHED, ".py") == []


def test_no_file_knows_one_machine() -> None:
    assert _found(_MACHINE) == []


def test_no_file_names_a_package_registry() -> None:
    assert _found(_REGISTRY) == []


def test_no_private_key_lies_in_the_tree() -> None:
    assert _found(_PRIVATE_KEY) == []


def test_every_text_ends_with_one_line_break_and_no_line_with_blanks() -> None:
    whole = [(path, text) for path, text in texts() if text and not path.endswith((".json", ".svg"))]
    assert [path for path, text in whole if not text.endswith("\n") or text.endswith("\n\n")] == []
    assert [path for path, text in whole if re.search(r"[ \t]$", text, re.MULTILINE)] == []


def test_the_licence_is_there_and_is_the_one_that_the_package_names() -> None:
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert 'license = "Apache-2.0"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def _found(pattern: re.Pattern[str], *endings: str) -> list[str]:
    """`path:line: text` of every match."""
    return [
        f"{path}:{number}: {line.strip()[:120]}"
        for path, text in texts()
        if not endings or path.endswith(endings)
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]
