"""Keeps one worker process: replaced when the code has changed, started again when it dies."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress
from typing import Literal

from pgflow.development.worker_child import READY
from pgflow.environment import DATABASE_URL_VARIABLE, SUPERVISED_VARIABLE
from pgflow.web.models import WorkerProcess
from pgflow.worker.backoff import Backoff

State = Literal["starting", "running", "restarting", "stopped"]
# Asked to end, it has that long before it is killed (seconds).
PATIENCE = 5.0
KEPT_LINES = 20


class WorkerKeeper:
    """The worker of `pgflow dev`. It does not work before `replace` is called for the first time.

    `changed` is called whenever `state` says something new, `tell` with what people should read.
    """

    def __init__(
        self,
        names: Sequence[str],
        database_url: str,
        *,
        tell: Callable[[str], None],
        changed: Callable[[], None],
    ) -> None:
        self._command = (sys.executable, "-m", "pgflow.development.worker_child", *names)
        self._variables = {
            **os.environ,
            SUPERVISED_VARIABLE: "1",
            # Arguments can be seen by everybody on the machine.
            DATABASE_URL_VARIABLE: database_url,
        }
        self._tell = tell
        self._changed = changed
        self._state: State = "stopped"
        self._process: Process | None = None
        self._restarts = 0
        self._message: str | None = None
        self._said: deque[str] = deque(maxlen=KEPT_LINES)
        self._renewal = asyncio.Event()

    def state(self) -> WorkerProcess:
        """How the process is."""
        return WorkerProcess(
            state=self._state,
            pid=self._process.pid if self._process else None,
            restarts=self._restarts,
            message=self._message,
        )

    def replace(self) -> None:
        """Let a new process take over; the old one finishes what it has in hand."""
        self._renewal.set()
        self._end(self._process)

    async def run(self) -> None:
        """Keep a process at work until this is cancelled."""
        backoff = Backoff(first=0.25, longest=10.0)
        await self._renewal.wait()
        while True:
            self._renewal.clear()
            was_ready, code = await self._run_one()
            if self._renewal.is_set():
                continue
            if was_ready:
                backoff.reset()
            await self._bear(code, backoff.next())

    async def _bear(self, code: int, pause: float) -> None:
        """The process has ended by itself: say so, and wait a little, or for new code."""
        self._restarts += 1
        self._show("restarting", "\n".join(self._said) or f"it ended with {_told(code)}")
        self._tell(f"the worker ended with {_told(code)}, the next one starts in {pause:.1f} s")
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._renewal.wait()

    async def _run_one(self) -> tuple[bool, int]:
        """Whether a process got as far as to work, and how it ended."""
        self._said.clear()
        self._process = process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=self._variables,
            # Ctrl-C in the terminal is for us alone.
            start_new_session=True,
        )
        self._show("starting")
        try:
            was_ready, _ = await asyncio.gather(self._hear(process), self._repeat(process))
            return was_ready, await process.wait()
        finally:
            await self._finish(process)

    async def _hear(self, process: Process) -> bool:
        was_ready = False
        async for line in _lines(process.stdout):
            if not was_ready and line.strip() == READY:
                was_ready = True
                self._show("running")
            else:
                sys.stdout.write(line)
        return was_ready

    async def _repeat(self, process: Process) -> None:
        async for line in _lines(process.stderr):
            self._said.append(line.rstrip())
            sys.stderr.write(line)

    async def _finish(self, process: Process) -> None:
        self._end(process)
        try:
            async with asyncio.timeout(PATIENCE):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
        self._process = None
        self._show("stopped")

    def _end(self, process: Process | None) -> None:
        if process is not None and process.returncode is None:
            with suppress(ProcessLookupError):
                process.terminate()

    def _show(self, state: State, message: str | None = None) -> None:
        self._state, self._message = state, message
        self._changed()


async def _lines(stream: asyncio.StreamReader | None) -> AsyncGenerator[str]:
    """What a process prints; lines of more than 64 KiB are left out."""
    while stream is not None:
        try:
            line = await stream.readline()
        except ValueError:
            continue
        if not line:
            return
        yield line.decode(errors="replace")


def _told(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
