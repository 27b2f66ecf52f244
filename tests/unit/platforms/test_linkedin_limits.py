"""LinkedIn's two limits: an application's calls of a day, and those of one member through it."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from houselights.core.errors import RateLimited
from houselights.core.messages import Response
from houselights.platforms.linkedin.refusals import refusal

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("limit", "bucket"),
    [
        ("Resource level throttle APPLICATION DAY limit for calls to this resource is reached.", "app"),
        ("Resource level throttle APPLICATION_AND_MEMBER DAY limit for calls to this resource is reached.", None),
        ("Resource level throttle MEMBER DAY limit for calls to this resource is reached.", None),
        ("Resource level throttle limit for calls to this resource is reached.", None),
        ("", None),
    ],
)
def test_the_message_tells_whose_calls_were_counted(limit: str, bucket: str | None) -> None:
    body = json.dumps({"status": 429, "message": limit, "serviceErrorCode": 101}).encode()

    said = refusal(Response(429, {}, body), NOON)

    assert isinstance(said, RateLimited)
    assert (said.wait, said.bucket) == (timedelta(hours=12), bucket)
    assert "throttle" not in f"{said} {said.code}"
