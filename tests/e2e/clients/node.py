"""Runs JavaScript under Node, with the packages that `make e2e` installed."""

import asyncio
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

PACKAGES = Path(sys.prefix) / "node" / "node_modules"
_WITHIN_S = 30


async def run_node(script: str, folder: Path, **environment: str) -> str:
    """What a module prints on standard output. Raises RuntimeError with what it says where it fails."""
    node = shutil.which("node")
    assert node is not None, "no Node: apt-get install nodejs"
    (folder / "node_modules").symlink_to(PACKAGES)
    (folder / "sample.mjs").write_text(script, encoding="utf-8")
    child = await asyncio.create_subprocess_exec(
        *(node, "sample.mjs"),
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


async def run_sample(path: Path, folder: Path, environment: Mapping[str, str]) -> dict[str, object]:
    """What a sample of ours prints, decoded."""
    printed = await run_node(path.read_text(encoding="utf-8"), folder, **environment)
    return msgspec.json.decode(printed, type=dict[str, object])
