"""What the API is asked: query parameters and bodies. An unknown name is an error, not ignored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pgflow.web.flow_models import ShapeModel
from pgflow.web.models import TaskStatus

Filter = Literal["started", "completed", "failed", "cancelled", "paused"]


def _split(value: Any) -> Any:
    return [part for part in value.split(",") if part] if isinstance(value, str) else value


class Asked(BaseModel):
    """Whatever is asked of the API."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Nothing(Asked):
    """No parameters."""


class RunFilter(Asked):
    """Which runs; everything that is given has to fit. `text` is searched for in the input."""

    flow: str | None = None
    status: Annotated[tuple[Filter, ...], BeforeValidator(_split)] = ()
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None


class RunSearch(RunFilter):
    limit: int = Field(50, ge=1, le=500)
    cursor: str | None = None


class InputsWanted(Asked):
    limit: int = Field(20, ge=1, le=100)


class NewRun(Asked):
    """A run to start. `delay_seconds` and `run_id` are not for one that is paused."""

    input: Any
    paused: bool = False
    run_id: UUID | None = None
    delay_seconds: float | None = Field(None, ge=0)


class Edited(Asked):
    shape: ShapeModel


class EditToApply(Edited):
    """`accept_loss`: runs of the flow may be deleted where there is no other way."""

    accept_loss: bool = False


class Bulk(Asked):
    """Runs by their ids, or those that a filter finds."""

    run_ids: Sequence[UUID] | None = Field(None, max_length=500)
    filter: RunFilter | None = None


class TasksWanted(Asked):
    step: str
    status: TaskStatus | None = None
    after: int = -1
    limit: int = Field(100, ge=1, le=1000)


class ValueWanted(Asked):
    kind: Literal["input", "output"]
    step: str | None = None
    task: int | None = None


class StepToRelease(Asked):
    step: str | None = None


class OutputEdit(Asked):
    step: str
    output: Any


class Rerun(Asked):
    """From which step, and with which input; left out: from the start, with the same one."""

    step: str | None = None
    input: Any = None
    paused: bool = False


class WorkersToDrain(Asked):
    worker_ids: Sequence[UUID] = Field(min_length=1)


class Watched(Asked):
    """Comma-separated: `run:<uuid>`, `runs`, `flows`, `workers`, `code`."""

    watch: Annotated[tuple[str, ...], BeforeValidator(_split)] = ()
