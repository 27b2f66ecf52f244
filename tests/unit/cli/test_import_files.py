"""What `import` makes of files before it looks at a database, and how it tells what came of them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from houselights.cli import main
from houselights.cli.import_files import READERS, FilesBroken, Loaded, load_files
from houselights.cli.import_report import report, sentences, table
from houselights.resources.imported_values import Reason
from houselights.rules.merging import Outcome, Verdict
from houselights.settings import SettingWrong
from tests.listed import account_record, audience_record, page, user_record


def load(**paths: Sequence[Path]) -> Loaded:
    named = {kind: [str(path) for path in paths.get(kind, ())] for kind in READERS}
    return load_files(named, lambda _: None)


def written(path: Path, content: object) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def judged(loaded: Loaded, **outcomes: Sequence[Verdict]) -> Mapping[str, Sequence[Verdict]]:
    return {kind: outcomes.get(kind, [Verdict(Outcome.SAME)] * len(loaded.records[kind])) for kind in READERS}


def test_several_pages_in_several_files_are_one_list(tmp_path: Path) -> None:
    first = written(tmp_path / "1.json", page([user_record(), user_record(id=UUID(int=2).hex)]))
    second = written(tmp_path / "2.json", page([user_record(id=UUID(int=3).hex)]))
    loaded = load(users=[first, second])
    assert [record.id.int for record in loaded.records["users"][1:]] == [2, 3]
    assert [(source.file, source.record) for source in loaded.sources["users"]] == [
        (str(first), 1),
        (str(first), 2),
        (str(second), 1),
    ]


def test_a_record_that_cannot_be_taken_leaves_the_others(tmp_path: Path) -> None:
    odd = audience_record(countries=[{"code": "PRT", "value": 1}])
    lines = b"\n".join(json.dumps(each).encode() for each in (audience_record(), odd, audience_record()))
    loaded = load(audiences=[written(tmp_path / "audiences.jsonl", lines)])
    assert len(loaded.records["audiences"]) == 2
    (refused,) = loaded.refused
    assert (refused.source.record, refused.source.line, refused.reason) == (2, 2, "not_a_country")
    assert refused.source.id == odd["id"]


def test_broken_files_are_all_named_with_their_first_wrong_record(tmp_path: Path) -> None:
    half = written(tmp_path / "half.json", page([user_record()])[:30])
    wrong = written(tmp_path / "wrong.json", [account_record(), account_record(id="4711")])
    failed = written(tmp_path / "failed.json", {"error": {"code": "incorrect_account_id"}})
    with pytest.raises(FilesBroken) as broken:
        load(users=[half], accounts=[wrong], audiences=[failed])
    assert broken.value.broken == (
        f"{half}: record 1, line 1, column 31: the file ends here: Expecting ',' delimiter",
        f"{wrong}: record 2, line 1: Invalid UUID - at $.id",
        f"{failed}: record 1, line 1: this is the answer to a call that failed, not a record",
    )


def test_a_file_that_is_not_there_is_asked_for_wrongly(tmp_path: Path) -> None:
    with pytest.raises(SettingWrong, match=r"--users: .* cannot be read: No such file or directory"):
        load(users=[tmp_path / "none.json"])


def test_broken_files_end_the_command_before_any_database_is_opened(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = written(tmp_path / "users.json", b'{"data": [')
    assert main(["import", "--users", str(broken), "--data-dir", str(tmp_path / "data"), "--json"]) == 1
    said = capsys.readouterr()
    assert f"{broken}: record 1, line 1, column 11: the file ends here" in said.err
    assert said.err.endswith("nothing was imported\n")
    assert msgspec.json.decode(said.out)["changed"] is False
    assert not (tmp_path / "data").exists()


def test_a_report_counts_by_kind_and_lists_what_was_not_taken(tmp_path: Path) -> None:
    users = written(tmp_path / "users.json", [user_record(), user_record(status="GONE"), user_record()])
    loaded = load(users=[users])
    verdicts = judged(loaded, users=[Verdict(Outcome.ADDED), Verdict(Outcome.DIFFERENT, Reason.DIFFERS, "it is here")])
    told = report("Mine", loaded, verdicts, dry_run=False)
    assert (told.ok, told.changed) == (False, True)
    assert told.counts["users"] == {
        "read": 3,
        "added": 1,
        "updated": 0,
        "same": 0,
        "ours": 0,
        "different": 1,
        "refused": 1,
    }
    assert [(each.source.record, each.reason) for each in told.not_taken] == [(2, "unknown_status"), (3, "differs")]
    assert table(told)[1:] == [("users", "3", "1", "0", "0", "0", "1", "1")]
    assert sentences(told)[1] == f"{users}, record 3, line 1 (users {user_record()['id']}): it is here [differs]"


def test_what_is_ours_by_now_needs_no_look(tmp_path: Path) -> None:
    loaded = load(accounts=[written(tmp_path / "accounts.json", page([account_record()]))])
    told = report(
        "Mine", loaded, judged(loaded, accounts=[Verdict(Outcome.OURS, Reason.CONNECTED_HERE)]), dry_run=False
    )
    assert (told.ok, told.counts["accounts"]["ours"], told.not_taken) == (True, 1, [])


def test_a_second_run_says_that_nothing_changed(tmp_path: Path) -> None:
    loaded = load(users=[written(tmp_path / "users.json", page([user_record()]))])
    told = report("Mine", loaded, judged(loaded), dry_run=False)
    assert (told.ok, told.changed) == (True, False)
    assert sentences(told) == ["nothing changed: everything is here already"]


def test_a_dry_run_says_that_nothing_was_kept(tmp_path: Path) -> None:
    loaded = load(users=[written(tmp_path / "users.json", page([user_record()]))])
    told = report("Mine", loaded, judged(loaded, users=[Verdict(Outcome.ADDED)]), dry_run=True)
    assert (told.changed, told.counts["users"]["added"]) == (False, 1)
    assert sentences(told) == ["a dry run: nothing was kept"]
