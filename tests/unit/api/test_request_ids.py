"""Request ids: version 4 UUIDs as text."""

from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from houselights.api.request_ids import request_ids


@given(st.binary(min_size=16, max_size=16))
def test_sixteen_bytes_become_a_version_4_id_that_keeps_the_other_bits(entropy: bytes) -> None:
    text = request_ids(lambda count: entropy * (count // 16))().decode()
    made = UUID(text)
    assert (str(made), made.version, made.variant) == (text, 4, RFC_4122)
    version_and_variant = 0xF << 76 | 0b11 << 62
    assert made.int | version_and_variant == int.from_bytes(entropy) | version_and_variant
