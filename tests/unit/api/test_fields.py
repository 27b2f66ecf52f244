"""Fields: everything that is wrong is told at once, in the order in which it was asked for."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from houselights.api.fields import Fields
from houselights.core.errors import Refused

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


def ask(fields: Fields) -> None:
    """Every kind of field."""
    fields.text("text")
    fields.texts("texts")
    fields.id("id")
    fields.text_or("named", "x")
    fields.flag_or("flag", default=True)
    fields.check()


def test_missing_fields_are_told_before_invalid_ones_and_in_order() -> None:
    with pytest.raises(Refused) as missing:
        ask(Fields({"id": " ", "texts": None, "flag": 1}))
    assert (missing.value.code, missing.value.fields) == ("MISSING_FIELDS", ("text", "texts", "id"))
    with pytest.raises(Refused) as invalid:
        ask(Fields({"id": "x", "texts": [1], "text": [], "flag": "no", "named": ""}))
    assert (invalid.value.code, invalid.value.fields) == ("INVALID_FIELDS", ("text", "texts", "id", "named", "flag"))


def test_a_rule_of_the_endpoint_s_own_keeps_the_order() -> None:
    fields = Fields({"a": "x", "b": "y", "c": "\ud800"})
    for name in "abc":
        fields.text(name)
    fields.refuse("b")
    with pytest.raises(Refused) as invalid:
        fields.check()
    assert invalid.value.fields == ("b", "c")


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("text", "texts", "id", "named", "flag"), anything)))
def test_any_object_is_taken_or_refused_with_a_documented_code(values: dict[str, object]) -> None:
    refused = _refusal_of(values)
    if refused is None:
        assert isinstance(values["text"], str)
        assert UUID(str(values["id"]))
    else:
        assert refused.code in ("MISSING_FIELDS", "INVALID_FIELDS")
        assert refused.fields


def _refusal_of(values: dict[str, object]) -> Refused | None:
    try:
        ask(Fields(values))
    except Refused as refused:
        return refused
    return None


@given(st.text("0123456789+- ._xe²", max_size=6))
def test_a_limit_is_a_plain_number_of_1_to_100_or_refused(text: str) -> None:
    fields = Fields({"limit": text})
    page = fields.page()
    if text.isascii() and text.isdecimal() and 1 <= int(text) <= 100:
        fields.check()
        assert page.limit == int(text)
    else:
        with pytest.raises(Refused):
            fields.check()
