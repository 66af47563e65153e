"""Removes the throw-away server of a test run when the last process that uses it has ended.

Started as a program of its own, because it must outlive every process of the run, however that
ends: each of them holds a shared lock on the run's `in-use` file, which even kill -9 gives back.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import sys
import time
from pathlib import Path

STOP_TIMEOUT = 20.0


def spawn(run: Path) -> None:
    """Starts the reaper of a test run, in a session of its own that no Ctrl-C reaches."""
    command = [sys.executable, "-I", "-S", __file__, str(run)]
    nowhere = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1, 2)]
    os.posix_spawn(sys.executable, command, os.environ, file_actions=nowhere, setsid=True)


def reap(run: Path) -> None:
    """Waits for the end of the run, then removes its server and its files."""
    with (run / "in-use").open() as in_use:
        fcntl.flock(in_use, fcntl.LOCK_EX)
    ended = run.rename(run.with_name(f"{run.name}-ended"))
    stop_server(ended / "server" / "postmaster.pid")
    shutil.rmtree(ended, ignore_errors=True)


def stop_server(pid_file: Path) -> None:
    """Stops the server at once: nothing that it stores is wanted any more."""
    try:
        pid, _, _, _, socket_directory, *_ = pid_file.read_text().splitlines()
    except (OSError, ValueError):
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(int(pid), signal.SIGQUIT)
    deadline = time.monotonic() + STOP_TIMEOUT
    while pid_file.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    shutil.rmtree(socket_directory, ignore_errors=True)


if __name__ == "__main__":
    reap(Path(sys.argv[1]))
