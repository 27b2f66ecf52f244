"""Texts of platforms -> texts that a database takes and JSON carries."""


def storable(text: str) -> str:
    """The text without NUL, and with `?` for halves of surrogate pairs; everything else, emoji included, unchanged."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def said(text: str | None) -> str | None:
    """`storable`; None where a platform leaves a text out or sends an empty one for what was never filled in."""
    return storable(text) or None if text else None
