"""Records are found in whatever a list endpoint's answers were kept as, and a broken file says where it is broken."""

import json

import pytest

from houselights.resources.listings import FileBroken, find_records
from tests.listed import page


def values(raw: bytes) -> list[object]:
    return [found.value for found in find_records(raw)]


@pytest.mark.parametrize(
    "raw",
    [
        page([{"id": 1}, {"id": 2}, {"id": 3}]),
        b'[{"id": 1}, {"id": 2}, {"id": 3}]',
        b'{"id": 1}\n{"id": 2}\n{"id": 3}\n',
        b'{"id": 1}{"id": 2} {"id":\n3}',
        page([{"id": 1}]) + b"\n" + page([{"id": 2}, {"id": 3}]),
        b"[" + page([{"id": 1}, {"id": 2}]) + b"," + page([]) + b"," + page([{"id": 3}]) + b"]",
        b'{"metadata": {"limit": 3}, "data": [{"id": 1}, {"id": 2}, {"id": 3}]}',
        b'\xef\xbb\xbf\r\n[{"id": 1}]\r\n[{"id": 2}, {"id": 3}]',
        json.dumps({"data": [{"id": 1}, {"id": 2}, {"id": 3}], "metadata": None}, indent=4).encode(),
    ],
)
def test_pages_lists_and_bare_records_hold_the_same_records(raw: bytes) -> None:
    assert values(raw) == [{"id": 1}, {"id": 2}, {"id": 3}]


def test_a_record_whose_data_is_an_object_is_no_page() -> None:
    assert values(b'{"id": 1, "data": {"identity": {}}}') == [{"id": 1, "data": {"identity": {}}}]


def test_an_empty_list_holds_no_record() -> None:
    assert values(b"[]") == []
    assert values(page([])) == []


def test_a_record_knows_its_number_and_its_line() -> None:
    found = list(find_records(b'{"data": [\n  {"id": 1},\n\n  {"id": 2}\n]}\n{"id": 3}'))
    assert [(each.number, each.line) for each in found] == [(1, 2), (2, 4), (3, 6)]


def test_text_beyond_ascii_is_read_as_utf_8() -> None:
    assert values('{"name": "Café № 5 🏺"}'.encode()) == [{"name": "Café № 5 🏺"}]


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "there is nothing in it"),
        (b" \n", "there is nothing in it"),
        (b'{"data": [{"id": 1},\n{"id": 2}', "record 3, line 2, column 10: the file ends here: , or ] is expected"),
        (b'{"data": [{"id": 1},\n{"id": "2', "record 2, line 2, column 8: Unterminated string starting at"),
        (b'{"id": 1}\n{"id": 2', "record 2, line 2, column 9: the file ends here: , or } is expected"),
        (b'{"data": [{"id": 1}], "meta', "record 2, line 1, column 23: Unterminated string starting at"),
        (b"<html>", "record 1, line 1, column 1: an object or a list is expected"),
        (b'[{"id": 1}, 5]', "record 2, line 1, column 13: an object is expected"),
        (b"[[]]", "record 1, line 1, column 2: an object is expected"),
        (b'{"id": NaN}', "record 1, line 1, column 8: a value that no record holds"),
        (b'{"id": 1e999}', "record 1, line 1, column 8: a value that no record holds"),
        (b'{"id": ' + b"9" * 5000 + b"}", "record 1, line 1, column 8: a value that no record holds"),
        (b'{"id": ' + b"[" * 100_000, "record 1, line 1, column 8: a value that no record holds"),
        (b"[" * 100_000, "record 1, line 1, column 2: an object is expected"),
        (b'{"data": ' * 3, "record 1, line 1, column 28: the file ends here: Expecting value"),
        (b"{5}", "record 1, line 1, column 2: a name in quotes is expected"),
        (b'[{"id": "\xe9"}]', "byte 10 is not UTF-8"),
    ],
)
def test_a_broken_file_says_at_which_record_and_where(raw: bytes, says: str) -> None:
    with pytest.raises(FileBroken) as broken:
        values(raw)
    assert str(broken.value) == says


def test_every_half_of_a_file_is_broken() -> None:
    whole = page([{"id": 1, "data": {"identity": None}}, {"id": 2}])
    assert len(values(whole)) == 2
    for length in range(len(whole)):
        with pytest.raises(FileBroken):
            values(whole[:length])
