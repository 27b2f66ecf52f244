"""`houselights platform`: what it prints, where, and with which exit status."""

import json
from pathlib import Path

import pytest

import houselights.platforms.instagram
from houselights.cli import platform
from houselights.cli.parser import Parser

SAMPLES = Path(houselights.platforms.instagram.__path__[0]) / "samples"


def run(*words: str) -> int:
    """One command; its exit status."""
    parser = Parser(prog="houselights")
    platform.add_verbs(parser.add_subparsers())
    arguments = parser.parse_args(["platform", *words])
    status: int = arguments.run(arguments)
    return status


def recorded(pattern: str) -> list[str]:
    """Sample files."""
    found = sorted(map(str, SAMPLES.glob(pattern)))
    assert found
    return found


def test_the_platforms_are_listed_for_people_and_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list") == 0
    assert "instagram" in capsys.readouterr().out
    assert run("list", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    ids = {each["name"]: each["work_platform_id"] for each in listed}
    assert ids["instagram"] == "9bb8913b-ddd9-430b-a66a-d74d846e6c66"
    assert list(ids) == sorted(ids)


def test_the_list_tells_of_every_field_whether_a_platform_gives_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list") == 0
    told = {line.split()[0]: line.split()[1:4] for line in capsys.readouterr().out.splitlines()[1:]}
    assert told["instagram"] == ["given", "given", "given"]
    assert told["threads"] == ["given", "given", "estimated"]
    assert told["twitch"] == ["never", "never", "never"]
    assert run("list", "--json") == 0
    fields = {each["name"]: each["fields"] for each in json.loads(capsys.readouterr().out)}
    assert fields["facebook"]["audience.gender_age_distribution"] == "never"
    assert fields["facebook"]["audience.cities"] == "sometimes"


@pytest.mark.parametrize("step", [1, -1])
def test_an_audience_comes_out_to_the_cent_in_whatever_order_the_files_come(
    capsys: pytest.CaptureFixture[str], step: int
) -> None:
    assert run("normalise", "instagram", "audience", *recorded("ava_stone.*.raw.json")[::step]) == 0
    printed = capsys.readouterr()
    expected = json.loads((SAMPLES / "ava_stone.audience.json").read_text(encoding="utf-8"))
    assert printed.err == "audience-quality: TRUNCATED,UNKNOWN_SHARE\n"
    del expected["quality"]
    assert json.loads(printed.out) == expected


def test_a_profile_comes_out_with_nulls_and_without_ids_of_ours(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("normalise", "instagram", "profile", *recorded("ava_stone.*.raw.json")) == 0
    document = json.loads(capsys.readouterr().out)
    expected = json.loads((SAMPLES / "ava_stone.profile.json").read_text(encoding="utf-8"))
    assert {key: document[key] for key in expected if key != "reputation"} | {
        "reputation": expected["reputation"]
    } == expected
    assert document["nick_name"] is None
    assert not {"id", "created_at", "updated_at", "user", "account", "work_platform"} & set(document)


def test_an_empty_audience_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("normalise", "instagram", "audience", *recorded("too_few.*.raw.json")) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out) == {"countries": [], "cities": [], "gender_age_distribution": []}
    assert printed.err == "no audience: BELOW_THRESHOLD\n"


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"no json", "byte 4"),
        (b"{}", "`$.username`"),
        (b'{"data":[{"name":"follower_demographics","total_value":{"breakdowns":5}}]}', "`$.data[0].total_value"),
        (b"[]", "`$`"),
        (b"", "truncated"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_its_name_and_the_place(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: bytes, place: str
) -> None:
    unfit = tmp_path / "unfit.json"
    unfit.write_bytes(content)
    assert run("normalise", "instagram", "audience", *recorded("ava_stone.city.raw.json"), str(unfit)) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert str(unfit) in printed.err
    assert place in printed.err
    assert printed.err.count("\n") == 1


def test_a_file_that_is_not_there_and_a_platform_that_is_none_are_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run("normalise", "instagram", "audience", str(tmp_path / "nothing.json")) == 2
    assert "nothing.json: cannot be read" in capsys.readouterr().err
    assert run("normalise", "instagram", "audience", str(tmp_path)) == 2
    assert run("normalise", "myspace", "audience", "x.json") == 2
    told = capsys.readouterr().err
    assert "no platform is called 'myspace'" in told
    assert "instagram" in told


def test_a_file_with_a_byte_order_mark_is_read_and_one_that_breaks_off_says_where(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    city = Path(recorded("ava_stone.*city*.raw.json")[0]).read_bytes()
    file = tmp_path / "city.json"
    file.write_bytes(b"\xef\xbb\xbf" + city)
    assert run("normalise", "instagram", "audience", str(file)) == 0
    capsys.readouterr()
    file.write_bytes(city[:200])
    assert run("normalise", "instagram", "audience", str(file)) == 2
    assert capsys.readouterr().err == f"houselights: {file}: Input data was truncated (byte 200)\n"
