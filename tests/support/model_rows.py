"""What the reference model keeps of a run: its steps and their tasks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias
from uuid import UUID

from tests.support.flow_spec import StepSpec
from tests.support.jsonb import Json

TaskKey: TypeAlias = tuple[str, int]


@dataclass(slots=True)
class Task:
    """One unit of work. `due` is when its message shows up: after a delay, or as a lost lease."""

    index: int
    due: float
    status: str = "queued"
    holder: UUID | None = None
    attempts: int = 0
    output: Json = None
    error: str | None = None

    @property
    def is_live(self) -> bool:
        return self.status in ("queued", "started")


@dataclass(slots=True)
class Step:
    """The state of one step in one run. `initial_tasks` is None while a map's size is unknown."""

    spec: StepSpec
    initial_tasks: int | None
    remaining_deps: int
    status: str = "created"
    output: Json = None
    error: str | None = None
    skip_reason: str | None = None
    tasks: list[Task] = field(default_factory=list[Task])

    @property
    def slug(self) -> str:
        return self.spec.slug

    @property
    def is_open(self) -> bool:
        return self.status in ("created", "started")

    @property
    def is_done(self) -> bool:
        """Its dependents no longer wait for it."""
        return self.status in ("completed", "skipped")

    @property
    def is_ready(self) -> bool:
        return self.status == "created" and self.remaining_deps == 0

    @property
    def remaining_tasks(self) -> int | None:
        if self.status in ("created", "skipped"):
            return None
        return sum(task.status != "completed" for task in self.tasks)

    def end_live_tasks(self, status: str) -> None:
        for task in self.tasks:
            if task.is_live:
                task.status = status


@dataclass(frozen=True, slots=True)
class Claim:
    """What a worker is given for a task."""

    step_slug: str
    task_index: int
    input: Json
    flow_input: Json
    attempt: int
    max_attempts: int
    timeout: int
