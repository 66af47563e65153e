"""Every SQL call of the product as a pure value: text, parameters and the row it returns.

Nothing here talks to a database. A :class:`Statement` is run by whoever owns a connection: the
client, the worker, the command line. JSON travels as text in both directions; `codec` decides
what it means. `None` as the row type says that the statement returns nothing worth reading.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, LiteralString, TypeVar
from uuid import UUID

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Statement(Generic[T]):
    """One SQL call: its text, its named parameters and the type of a row."""

    sql: LiteralString
    row: type[T]
    params: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True)
class Nothing:
    """The row of a statement that is run for its effect: one column, always null."""

    done: None = None


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A claimed task, or, where `msg_id` is None, an outcome that was refused.

    `input` and `flow_input` are raw JSON. `attempt` counts from 1; `timeout` is in seconds.
    """

    flow_slug: str
    run_id: UUID
    step_slug: str
    input: Any
    msg_id: int | None
    task_index: int
    flow_input: Any
    attempt: int
    max_attempts: int
    timeout: int


@dataclass(frozen=True, slots=True)
class RunRow:
    """A row of `pgflow.runs`; `created` is False when a start found the run already there."""

    run_id: UUID
    flow_slug: str
    status: str
    input: Any
    output: Any
    error_message: str | None
    remaining_steps: int
    started_at: datetime
    completed_at: datetime | None
    failed_at: datetime | None
    cancelled_at: datetime | None
    paused_at: datetime | None = None
    created: bool = True


@dataclass(frozen=True, slots=True)
class BackendRow:
    """The server process that answers, by its process id."""

    pid: int


@dataclass(frozen=True, slots=True)
class StepRow:
    """A row of `pgflow.step_states`: one step of one run."""

    step_slug: str
    status: str
    remaining_tasks: int | None
    initial_tasks: int | None
    remaining_deps: int
    output: Any
    error_message: str | None
    skip_reason: str | None
    started_at: datetime | None
    completed_at: datetime | None
    failed_at: datetime | None
    skipped_at: datetime | None


@dataclass(frozen=True, slots=True)
class HeartbeatRow:
    """What a worker learns from its heartbeat: drain please, and which tasks it has lost."""

    deprecated: bool
    lost: Any


@dataclass(frozen=True, slots=True)
class IdleRow:
    """`settled`: nobody in flight missed our lock. `due_in`: seconds to the next message."""

    settled: bool
    due_in: float | None


@dataclass(frozen=True, slots=True)
class FlowInputRow:
    """The input of a run, raw JSON."""

    run_id: UUID
    input: Any


@dataclass(frozen=True, slots=True)
class RegistrationRow:
    """The answer of `ensure_flow_compiled`: raw JSON with `status` and `differences`."""

    result: Any


NEW_RUN_COLUMNS: LiteralString = """run_id, flow_slug, status, input, output, error_message,
  remaining_steps, started_at, completed_at, failed_at, cancelled_at"""
RUN_COLUMNS: LiteralString = f"{NEW_RUN_COLUMNS}, paused_at"
CREATED_COLUMNS: LiteralString = f"{RUN_COLUMNS}, true as created"


STEP_COLUMNS: LiteralString = """ss.step_slug, ss.status, ss.remaining_tasks, ss.initial_tasks,
  ss.remaining_deps, ss.output, ss.error_message, ss.skip_reason,
  ss.started_at, ss.completed_at, ss.failed_at, ss.skipped_at"""


@dataclass(frozen=True, slots=True)
class MigrationRow:
    """A migration that the database has seen."""

    number: int
    breaking: bool


# Definition


def applied_migrations() -> Statement[MigrationRow]:
    return Statement("select number, breaking from pgflow.migrations order by number", MigrationRow)


def ensure_flow_compiled(
    flow_slug: str, shape: str, *, allow_data_loss: bool = False
) -> Statement[RegistrationRow]:
    return Statement(
        """select pgflow.ensure_flow_compiled(
          flow_slug => %(flow_slug)s, shape => %(shape)s::jsonb,
          allow_data_loss => %(allow_data_loss)s) as result""",
        RegistrationRow,
        {"flow_slug": flow_slug, "shape": shape, "allow_data_loss": allow_data_loss},
    )


def delete_flow_and_data(flow_slug: str) -> Statement[Nothing]:
    return Statement(
        "select null as done from pgflow.delete_flow_and_data(%(flow_slug)s)",
        Nothing,
        {"flow_slug": flow_slug},
    )


# Running


