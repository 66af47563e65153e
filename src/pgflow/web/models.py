"""What the API answers. The names are those of the columns: rows become these as they are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

RunStatus = Literal["started", "completed", "failed", "cancelled"]
StepStatus = Literal["created", "started", "completed", "failed", "skipped", "cancelled"]
TaskStatus = Literal["queued", "started", "completed", "failed", "skipped", "cancelled"]
Sync = Literal["in_sync", "options_differ", "structure_differs", "only_in_code", "only_in_database"]
StepType = Literal["single", "map"]
Otherwise = Literal["fail", "skip", "skip-cascade"]


class Answer(BaseModel):
    """Whatever the API says; unknown values are null, never missing."""

    model_config = ConfigDict(frozen=True)


class Payload(Answer):
    """A JSON value of the user's as text, cut where it is long; `is_whole` says whether it was."""

    preview: str
    bytes: int
    is_whole: bool


class Trouble(Answer):
    """What went wrong: a code for programs, a sentence for people."""

    code: str
    message: str
    differences: Sequence[str] = ()


class Refusal(Answer):
    """The body of every answer that is an error."""

    error: Trouble


class CodeTrouble(Answer):
    """Why the code could not be loaded the last time; what is served is the last good version."""

    message: str
    since: datetime


class CodeState(Answer):
    """The flows that the server was started with."""

    names: Sequence[str]
    loaded_at: datetime | None
    error: CodeTrouble | None


class WorkerProcess(Answer):
    """The worker of `pgflow dev`."""

    state: Literal["starting", "running", "restarting", "stopped"]
    pid: int | None
    restarts: int
    message: str | None


class Session(Answer):
    """What the page is looking at, and what it may do."""

    version: str
    database: str
    allow_actions: bool
    is_development: bool
    server_time: datetime
    code: CodeState | None
    worker: WorkerProcess | None


class RunSummary(Answer):
    """A run as a line of a list."""

    run_id: UUID
    flow_slug: str
    status: RunStatus
    paused_at: datetime | None
    started_at: datetime
    ended_at: datetime | None
    seconds: float
    steps_total: int
    steps_open: int
    error_message: str | None
    input: Payload


class RunPage(Answer):
    """Some runs; `searched_to` says how far back a search has looked that was broken off."""

    runs: Sequence[RunSummary]
    next: str | None
    searched_to: datetime | None


class Origin(Answer):
    run_id: UUID
    step: str | None


class RunDetail(RunSummary):
    output: Payload | None
    remaining_steps: int
    rerun_of: Origin | None


class RunStep(Answer):
    """A step of a run. It waited from `queued_at` to `started_at` and worked to `ended_at`."""

    slug: str
    step_index: int
    step_type: StepType
    dependencies: Sequence[str]
    status: StepStatus
    is_ready: bool
    can_edit_output: bool
    tasks: int | None
    queued_tasks: int
    started_tasks: int
    completed_tasks: int
    failed_tasks: int
    attempts: int
    max_attempts: int
    error_message: str | None
    skip_reason: str | None
    created_at: datetime
    queued_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    output: Payload | None


class RunReport(Answer):
    run: RunDetail
    steps: Sequence[RunStep]
    actions: Sequence[str]


class RunAnswer(Answer):
    run: RunSummary


class Released(RunAnswer):
    released: str | None


class Failure(Answer):
    run_id: UUID
    message: str


class BulkResult(Answer):
    """How many runs were changed; `more` asks to call again."""

    changed: int
    failed: Sequence[Failure]
    more: bool


class TaskModel(Answer):
    """One element of a map, or the one task of a single step."""

    step_slug: str
    task_index: int
    status: TaskStatus
    attempts: int
    max_attempts: int
    queued_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    lease_expires_at: datetime | None
    wait_seconds: float | None
    run_seconds: float | None
    worker_id: UUID | None
    worker_name: str | None
    requeued_count: int
    error_message: str | None
    input: Payload | None
    output: Payload | None


class TaskCounts(Answer):
    queued: int = 0
    started: int = 0
    completed: int = 0
    failed: int = 0
    skipped: int = 0
    cancelled: int = 0


class TaskPage(Answer):
    tasks: Sequence[TaskModel]
    next: int | None
    counts: TaskCounts


class Bar(Answer):
    """A task on the time axis; with several attempts, the times are those of the last one."""

    task_index: int
    attempts: int
    status: TaskStatus
    queued_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    worker_id: UUID | None


class WaterfallRow(Answer):
    step_slug: str
    step_type: StepType
    status: StepStatus
    start: datetime | None
    end: datetime | None
    tasks: int
    shown: int
    bars: Sequence[Bar]


class Waterfall(Answer):
    start: datetime
    end: datetime
    rows: Sequence[WaterfallRow]


class LogEntry(Answer):
    """Something that happened to a run, or that somebody did to it."""

    at: datetime
    kind: str
    step_slug: str | None
    task_index: int | None
    message: str | None
    by: str | None
    detail: Payload | None


class RunLog(Answer):
    entries: Sequence[LogEntry]
    is_whole: bool


class Reason(Answer):
    """What holds up a step, in words and in data."""

    step_slug: str
    situation: str
    sentence: str
    tasks: int | None
    since: datetime
    due_at: datetime | None
    worker_id: UUID | None
    attempt: int | None
    max_attempts: int | None
    waits_for: Sequence[str]


class Explanation(Answer):
    ending: str | None
    reasons: Sequence[Reason]


class HeldTask(Answer):
    run_id: UUID
    flow_slug: str
    step_slug: str
    task_index: int
    attempt: int
    since: datetime


class WorkerModel(Answer):
    worker_id: UUID
    name: str
    state: Literal["alive", "draining", "silent", "dead", "stopped"]
    flow_slugs: Sequence[str]
    started_at: datetime
    last_heartbeat_at: datetime
    deprecated_at: datetime | None
    stopped_at: datetime | None
    held_tasks: int
    held: Sequence[HeldTask]


class Percentiles(Answer):
    p50: float
    p95: float
    p99: float


class QueueModel(Answer):
    """What waits in the queue of a flow, and how fast the newest runs went (in seconds)."""

    flow_slug: str
    queue_name: str
    due: int
    hidden: int
    oldest_seconds: float
    workers: int
    runs_per_second: float
    task_wait_seconds: Percentiles | None
    task_run_seconds: Percentiles | None
    run_seconds: Percentiles | None
    sample_runs: int


class Workforce(Answer):
    workers: Sequence[WorkerModel]
    queues: Sequence[QueueModel]


class Drained(Answer):
    drained: Sequence[UUID]
