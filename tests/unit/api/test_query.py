"""Queries: names and texts as other parsers read them, and never an exception."""

from urllib.parse import parse_qsl, quote_plus, urlencode

from hypothesis import given
from hypothesis import strategies as st

from houselights.api.query import parse_query

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.lists(st.tuples(texts, texts), max_size=5))
def test_what_a_client_encodes_is_read_and_the_last_of_a_name_counts(pairs: list[tuple[str, str]]) -> None:
    read = parse_query(urlencode(pairs, quote_via=quote_plus).encode())
    assert {name: read[name] for name, _ in pairs} == dict(pairs)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_as_the_standard_library_reads_them(raw: bytes) -> None:
    # It leaves out pieces that are empty.
    nothing = {"": ""}
    assert nothing | parse_query(raw) == nothing | dict(parse_qsl(raw.decode("latin-1"), keep_blank_values=True))
