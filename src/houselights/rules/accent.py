"""An application's own colour on the connect pages: whether it is readable, and a lighter variant for dark mode.

Contrast as WCAG 2.2 calculates it (1.4.3): 4.5 for text.
"""

import re

_HEX = re.compile(r"[0-9a-f]{6}")
_ENOUGH = 4.5
_CARD, _DARK_CARD = "ffffff", "211e1b"
_STEPS = 20


def is_readable(colour: str) -> bool:
    """Whether white text on it, and text of this colour on white, is readable. colour: six lower-case hex digits."""
    return _HEX.fullmatch(colour) is not None and contrast(colour, _CARD) >= _ENOUGH


def contrast(one: str, other: str) -> float:
    """The contrast ratio, from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def stylesheet(colour: str) -> str:
    """The custom properties that the pages' style sheet uses; "" for a colour that is not readable."""
    if not is_readable(colour):
        return ""
    light = f":root{{--accent:#{colour};--accent-ink:#{_CARD};--accent-strong:#{_mixed(colour, '000000', 4)}}}\n"
    sister = next(
        (
            mixed
            for step in range(_STEPS + 1)
            if contrast(mixed := _mixed(colour, _CARD, step), _DARK_CARD) >= _ENOUGH + 1
        ),
        _CARD,
    )
    dark = f":root{{--accent:#{sister};--accent-ink:#{_DARK_CARD};--accent-strong:#{_mixed(sister, _CARD, 6)}}}"
    return f"{light}@media (prefers-color-scheme:dark){{{dark}}}\n"


def _mixed(colour: str, other: str, step: int) -> str:
    """A colour on its way to another. step: from 0 to `_STEPS`."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "".join(f"{round(a + (b - a) * step / _STEPS):02x}" for a, b in pairs)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[:2], 16), int(colour[2:4], 16), int(colour[4:], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
