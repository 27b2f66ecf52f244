"""Other people's texts -> texts that a database accepts, JSON can carry, and a page has room for."""


def storable(text: str) -> str:
    """The text without NUL, and with `?` for lone surrogates; everything else, emoji included, unchanged."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def said(text: str | None) -> str | None:
    """`storable`; None where a platform omits a text, or sends an empty one for something never filled in."""
    return storable(text) or None if text else None


def shortened(text: str, longest: int) -> str:
    """The text, or as much of it as fits with an ellipsis, which never follows a space or a stop."""
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip(' .,;:-')}…"
