"""Bodies of any kind: what is JSON or XML is read, all else is refused by name, and nothing else ever happens."""

import json
import re
from datetime import date
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from houselights.api.bodies import read_object
from houselights.api.fields import Fields
from houselights.core.errors import Refused
from houselights.core.events import notification
from houselights.core.ids import EventId

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)
OBJECTS = st.dictionaries(TEXT, JSON_VALUES, max_size=6)
JSON_TYPES = st.sampled_from([None, "", "application/json", "Application/JSON; charset=utf-8", "application/a.b+json"])
XML_TYPES = st.sampled_from([None, "application/xml", "text/xml", "application/a.b+xml", "TEXT/XML; x=y"])
TYPES = JSON_TYPES | XML_TYPES | st.text(st.characters(max_codepoint=255))
BLANKS = st.text(" \t\r\n", max_size=3)

# What XML 1.0 can hold, but for line ends, which its readers unify.
XML_TEXT = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], include_characters="\t\n", exclude_characters="\ufffe\uffff")
)
XML_NAMES = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_.-]{0,8}", fullmatch=True)


def read(raw: bytes, content_type: str | None, *, xml: bool = True) -> dict[str, object]:
    """The fields of a body."""
    headers = [] if content_type is None else [(b"content-type", content_type.encode("latin-1"))]
    return dict(read_object(headers, raw, xml=xml))


def refusal(raw: bytes, content_type: str | None, *, xml: bool = True) -> str:
    """The code with which a body is refused."""
    with pytest.raises(Refused) as caught:
        read(raw, content_type, xml=xml)
    return caught.value.code


@given(st.binary(), TYPES, st.booleans())
@example(b"[" * 100_000, None, False)
@example(b"<a>" * 1_000, None, True)
@example(b"\xff\xfe<\x00", "text/xml; charset=utf-16", True)
@example(b"{}", "text/xml; charset=\xff", True)
def test_any_bytes_of_any_type_are_fields_or_a_refusal_by_name(raw: bytes, content_type: str | None, xml: bool) -> None:
    try:
        outcome: object = read(raw, content_type, xml=xml)
    except Refused as refused:
        outcome = refused.code
    assert isinstance(outcome, dict) or outcome in ("MALFORMED_BODY", "unsupported_media_type", "payload_too_large")


@given(OBJECTS, JSON_TYPES, BLANKS, BLANKS, st.booleans(), st.booleans())
def test_any_json_object_is_read_as_it_was_written(
    written: dict[str, object], content_type: str | None, before: str, after: str, ascii_only: bool, marked: bool
) -> None:
    text = before + json.dumps(written, ensure_ascii=ascii_only) + after
    assert read(text.encode("utf-8-sig" if marked else "utf-8"), content_type, xml=False) == written


@given(JSON_VALUES, JSON_TYPES)
def test_any_json_that_is_no_object_is_malformed(written: object, content_type: str | None) -> None:
    assume(not isinstance(written, dict))
    assert refusal(json.dumps(written).encode(), content_type, xml=False) == "MALFORMED_BODY"


@given(OBJECTS, st.data())
def test_json_that_breaks_off_is_malformed(written: dict[str, object], data: st.DataObject) -> None:
    raw = json.dumps(written).encode()
    kept = data.draw(st.integers(1, len(raw) - 1))
    assert refusal(raw[:kept], "application/json") == "MALFORMED_BODY"


@given(
    st.dictionaries(XML_NAMES, XML_TEXT, max_size=5),
    XML_NAMES,
    XML_TYPES,
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16 declared"]),
    st.data(),
)
def test_any_children_of_any_root_are_fields_however_they_are_written(
    values: dict[str, str], root: str, content_type: str | None, encoding: str, data: st.DataObject
) -> None:
    children = "".join(data.draw(_elements(name, text)) for name, text in values.items())
    declared = f'<?xml version="1.0" encoding="{encoding[:6]}"?>' if encoding.endswith("declared") else ""
    document = f'{declared}<{root} xmlns:n="urn:n">{children}</{root}>'
    raw = document.encode(encoding.partition(" ")[0])
    assume(len(raw) < 60_000)
    assert read(raw, content_type) == {name: text.strip() for name, text in values.items()}


@st.composite
def _elements(draw: st.DrawFn, name: str, text: str) -> str:
    """One field with noise round it: attributes, a prefix, comments, CDATA, instructions, deeper elements, blanks."""
    written = escape(text)
    if "]]>" not in text and draw(st.booleans()):
        written = f"<![CDATA[{text}]]>"
    noise = draw(st.sampled_from(["", "<!-- c -->", "<?pi x?>", " \n"]))
    inside = draw(st.sampled_from(["", "<!-- c -->", "<z>not mine</z>"]))
    prefix = draw(st.sampled_from(["", "n:"]))
    attribute = f" a={quoteattr(draw(XML_TEXT))}" if draw(st.booleans()) else ""
    return f"{noise}<{prefix}{name}{attribute}>{inside}{written}</{prefix}{name}>"


@given(XML_TEXT, st.sampled_from(["", '<!ENTITY e "v">', '<!ENTITY e SYSTEM "file:///etc/hostname">']))
def test_a_document_type_is_refused_whatever_it_holds(text: str, entity: str) -> None:
    document = f"<!DOCTYPE Refresh [{entity}]><Refresh><account_id>{escape(text)}</account_id></Refresh>"
    assert refusal(document.encode(), "application/xml") == "MALFORMED_BODY"


@given(st.uuids(), st.sampled_from(["Refresh", "refresh", "x"]), BLANKS)
def test_json_and_xml_say_the_same(account_id: object, root: str, blanks: str) -> None:
    document = f"<{root}><account_id>{blanks}{account_id}{blanks}</account_id></{root}>"
    assert read(document.encode(), None) == read(json.dumps({"account_id": str(account_id)}).encode(), None)


@given(JSON_VALUES)
def test_a_text_that_passes_can_be_stored_and_any_other_value_is_named(value: object) -> None:
    fields = Fields({"name": value})
    text = fields.text("name")
    if isinstance(value, str) and 1 <= len(value.strip()) <= 100 and "\x00" not in value.strip():
        fields.check()
        assert text == value.strip()
    else:
        with pytest.raises(Refused) as caught:
            fields.check()
        assert caught.value.fields == ("name",)


@given(st.dates())
def test_any_day_is_read_as_it_is_written(day: date) -> None:
    fields = Fields({"from_date": day.isoformat(), "to_date": day.isoformat()})
    page = fields.page()
    fields.check()
    assert (page.from_date, page.to_date) == (day, day)


@given(TEXT | st.from_regex(r"[0-9]{3,5}-[0-9]{1,3}-[0-9]{1,3}", fullmatch=True))
def test_a_text_that_is_no_day_is_named(text: str) -> None:
    fields = Fields({"to_date": text})
    page = fields.page()
    if page.to_date is None:
        with pytest.raises(Refused) as caught:
            fields.check()
        assert caught.value.fields == ("to_date",)
    else:
        assert page.to_date.isoformat() == text
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII)


@pytest.mark.rule("C-101")
@given(OBJECTS, st.uuids(version=4))
def test_a_notification_of_any_data_survives_python_s_parser(data: dict[str, object], event_id: EventId) -> None:
    raw = notification("A.B", "text", event_id, data)
    assert json.dumps(json.loads(raw)).encode() == raw
    assert json.loads(raw)["data"] == data
