"""`python -m measures`: every measure, one JSON object on standard output, progress on standard error."""

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from measures import budget, renewal


def say(text: str) -> None:
    """Progress."""
    print(text, file=sys.stderr, flush=True)


async def measure_all() -> dict[str, object]:
    """Each measure by its name."""
    with tempfile.TemporaryDirectory(prefix="houselights-measures-") as folder:
        home = Path(folder)
        return {
            "budget": await budget.run(home / "budget", say),
            "renewal": await renewal.run(home / "renewal", say),
        }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure_all()), indent=2))
