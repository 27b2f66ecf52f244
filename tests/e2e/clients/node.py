"""Runs JavaScript under Node, with the packages that `make e2e` installed."""

import asyncio
import shutil
import sys
from pathlib import Path

PACKAGES = Path(sys.prefix) / "node" / "node_modules"
_WITHIN_S = 30


async def run_node(script: str, folder: Path, *arguments: str, **environment: str) -> str:
    """What a module prints when run in `folder`. Raises RuntimeError with what it says about a failure."""
    node = shutil.which("node")
    assert node is not None, "no Node: apt-get install nodejs"
    (folder / "node_modules").symlink_to(PACKAGES)
    (folder / "module.mjs").write_text(script, encoding="utf-8")
    child = await asyncio.create_subprocess_exec(
        *(node, "module.mjs", *arguments),
        cwd=folder,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(_WITHIN_S):
        output, errors = await child.communicate()
    if child.returncode:
        raise RuntimeError(errors.decode())
    return output.decode()
