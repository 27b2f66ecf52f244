"""`connect.d.ts` beside `connect.js`: the same options, events, counts and reasons, word for word."""

import re
from importlib import resources

from houselights.connect.words import catalogues
from houselights.rules.consent import Outcome

_STATIC = resources.files("houselights.connect") / "static"
SCRIPT = (_STATIC / "connect.js").read_text(encoding="utf-8")
TYPES = (_STATIC / "connect.d.ts").read_text(encoding="utf-8")
PAGES = "".join(
    file.read_text(encoding="utf-8")
    for folder in (resources.files("houselights.connect"), resources.files("houselights.connect") / "templates")
    for file in folder.iterdir()
    if file.name.endswith((".py", ".html"))
)


def block(text: str, start: str, end: str) -> str:
    """What stands between two marks."""
    _, found, rest = text.partition(start)
    assert found, start
    return rest.partition(end)[0]


def union(name: str) -> list[str]:
    """The words of a type."""
    return re.findall(r'"([^"]+)"', block(TYPES, f"export type {name} =", ";"))


def test_every_option_of_the_script_is_declared_and_no_other() -> None:
    known = re.findall(r"^    (\w+): \[", block(SCRIPT, "const OPTIONS = {", "\n  };"), re.MULTILINE)
    declared = dict(re.findall(r"^  (\w+)(\??):", block(TYPES, "interface Options {", "\n}"), re.MULTILINE))
    assert list(declared) == known
    assert [name for name, mark in declared.items() if not mark] == known[:4]


def test_every_environment_is_declared() -> None:
    assert union("Environment") == re.findall(r'"(\w+)"', block(SCRIPT, "const ENVIRONMENTS = [", "]"))


def test_every_event_is_declared_with_as_many_arguments_as_a_strict_page_must_take() -> None:
    counts = re.findall(r"^    (\w+): \{ count: (\d)", block(SCRIPT, "const EVENTS = {", "\n  };"), re.MULTILINE)
    declared = re.findall(r"^  (\w+): \((.*)\) => void;", block(TYPES, "interface Events {", "\n}"), re.MULTILINE)
    assert [(event, len(arguments.split(","))) for event, arguments in declared] == [
        (event, int(count)) for event, count in counts
    ]


def test_every_way_to_fail_is_declared() -> None:
    assert set(union("FailureReason")) == {*Outcome, "POPUP_BLOCKED"} - {"CONNECTED"}


def test_every_reason_of_exit_is_declared_and_comes_from_the_script_or_a_screen() -> None:
    said = set(re.findall(r'end\("(\w+)"\)|"(DONE_CLICKED)"', SCRIPT))
    screens = set(re.findall(r'"(CONSENT|PLATFORM_SELECTION|CONNECTIONS|GUIDANCE)"', PAGES))
    assert len(screens) == 4
    assert {word for pair in said for word in pair if word} | {f"EXIT_FROM_{screen}" for screen in screens} == set(
        union("ExitReason")
    )


def test_texts_of_any_kind_compile_where_words_may_come_or_a_configuration_is_passed_on() -> None:
    for name in ("Environment", "ExitReason", "FailureReason"):
        assert block(TYPES, f"export type {name} =", ";").endswith("| (string & {})")


def test_what_the_script_says_itself_it_says_in_every_language() -> None:
    drawing = (_STATIC / "drawing.js").read_text(encoding="utf-8")
    words = re.findall(r"^    (\w+): \"", block(drawing, "const SORRY = {", "};"), re.MULTILINE)
    assert words == sorted(catalogues())


def test_the_handle_and_the_global_are_declared_as_they_are() -> None:
    handle = re.findall(r"^      (\w+)(?:\(|,)", block(SCRIPT, "    return {\n      on(", "\n    };"), re.MULTILINE)
    declared = re.findall(r"^  (\w+)[<(]", block(TYPES, "interface Handle {", "\n}"), re.MULTILINE)
    assert ["on", *handle] == declared
    assert "window[NAME] = { initialize, version," in SCRIPT
    assert re.findall(r"^  (\w+)\(", block(TYPES, "interface Connect {", "\n}"), re.MULTILINE) == [
        "initialize",
        "version",
    ]