def start_flows(
    flow_slug: str,
    inputs: str,
    *,
    run_ids: Sequence[UUID] | None = None,
    delay: timedelta | None = None,
) -> Statement[RunRow]:
    """Start one run per element of the JSON array `inputs`, in order, in one statement."""
    return Statement(
        f"""select {NEW_RUN_COLUMNS}, created from pgflow.start_flows(
          flow_slug => %(flow_slug)s, inputs => %(inputs)s::jsonb,
          run_ids => %(run_ids)s::uuid[], delay => %(delay)s::interval)""",
        RunRow,
        {
            "flow_slug": flow_slug,
            "inputs": inputs,
            "run_ids": None if run_ids is None else list(run_ids),
            "delay": delay,
        },
    )


def get_run(run_id: UUID) -> Statement[RunRow]:
    return Statement(
        f"select {RUN_COLUMNS} from pgflow.runs where run_id = %(run_id)s",
        RunRow,
        {"run_id": run_id},
    )


def list_runs(
    *,
    flow_slug: str | None = None,
    status: str | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 100,
) -> Statement[RunRow]:
    """The newest runs first; `before` is `started_at` and `run_id` of the last row before.

    Both, because runs that are started together bear one time.
    """
    started_before, id_before = before or (None, None)
    return Statement(
        f"""select {RUN_COLUMNS} from pgflow.runs
          where (%(flow_slug)s::text is null or flow_slug = %(flow_slug)s)
            and (%(status)s::text is null or status = %(status)s)
            and (%(started_before)s::timestamptz is null
              or (started_at, run_id) < (%(started_before)s, %(id_before)s::uuid))
          order by started_at desc, run_id desc limit %(limit)s""",
        RunRow,
        {
            "flow_slug": flow_slug,
            "status": status,
            "started_before": started_before,
            "id_before": id_before,
            "limit": limit,
        },
    )


def list_steps(run_id: UUID) -> Statement[StepRow]:
    """The steps of a run in the order of the definition."""
    return Statement(
        f"""select {STEP_COLUMNS}
        from pgflow.step_states ss join pgflow.steps s using (flow_slug, step_slug)
        where ss.run_id = %(run_id)s order by s.step_index""",
        StepRow,
        {"run_id": run_id},
    )


def cancel_run(run_id: UUID) -> Statement[RunRow]:
    return Statement(
        f"select {RUN_COLUMNS} from pgflow.cancel_run(%(run_id)s)", RunRow, {"run_id": run_id}
    )


def retry_run(run_id: UUID) -> Statement[RunRow]:
    return Statement(
        f"select {RUN_COLUMNS} from pgflow.retry_run(%(run_id)s)", RunRow, {"run_id": run_id}
    )


# Waiting


# Whoever waits knows the input, which may be big.
_COLUMNS_OF_A_LOOK: LiteralString = """run_id, flow_slug, status, null::jsonb as input, output,
  error_message, remaining_steps, started_at, completed_at, failed_at, cancelled_at, paused_at"""


def look_at_runs(run_ids: Sequence[UUID]) -> Statement[RunRow]:
    """How runs stand, without their inputs."""
    return Statement(
        f"select {_COLUMNS_OF_A_LOOK} from pgflow.runs where run_id = any(%(run_ids)s::uuid[])",
        RunRow,
        {"run_ids": list(run_ids)},
    )


def watch_runs(
    run_ids: Sequence[UUID], watcher: UUID, *, with_steps: Collection[UUID]
) -> Statement[RunRow]:
    """Ask for the events of runs, and look at them; nothing that happens afterwards is missed.

    Locks the runs in the order given. `with_steps` are those whose steps are of interest as well.
    """
    return Statement(
        f"""select {_COLUMNS_OF_A_LOOK} from unnest(%(run_ids)s::uuid[]) as wanted (id),
          pgflow.watch_run(wanted.id, %(watcher)s, wanted.id = any(%(with_steps)s::uuid[]))""",
        RunRow,
        {"run_ids": list(run_ids), "watcher": watcher, "with_steps": list(with_steps)},
    )


def unwatch_runs(run_ids: Sequence[UUID], watcher: UUID) -> Statement[Nothing]:
    return Statement(
        """select null as done from unnest(%(run_ids)s::uuid[]) as wanted (id),
          pgflow.unwatch_run(wanted.id, %(watcher)s)""",
        Nothing,
        {"run_ids": list(run_ids), "watcher": watcher},
    )


def listen_to_runs() -> Statement[Nothing]:
    return Statement("listen pgflow_run", Nothing)


