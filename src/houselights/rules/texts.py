"""Texts of platforms -> texts that a database takes and JSON carries."""


def storable(text: str) -> str:
    """The text without NUL, and with `?` for halves of surrogate pairs; everything else, emoji included, unchanged."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
