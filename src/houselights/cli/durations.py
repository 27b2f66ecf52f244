"""Durations as people write them: `90s`, `5m`, `6h`, `7d`, `0`."""

import argparse
import re
from datetime import timedelta

_FORM = re.compile(r"(\d{1,9})(s|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def duration(text: str) -> timedelta:
    """Whole seconds, minutes, hours or days. The command line shows the error it raises word for word."""
    if text == "0":
        return timedelta()
    match = _FORM.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration such as 90s, 5m, 6h or 7d")
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])
