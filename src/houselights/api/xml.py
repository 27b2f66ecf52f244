"""XML bodies: the direct children of the root as fields, nothing else of XML (contract 4.3)."""

from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from houselights.core.errors import Refused

DEEPEST = 32


class _TooDeep(ValueError):
    pass


class _Children:
    """Collects the root's children by local name while the parser reads; no tree is built.

    Their own text counts: attributes, namespaces, comments and anything deeper do not.
    """

    def __init__(self) -> None:
        self._depth = 0
        self._text: list[str] = []
        self._values: dict[str, list[str]] = {}

    def start(self, _tag: str, _attributes: object) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise _TooDeep
        if self._depth == 2:
            self._text = []

    def data(self, text: str) -> None:
        if self._depth == 2:
            self._text.append(text)

    def end(self, tag: str) -> None:
        if self._depth == 2:
            self._values.setdefault(tag.rpartition("}")[2], []).append("".join(self._text).strip())
        self._depth -= 1

    def close(self) -> None:
        """Called by the parser at the end."""

    def fields(self) -> dict[str, object]:
        """A text for a child that occurs once, a list of texts for one that occurs more often."""
        return {name: values[0] if len(values) == 1 else values for name, values in self._values.items()}


def read_xml(raw: bytes, charset: str | None) -> dict[str, object]:
    """The children of the root by name.

    charset  named by the content type; a byte order mark takes precedence over it, and it over the declaration
    raises   Refused MALFORMED_BODY: not well-formed, a document type, an entity, deeper than 32, an unknown encoding
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        charset = None
    children = _Children()
    try:
        parser = DefusedXMLParser(
            target=children, encoding=charset, forbid_dtd=True, forbid_entities=True, forbid_external=True
        )
        parser.feed(raw)
        parser.close()
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise Refused("MALFORMED_BODY") from None
    return children.fields()
