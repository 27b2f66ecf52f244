"""Ends a server when whoever started it is gone, for whatever reason."""

import os
import signal
import sys
import threading


def end_with_parent() -> None:
    """Standard input is a pipe that our parent holds; when it ends, so do we."""
    threading.Thread(target=_wait, name="lifeline", daemon=True).start()


def _wait() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