def current_backend() -> Statement[BackendRow]:
    return Statement("select pg_backend_pid() as pid", BackendRow)


def set_lock_timeout(duration: str) -> Statement[Nothing]:
    """For the rest of the session, fail rather than wait longer than that for a lock."""
    return Statement(
        "select null as done from set_config('lock_timeout', %(duration)s, false)",
        Nothing,
        {"duration": duration},
    )


# Working


def listen_to_work() -> Statement[Nothing]:
    return Statement("listen pgflow_work", Nothing)


def listen_to_cancellations() -> Statement[Nothing]:
    return Statement("listen pgflow_task_cancelled", Nothing)


def register_worker(
    worker_id: UUID, queue_name: str, function_name: str, flow_slugs: Sequence[str]
) -> Statement[Nothing]:
    return Statement(
        """select null as done from pgflow.register_worker(
          %(worker_id)s, %(queue_name)s, %(function_name)s, %(flow_slugs)s::text[])""",
        Nothing,
        {
            "worker_id": worker_id,
            "queue_name": queue_name,
            "function_name": function_name,
            "flow_slugs": list(flow_slugs),
        },
    )


def hold_worker_lock(worker_id: UUID) -> Statement[Nothing]:
    return Statement(
        "select null as done from pgflow.hold_worker_lock(%(worker_id)s)",
        Nothing,
        {"worker_id": worker_id},
    )


def heartbeat(worker_id: UUID, held: str) -> Statement[HeartbeatRow]:
    return Statement(
        "select deprecated, lost from pgflow.heartbeat(%(worker_id)s, %(held)s::jsonb)",
        HeartbeatRow,
        {"worker_id": worker_id, "held": held},
    )


def hand_back_unheld(worker_id: UUID, held: str) -> Statement[Nothing]:
    """Hand back the tasks that the database takes this worker to hold, beyond those in `held`."""
    return Statement(
        "select null as done from pgflow.hand_back_unheld(%(worker_id)s, %(held)s::jsonb)",
        Nothing,
        {"worker_id": worker_id, "held": held},
    )


def mark_worker_stopped(worker_id: UUID) -> Statement[Nothing]:
    return Statement(
        "select null as done from pgflow.mark_worker_stopped(%(worker_id)s)",
        Nothing,
        {"worker_id": worker_id},
    )


_TASK_COLUMNS: LiteralString = """flow_slug, run_id, step_slug, input, msg_id, task_index,
  flow_input, attempt, max_attempts, timeout"""


def report_and_claim(
    worker_id: UUID, outcomes: str, flow_slugs: Sequence[str], quantity: int
) -> Statement[TaskRow]:
    """Report everything that has ended and claim up to `quantity` tasks, in one transaction."""
    return Statement(
        f"""select {_TASK_COLUMNS} from pgflow.report_and_claim(
          %(worker_id)s, %(outcomes)s::jsonb, %(flow_slugs)s::text[], %(quantity)s)""",
        TaskRow,
        {
            "worker_id": worker_id,
            "outcomes": outcomes,
            "flow_slugs": list(flow_slugs),
            "quantity": quantity,
        },
    )


def report_tasks(worker_id: UUID, outcomes: str) -> Statement[TaskRow]:
    """Report outcomes; the rows are those that were refused."""
    return Statement(
        f"select {_TASK_COLUMNS} from pgflow.report_tasks(%(worker_id)s, %(outcomes)s::jsonb)",
        TaskRow,
        {"worker_id": worker_id, "outcomes": outcomes},
    )


def flow_inputs(run_ids: Sequence[UUID]) -> Statement[FlowInputRow]:
    return Statement(
        "select run_id, input from pgflow.flow_inputs(%(run_ids)s::uuid[])",
        FlowInputRow,
        {"run_ids": list(run_ids)},
    )


def begin_idle(flow_slugs: Sequence[str]) -> Statement[Nothing]:
    return Statement(
        "select null as done from pgflow.begin_idle(%(flow_slugs)s::text[])",
        Nothing,
        {"flow_slugs": list(flow_slugs)},
    )


def idle_status(flow_slugs: Sequence[str]) -> Statement[IdleRow]:
    return Statement(
        "select settled, due_in from pgflow.idle_status(%(flow_slugs)s::text[])",
        IdleRow,
        {"flow_slugs": list(flow_slugs)},
    )


def end_idle(flow_slugs: Sequence[str]) -> Statement[Nothing]:
    return Statement(
        "select null as done from pgflow.end_idle(%(flow_slugs)s::text[])",
        Nothing,
        {"flow_slugs": list(flow_slugs)},
    )
