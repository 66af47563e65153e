"""How an attempt at a task can end, as a worker reports it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from tests.support.jsonb import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """The attempt that has ended. The one-task verbs do not say which: `attempt` is None there."""

    run_id: UUID
    step_slug: str
    task_index: int = 0
    attempt: int | None = None

    @property
    def key(self) -> tuple[str, int]:
        return self.step_slug, self.task_index

    def wire(self) -> dict[str, Json]:
        """The outcome as an element of `report_and_claim`'s array."""
        return {
            "run_id": str(self.run_id),
            "step_slug": self.step_slug,
            "task_index": self.task_index,
            "attempt": self.attempt,
            **self.result(),
        }

    def result(self) -> dict[str, Json]:
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed(Attempt):
    output: Json = None

    def result(self) -> dict[str, Json]:
        return {"output": self.output}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(Attempt):
    error: str
    retry: bool = True
    retry_in: float | None = None

    def result(self) -> dict[str, Json]:
        result: dict[str, Json] = {"error": self.error}
        if not self.retry:
            result["retry"] = False
        if self.retry_in is not None:
            result["retry_in"] = self.retry_in
        return result


@dataclass(frozen=True, slots=True, kw_only=True)
class Released(Attempt):
    """Handed back by a worker that stops: queued again at once, and no attempt is spent."""

    def result(self) -> dict[str, Json]:
        return {"released": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost(Attempt):
    """Its lease has run out; anybody may say so."""

    def result(self) -> dict[str, Json]:
        return {"lost": True}


Outcome: TypeAlias = Completed | Failed | Released | Lost


def completed(task: dict[str, Any], output: Json = None) -> Completed:
    """The completion of a claimed task."""
    return Completed(**_attempt(task), output=output)


def failed(
    task: dict[str, Any],
    error: str = "boom",
    *,
    retry: bool = True,
    retry_in: float | None = None,
) -> Failed:
    return Failed(**_attempt(task), error=error, retry=retry, retry_in=retry_in)


def released(task: dict[str, Any]) -> Released:
    return Released(**_attempt(task))


def lost(task: dict[str, Any]) -> Lost:
    """What to report for a claimed row whose attempt is one too many."""
    return Lost(**_attempt({**task, "attempt": task["attempt"] - 1}))


def _attempt(task: dict[str, Any]) -> dict[str, Any]:
    return {name: task[name] for name in ("run_id", "step_slug", "task_index", "attempt")}
