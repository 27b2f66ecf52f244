"""Takes the server's account, ties its life to its parent's, and becomes the program that was asked for.

    python -I -S launch.py PARENT UID GID PROGRAM [ARGUMENT ...]

A program of its own with the standard library only, because none of this may run between `fork` and `exec` in a
process that has threads. The order matters: a change of user clears the parent-death signal, and a parent that died
before the signal was requested sends none. The signal comes when the parent's *thread* that started us ends.
UID and GID of -1 keep the account. Not on Linux: no such signal; see `EmbeddedPostgres`.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main(parent: int, uid: int, gid: int, command: list[str]) -> None:
    """Does not return if all goes well; raises OSError where the account or the program cannot be had."""
    if uid != -1:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGINT), 0, 0, 0)
    if os.getppid() == parent:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # the interpreter ignores it, and exec would pass that on
        os.execv(command[0], command)


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
    except OSError as error:
        sys.exit(f"FATAL:  {sys.argv[4]} cannot be started as user {sys.argv[2]} ({error.strerror})")
