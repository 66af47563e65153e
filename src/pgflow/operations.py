"""The SQL calls of those who look after a database, as pure values like those of `statements`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pgflow.statements import Statement


@dataclass(frozen=True, slots=True)
class StepProgressRow:
    """How far a step of a run has come; `tasks` is None until their number is known."""

    step_slug: str
    step_type: str
    dependencies: Sequence[str]
    status: str
    tasks: int | None
    queued_tasks: int
    started_tasks: int
    completed_tasks: int
    attempts: int
    error_message: str | None
    skip_reason: str | None
    started_at: datetime | None
    ended_at: datetime | None


def step_progress(run_id: UUID) -> Statement[StepProgressRow]:
    """The steps of a run in the order of the definition."""
    return Statement(
        """select step_slug, step_type, dependencies, status, tasks, queued_tasks, started_tasks,
          completed_tasks, attempts, error_message, skip_reason, started_at, ended_at
        from pgflow.step_progress where run_id = %(run_id)s order by step_index""",
        StepProgressRow,
        {"run_id": run_id},
    )
