"""What the API answers about flows, their shapes, and shapes that are being edited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pgflow.web.models import Answer, Otherwise, Payload, RunStatus, StepType, Sync


class RunCounts(Answer):
    """Runs by status."""

    started: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0


class History(Answer):
    """Runs by the minute in which they started. Before `covered_from` nothing is known."""

    bucket_seconds: int
    start: datetime
    covered_from: datetime
    completed: Sequence[int]
    failed: Sequence[int]
    other: Sequence[int]


class FlowActivity(Answer):
    """How much goes on in a flow."""

    workers: int
    last_run_at: datetime | None
    counts: RunCounts
    counts_since: datetime
    history: History


class FlowSummary(FlowActivity):
    """A flow as a line of a list."""

    slug: str
    sync: Sync
    differences: Sequence[str]
    steps: int


class FlowList(Answer):
    flows: Sequence[FlowSummary]


class Options(Answer):
    """Runtime options; null: inherited, in a flow's the engine's default. Times in seconds."""

    max_attempts: int | None = None
    base_delay: int | None = None
    timeout: int | None = None


class StepOptionsModel(Options):
    start_delay: int | None = None


class StepModel(Answer):
    """A step of a shape."""

    slug: str
    step_type: StepType
    dependencies: Sequence[str]
    when: Any = None
    unless: Any = None
    when_unmet: Otherwise | None = None
    when_exhausted: Otherwise | None = None
    options: StepOptionsModel = StepOptionsModel()


class ShapeModel(Answer):
    """The shape of a flow, in the order of definition."""

    options: Options = Options()
    steps: Sequence[StepModel]


class Parameter(Answer):
    """A parameter of a handler and where its value comes from."""

    name: str
    type: str
    source: str


class HandlerModel(Answer):
    """The function behind a step."""

    name: str
    module: str
    file: str | None
    line: int | None
    code: str | None
    is_async: bool
    doc: str | None
    parameters: Sequence[Parameter]
    returns: str


class FlowStep(StepModel):
    """A step with everything that is known of it."""

    effective: StepOptionsModel
    handler: HandlerModel | None


class Source(Answer):
    name: str
    file: str


class FlowInCode(Answer):
    """The flow as the code has it."""

    source: Source
    shape: ShapeModel
    checksum: str
    sql: Sequence[str]
    input_schema: Mapping[str, Any] | None


class FlowInDatabase(Answer):
    """The flow as it is registered."""

    shape: ShapeModel
    checksum: str
    sql: Sequence[str]
    created_at: datetime


class Differences(Answer):
    """A sentence for each difference."""

    structure: Sequence[str] = ()
    options: Sequence[str] = ()


class FlowDetail(FlowActivity):
    slug: str
    sync: Sync
    differences: Differences
    code: FlowInCode | None
    database: FlowInDatabase | None
    steps: Sequence[FlowStep]


class RecentInput(Answer):
    run_id: UUID
    started_at: datetime
    status: RunStatus
    input: Payload


class RecentInputs(Answer):
    inputs: Sequence[RecentInput]


class Mistake(Answer):
    """What is wrong with an edited shape; `step` is null where it is the flow."""

    step: str | None
    message: str


class Application(Answer):
    """What applying an edited shape would do, and to how many runs."""

    action: Literal["nothing", "create", "update", "recreate", "refuse"]
    message: str | None
    runs: int
    unfinished: int


class EditCheck(Answer):
    """An edited shape, judged and told in every language that pgflow has for it."""

    errors: Sequence[Mistake]
    from_code: Differences | None
    from_database: Differences | None
    checksum: str | None
    sql: Sequence[str]
    python: str
    apply: Application


class Applied(Answer):
    flow_slug: str
    action: str
    differences: Sequence[str]
