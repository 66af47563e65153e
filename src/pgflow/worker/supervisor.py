"""Several worker processes under one: started again when they die, ended together."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from contextlib import suppress

from pgflow.environment import SUPERVISED_VARIABLE
from pgflow.interrupts import obeying_signals
from pgflow.worker.backoff import Backoff

logger = logging.getLogger("pgflow.worker.supervisor")

# A process that has lived so long did not die of how it was started (seconds).
STEADY = 10.0
# How a process ends that has drained. 0 says nothing: so ends a handler that calls os._exit(0).
DRAINED = 80


async def supervise(
    command: Sequence[str], *, processes: int, variables: Mapping[str, str]
) -> None:
    """Run a command in so many processes until all drained, or until this one is told to stop."""
    await Supervisor(command, processes=processes, variables=variables).run()


class Supervisor:
    """The processes, and what becomes of them.

    SIGTERM and SIGINT go on to every process. They are in sessions of their own, so that Ctrl-C in
    a terminal reaches them once, and not a second time as the order to stop at once. What ends
    otherwise than drained is started again, with growing pauses. When the supervisor itself dies,
    its processes notice by their standard input and drain.
    """

    def __init__(
        self, command: Sequence[str], *, processes: int, variables: Mapping[str, str]
    ) -> None:
        self._command = command
        self._processes = processes
        self._variables = {**variables, SUPERVISED_VARIABLE: "1"}
        self._stopping = asyncio.Event()
        self._running: set[Process] = set()

    async def run(self) -> None:
        """Keep the processes running until all have drained or were told to end."""
        with obeying_signals(self._pass_on):
            await asyncio.gather(*(self._keep_one() for _ in range(self._processes)))

    async def _keep_one(self) -> None:
        backoff = Backoff(first=0.25, longest=30.0)
        while not self._stopping.is_set():
            begin = asyncio.get_running_loop().time()
            code = await self._run_one()
            if code == DRAINED:
                logger.info("a worker process has drained")
                return
            if self._stopping.is_set():
                logger.warning("a worker process ended with %s", _told(code))
                return
            if asyncio.get_running_loop().time() - begin > STEADY:
                backoff.reset()
            pause = backoff.next()
            logger.warning("a worker process ended with %s, next one in %.1fs", _told(code), pause)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)

    async def _run_one(self) -> int:
        process = await asyncio.create_subprocess_exec(
            *self._command, stdin=PIPE, env=self._variables, start_new_session=True
        )
        self._running.add(process)
        try:
            if self._stopping.is_set():  # the signal came while it was being started
                process.terminate()
            return await process.wait()
        finally:
            self._running.discard(process)

    def _pass_on(self, number: int) -> None:
        self._stopping.set()
        for process in self._running:
            with suppress(ProcessLookupError):
                process.send_signal(number)


def end_with_supervisor() -> bool:
    """Drain this process when the supervisor that started it dies; says whether there is one."""
    is_supervised = bool(os.environ.get(SUPERVISED_VARIABLE))
    if is_supervised:
        threading.Thread(target=_outlive_nobody, name="supervisor", daemon=True).start()
    return is_supervised


def _outlive_nobody() -> None:
    # Not through sys.stdin: who waits for that in a thread keeps the interpreter from ending well.
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _told(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
