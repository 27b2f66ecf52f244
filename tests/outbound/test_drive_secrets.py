"""What is never written down: secrets in logs, in errors, and in what hangs on errors."""

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

import pytest
from structlog.testing import capture_logs

from houselights.core.errors import HouselightsError
from houselights.core.messages import Answers, Request, Script, ask, ask_all
from houselights.core.secret import Secret
from houselights.outbound.drive import drive
from houselights.port.replies import by_status

from .listeners import Handler, answering, hanging, patience, reply, saying
from .stage import HOST, me, playing

CANARY = "canary-4711"


@pytest.fixture
def logs() -> Iterator[list[MutableMapping[str, Any]]]:
    """Everything that is logged within the test."""
    with capture_logs() as lines:
        yield lines


async def test_logs_name_the_call_and_nothing_of_its_query_or_body(logs: list[MutableMapping[str, Any]]) -> None:
    secret = Secret(CANARY)
    request = Request(
        "POST",
        f"{HOST}/v1/me",
        query=(("access_token", secret), ("open", CANARY)),
        form=(("code", secret),),
        headers=(("authorization", secret),),
    )
    said = reply(CANARY.encode(), "200 OK", f"X-Echo: {CANARY}")
    async with playing(answering(said)) as play:
        await drive(ask(request), play.link)
    (line,) = logs
    ms = line.pop("ms")
    assert 0 <= ms < 2000
    assert line == {
        "event": "platform.called",
        "log_level": "info",
        "platform": "stage",
        "method": "POST",
        "host": "graph.stage.example",
        "path": "/v1/me",
        "status": 200,
    }


FAILURES: Mapping[str, Handler] = {
    "timeout": hanging,
    "bad_reply": saying(f"{CANARY}\r\n\r\n".encode()),
    "body_too_large": answering(reply(CANARY.encode() * 10_000)),
    "encoded_reply": answering(reply(CANARY.encode(), "200 OK", "Content-Encoding: br")),
    "retry_after": answering(reply(CANARY.encode(), "503 Off", "Retry-After: 5")),
}


def reading(*requests: Request) -> Script[Answers]:
    """As a dialect does: what is no answer is an error of ours."""
    got = yield from ask_all(*requests)
    for each in got:
        if each.status >= 400:
            raise by_status(each)
    return got


@pytest.mark.parametrize("code", FAILURES)
async def test_no_failure_carries_a_secret_in_its_text_its_causes_or_the_logs(
    code: str, logs: list[MutableMapping[str, Any]]
) -> None:
    secret = Secret(CANARY)
    request = me(query=(("token", secret),), headers=(("authorization", secret.prefixed("Bearer ")),))
    async with playing(FAILURES[code], patience(code)) as play:
        with pytest.raises(HouselightsError) as failed:
            await drive(reading(request, request), play.link)
    assert failed.value.code == code
    link: BaseException | None = failed.value
    while link is not None:
        assert CANARY not in f"{link} {link!r} {link.args} {vars(link)}"
        link = link.__cause__ or link.__context__
    assert logs
    assert CANARY not in repr(logs)
