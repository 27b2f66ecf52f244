"""Texts of others -> texts that a database takes, JSON carries, and a page has room for."""


def storable(text: str) -> str:
    """The text without NUL, and with `?` for halves of surrogate pairs; everything else, emoji included, unchanged."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def said(text: str | None) -> str | None:
    """`storable`; None where a platform leaves a text out or sends an empty one for what was never filled in."""
    return storable(text) or None if text else None


def shortened(text: str, longest: int) -> str:
    """The text, or as much of it as fits with an ellipsis, which never follows a space or a stop."""
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip(' .,;:-')}…"
