"""A reply that cannot be read says so as what it is: the platform's, not ours."""

import pytest
from msgspec import Struct

from houselights.core.errors import PlatformChanged, PlatformDown
from houselights.core.messages import Response
from houselights.port.families.meta_graph import Kind, refusal
from houselights.port.replies import envelope, fit

_NO_UTF_8 = b'{"name":"\xff","error":{"message":"\xff","code":1}}'


class Named(Struct, frozen=True):
    """One text."""

    name: str


@pytest.mark.parametrize("body", [b"", b"{", b'{"name":1}', b"[]", b"[" * 100_000, _NO_UTF_8])
def test_what_does_not_fit_is_the_platforms_change(body: bytes) -> None:
    with pytest.raises(PlatformChanged):
        fit(body, Named)


@pytest.mark.parametrize("body", [b"", b"<html>", _NO_UTF_8])
def test_a_refusal_without_json_is_an_outage(body: bytes) -> None:
    with pytest.raises(PlatformDown):
        envelope(Response(400, {}, body), Named)
    found = refusal(Response(400, {}, body))
    assert found is not None
    assert found.kind is Kind.RETRY
