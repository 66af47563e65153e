"""One attempt of a task in hand, from its claim until the database has confirmed its outcome."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import asyncio
    from concurrent.futures import Future

    from pgflow.definition.step import Step
    from pgflow.statements import TaskRow
    from pgflow.telemetry.traces import RunTrace
    from pgflow.worker.outcome import Outcome


class Cancellable(Protocol):
    """What a handler sees of its task, as far as an attempt has to do with it.

    `error` is what the handler raised, where somebody asked to keep it.
    """

    error: BaseException | None

    def cancel(self) -> None: ...


class Attempt:
    """What the worker knows of a task that it has claimed.

    The first outcome counts: what a handler returns after its time is up changes nothing.
    `deadline` is on the event loop's clock. `flow_input` is raw JSON, where the step asks for it.
    `seconds` is how long the handler took. `given_up`: its time is up. `replaced`: it works on all
    the same, and another thread has taken the place of its own. With telemetry,
    `trace` is that of the run.
    """

    __slots__ = (
        "context",
        "deadline",
        "flow_input",
        "given_up",
        "identity",
        "is_concluding",
        "outcome",
        "replaced",
        "runner",
        "seconds",
        "step",
        "task",
        "trace",
    )

    def __init__(self, task: TaskRow, step: Step[..., Any], *, deadline: float) -> None:
        self.task = task
        self.step = step
        self.deadline = deadline
        self.flow_input: str | None = task.flow_input
        self.identity = identity_of(task)
        self.outcome: Outcome | None = None
        self.context: Cancellable | None = None
        self.runner: asyncio.Task[Outcome] | Future[Any] | None = None
        self.seconds = 0.0
        self.is_concluding = False
        self.given_up = False
        self.replaced = False
        self.trace: RunTrace | None = None


class Hand(dict[str, Attempt]):
    """Every attempt that the database still takes this worker to hold, by identity."""

    def held(self) -> str:
        """The JSON array that a heartbeat carries."""
        return "[" + ",".join(f"{{{identity}}}" for identity in self) + "]"


def wire(identity: str, outcome: Outcome) -> str:
    """The JSON object that reports an attempt."""
    return f"{{{identity},{outcome.wire()}}}"


def identity_of(task: TaskRow) -> str:
    """The JSON members that name an attempt; also its key. Slugs need no escaping."""
    return _identity(str(task.run_id), task.step_slug, task.task_index, task.attempt)


def identity_in(members: Mapping[str, Any]) -> str:
    """The same from an object that the database has sent."""
    return _identity(
        members["run_id"], members["step_slug"], members["task_index"], members["attempt"]
    )


def _identity(run_id: str, step_slug: str, task_index: int, attempt: int) -> str:
    return (
        f'"run_id":"{run_id}","step_slug":"{step_slug}",'
        f'"task_index":{task_index},"attempt":{attempt}'
    )


def log_ids(task: TaskRow) -> dict[str, object]:
    """What every log record about a task carries as `extra`."""
    return {
        "flow_slug": task.flow_slug,
        "run_id": str(task.run_id),
        "step_slug": task.step_slug,
        "task_index": task.task_index,
        "attempt": task.attempt,
    }
