"""The query of an address: names and texts."""

from urllib.parse import unquote_plus


def parse_query(raw: bytes) -> dict[str, object]:
    """Parameters by name, decoded; the last one counts. Bytes that are not UTF-8 become the replacement character."""
    values: dict[str, object] = {}
    for piece in raw.decode("latin-1").split("&"):
        name, _, value = piece.partition("=")
        if "%" in piece or "+" in piece:
            name, value = unquote_plus(name), unquote_plus(value)
        values[name] = value
    return values
