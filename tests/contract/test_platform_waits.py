"""What every platform's folder makes of a request to wait: whose calls rest, and for how long."""

from datetime import timedelta

import pytest
from msgspec import structs

from houselights.core.errors import NotGiven, PlatformError, RateLimited
from houselights.core.messages import Request, Response
from houselights.outbound.drive import heeded
from tests.contract.folders import (
    CAST,
    PLATFORMS,
    SHOWCASE,
    Spoil,
    address,
    attempt,
    on_every_platform,
    refusals,
    replies_of,
)
from tests.invented import NOW

LATER = {"retry-after": "90"}
DATED = {"retry-after": "Mon, 23 Nov 2026 12:05:00 GMT"}

WHOLE_APP = {"error_4_app_rate_limit", "error_4_rate_limit"}
"""Refusals that say more than their platform's others: the whole app is over its budget, not the account alone."""

RATES = [row[:3] for row in refusals() if row[3] == "RateLimited"]


def counted(name: str, sample: str) -> str:
    """Whose calls a refusal counts."""
    return "app" if sample in WHOLE_APP else PLATFORMS[name].manifest.limits.counts


def silent(refusal: Response) -> Response:
    """A refusal whose headers say nothing."""
    return structs.replace(refusal, headers={})


def waited(name: str, script: str, spoil: Spoil) -> RateLimited:
    """What a script comes to, as the driver of its calls tells it."""
    heard: list[Response] = []

    def hear(request: Request, reply: Response) -> Response:
        heard.append(spoil(request, reply))
        return heard[-1]

    with pytest.raises(PlatformError) as raised:
        attempt(PLATFORMS[name], script, hear)
    told = heeded(raised.value, heard, PLATFORMS[name].manifest.limits)
    assert isinstance(told, RateLimited), told
    return told


@pytest.mark.parametrize(("headers", "wait"), [(LATER, timedelta(seconds=90)), (DATED, timedelta(minutes=5))])
@pytest.mark.parametrize(("name", "sample", "where"), RATES)
def test_a_refusal_rests_whose_calls_it_counts_for_as_long_as_it_says(
    name: str, sample: str, where: str, headers: dict[str, str], wait: timedelta
) -> None:
    refusal = structs.replace(PLATFORMS[name].fake(CAST).refusals[sample], headers=headers, at=NOW)
    *words, place = where.split()
    script = " ".join(words) if words not in ([], ["other"]) else " ".join([*words, "read"])

    told = waited(name, script, lambda request, reply: refusal if place in address(request) else reply)

    assert (told.wait, told.bucket, told.grows_to) == (wait, counted(name, sample), None)

    unsaid = waited(name, script, lambda request, reply: silent(refusal) if place in address(request) else reply)
    grows_to = PLATFORMS[name].manifest.limits.waits_grow_to_s
    assert unsaid.grows_to == (None if grows_to is None else timedelta(seconds=grows_to))
    assert unsaid.grows_to is None or unsaid.wait < unsaid.grows_to


@pytest.mark.parametrize("body", [b"Too many requests", b"{}"])
@pytest.mark.parametrize(
    ("status", "script"), [(429, "read"), (429, "exchange"), (429, "renew"), (429, "revoke"), (503, "read")]
)
@on_every_platform
def test_a_refusal_without_words_rests_what_the_manifest_says_at_every_call(
    name: str, script: str, status: int, body: bytes
) -> None:
    slow = Response(status, LATER, body, NOW)
    calls = asked_by(name, script)
    for place in range(calls):
        met: list[Request] = []

        def spoil(request: Request, reply: Response, met: list[Request] = met, place: int = place) -> Response:
            met.append(request)
            return slow if len(met) > place else reply

        told = waited(name, script, spoil)
        assert told.wait == timedelta(seconds=90)
        assert told.bucket == (PLATFORMS[name].manifest.limits.counts if status == 429 else "account")


def asked_by(name: str, script: str) -> int:
    """How many calls a script makes; none where the platform has no such script."""
    try:
        return len(replies_of(PLATFORMS[name], SHOWCASE, script))
    except NotGiven:
        return 0


@on_every_platform
def test_a_renewal_is_one_call_for_that_is_how_long_it_is_leased(name: str) -> None:
    assert asked_by(name, "renew") <= 1
