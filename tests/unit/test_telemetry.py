"""Log lines, as a process of its own writes them: the set-up is for a whole process."""

import subprocess
import sys

import msgspec
import pytest

SCRIPT = """
import logging, sys, structlog
from houselights.core.secret import Secret
from houselights.telemetry import LogOptions, set_up_logs
set_up_logs(LogOptions({level!r}, {format!r}))
log = structlog.get_logger()
log.debug("thing.seen")
log.info("thing.done", token=Secret("tell-nobody"), nested={{"token": Secret("tell-nobody")}}, name="Łódź")
def work(password): raise ValueError("no good")
try:
    work("tell-nobody")
except ValueError:
    log.exception("thing.broke")
logging.getLogger("library").info("chatter")
logging.getLogger("library").warning("watch out for %s", "this")
"""


def lines(level: str, form: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(level=level, format=form)], check=True, capture_output=True, text=True
    )
    assert done.stdout == ""
    return done.stderr.splitlines()


def events(level: str) -> list[dict[str, object]]:
    return [msgspec.json.decode(line, type=dict[str, object]) for line in lines(level, "auto")]


def test_where_nobody_looks_each_line_is_json_with_time_and_level() -> None:
    done, broke, library = events("info")
    assert (done["event"], done["level"], done["name"]) == ("thing.done", "info", "Łódź")
    assert str(done["timestamp"]).endswith("Z")
    assert str(broke["exception"]).endswith("ValueError: no good")
    assert (library["event"], library["level"]) == ("watch out for this", "warning")


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_secret_and_no_value_of_a_variable_gets_into_a_line(form: str) -> None:
    text = "\n".join(lines("debug", form))
    assert "thing.broke" in text
    assert 'work("tell-nobody")' not in text
    assert "tell-nobody" not in text


def test_only_lines_as_grave_as_asked_for_are_written() -> None:
    assert [event["event"] for event in events("error")] == ["thing.broke"]
    assert events("debug")[0]["event"] == "thing.seen"
