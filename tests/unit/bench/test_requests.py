"""Ready-made requests, and the documents that they ask for."""

from pathlib import Path

import msgspec

from bench.accounts import account_id, document, username
from bench.databases import Credentials
from bench.requests import drawn, reads, refreshes

CREDENTIALS = Credentials("client", "secret")


def test_all_requests_of_a_file_have_its_one_length(tmp_path: Path) -> None:
    ids = drawn(1_000, 50)
    made = reads(tmp_path / "reads", "/v1/audience", CREDENTIALS, ids)
    raw = made.path.read_bytes()
    requests = [raw[at : at + made.length] for at in range(0, len(raw), made.length)]
    assert len(requests) == 50
    assert [request.split(b" ")[1] for request in requests] == [b"/v1/audience?account_id=" + each for each in ids]
    assert all(b"authorization: Basic Y2xpZW50OnNlY3JldA==\r\n" in request for request in requests)


def test_a_request_for_a_refresh_announces_the_length_of_its_body(tmp_path: Path) -> None:
    made = refreshes(tmp_path / "refreshes", "/v1/profiles/refresh", CREDENTIALS, drawn(1_000, 1))
    head, _, body = made.path.read_bytes().partition(b"\r\n\r\n")
    assert b"content-length: %d" % len(body) in head
    assert msgspec.json.decode(body) == {"account_id": drawn(1_000, 1)[0].decode()}


def test_requests_are_spread_over_the_accounts() -> None:
    every = {str(account_id(number)).encode() for number in range(1_000)}
    ids = drawn(1_000, 10_000)
    assert set(ids) <= every
    assert len(set(ids)) > 990


def test_a_document_is_whole_and_of_about_four_kilobytes() -> None:
    raw = document(7, b"https://api.example.org")
    shown = msgspec.json.decode(raw)
    assert 3_700 < len(raw) < 4_300
    assert shown["account"] == {
        "id": str(account_id(7)),
        "platform_username": username(7),
        "username": username(7),
    }
    assert shown["work_platform"]["logo_url"].startswith("https://api.example.org/")
    assert 85 < sum(each["value"] for each in shown["countries"]) <= 100
