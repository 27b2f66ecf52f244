"""Chromium as a process: started with an empty profile, found by the port that it reports, ended with its user."""

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

_ARGUMENTS = (
    *("--headless=new", "--remote-debugging-port=0", "--no-first-run", "--disable-gpu", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
    *("--password-store=basic", "--disable-extensions", "--window-size=1280,900"),
)
_WITHIN_S = 60.0


class Gone(Exception):
    """The browser ended before it answered."""


@asynccontextmanager
async def chromium(folder: Path) -> AsyncGenerator[str, None]:
    """The address of its DevTools; its profile is in `folder`."""
    program = next((found for name in ("chromium", "google-chrome") if (found := shutil.which(name))), None)
    assert program is not None, "no Chromium: apt-get install chromium"
    with (folder / "chromium.log").open("wb") as log:
        child = await asyncio.create_subprocess_exec(
            *(program, *_ARGUMENTS, *_as_root(), f"--user-data-dir={folder / 'profile'}", "about:blank"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield await _address(child, folder)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        await child.wait()


async def _address(child: asyncio.subprocess.Process, folder: Path) -> str:
    told = folder / "profile" / "DevToolsActivePort"
    async with asyncio.timeout(_WITHIN_S):
        while not (told.exists() and told.read_text(encoding="ascii").count("\n")):
            if child.returncode is not None:
                raise Gone((folder / "chromium.log").read_text(encoding="utf-8", errors="replace"))
            await asyncio.sleep(0.05)
    port, path = told.read_text(encoding="ascii").splitlines()[:2]
    return f"ws://127.0.0.1:{port}{path}"


def _as_root() -> Iterator[str]:
    """Options for running as root, as in containers: Chromium's own sandbox refuses to."""
    if os.geteuid() == 0:
        yield "--no-sandbox"
