"""The script as a file: the same bytes everywhere, small, kept for good under its version, checked by digest."""

import base64
import gzip
import hashlib
from pathlib import Path

import pytest

from houselights.connect.script import VERSION, integrity
from tests.e2e.connect.stage import Creator, Stage

SCRIPTS = ("/connect/v2/phyllo-connect.js", "/connect.js")
MOST_BYTES = 15_000


async def test_both_addresses_serve_the_same_bytes_and_few_of_them(stage: Stage, creator: Creator) -> None:
    first, second = [await creator.get(stage.public_url + path) for path in SCRIPTS]
    assert first.text == second.text
    assert first.headers["content-type"] == "text/javascript; charset=utf-8"
    assert first.headers["content-encoding"] == "gzip"
    assert int(first.headers["content-length"]) < MOST_BYTES
    assert len(gzip.compress(first.text.encode(), 9)) < MOST_BYTES


async def test_it_may_be_kept_for_good_under_its_version_and_an_hour_without(stage: Stage, creator: Creator) -> None:
    for query, kept in (("", "max-age=3600"), (f"?v={VERSION}", "immutable"), ("?v=old", "max-age=3600")):
        page = await creator.get(f"{stage.public_url}/connect.js{query}")
        assert kept in page.headers["cache-control"]


@pytest.mark.parametrize("accepted", ["gzip", "identity"])
async def test_who_has_it_already_is_told_so_and_sent_nothing(stage: Stage, creator: Creator, accepted: str) -> None:
    url = f"{stage.public_url}/connect.js"
    etag = (await creator.get(url, accept_encoding=accepted)).headers["etag"]
    again = await creator.get(url, accept_encoding=accepted, if_none_match=f'"other", {etag}')
    assert (again.status, again.text, again.headers["etag"]) == (304, "", etag)
    other = await creator.get(url, accept_encoding="deflate, gzip;q=0.5", if_none_match='"other"')
    assert (other.status, other.headers["content-encoding"]) == (200, "gzip")


async def test_its_digest_is_the_one_that_the_command_prints_and_any_origin_may_check_it(
    stage: Stage, creator: Creator
) -> None:
    page = await creator.get(f"{stage.public_url}/connect.js")
    assert integrity() == f"sha384-{base64.b64encode(hashlib.sha384(page.text.encode()).digest()).decode()}"
    assert page.headers["access-control-allow-origin"] == "*"
    assert page.headers["cross-origin-resource-policy"] == "cross-origin"


@pytest.mark.parametrize("accepted", ["identity", "gzip;q=0", "br, gzip; q=0.000, deflate"])
async def test_a_client_that_takes_no_gzip_gets_it_plain(stage: Stage, creator: Creator, accepted: str) -> None:
    page = await creator.get(f"{stage.public_url}/connect.js", accept_encoding=accepted)
    assert "content-encoding" not in page.headers
    assert "PhylloConnect" in page.text


@pytest.mark.parametrize("path", ["/connect.d.ts", "/connect/v2/phyllo-connect.d.ts"])
async def test_declarations_lie_beside_it_and_name_every_event(stage: Stage, creator: Creator, path: str) -> None:
    page = await creator.get(stage.public_url + path)
    for event in ("accountConnected", "accountDisconnected", "tokenExpired", "exit", "connectionFailure"):
        assert f"  {event}: (" in page.text


def test_nothing_in_it_runs_text_or_wants_styles_in_the_page() -> None:
    folder = Path(__file__).parents[3] / "src" / "houselights" / "connect" / "static"
    for file in folder.glob("*.js"):
        code = file.read_text(encoding="utf-8")
        for word in ("eval(", "new Function", "innerHTML", 'setAttribute("style', "localStorage", "http://"):
            assert word not in code
