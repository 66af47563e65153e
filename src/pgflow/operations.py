"""The SQL calls of those who look after a database, as pure values like those of `statements`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString
from uuid import UUID

from pgflow.statements import CREATED_COLUMNS, RUN_COLUMNS, STEP_COLUMNS, RunRow, Statement, StepRow


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


@dataclass(frozen=True, slots=True)
class ServerRow:
    """The server and what may be done there; extensions are None where they are not installed."""

    version_num: int
    version: str
    now: datetime
    user: str
    is_standby: bool
    fsync: str
    has_engine: bool
    may_enter: bool
    may_create: bool
    pgmq: str | None
    pg_cron: str | None
    pg_net: str | None


@dataclass(frozen=True, slots=True)
class EngineRow:
    """The engine that is installed, and what the user may do with it."""

    engine_version: str
    functions_sha256: str
    pgmq_version: str | None
    may_read: bool
    may_start: bool
    may_work: bool


@dataclass(frozen=True, slots=True)
class QueueDepthRow:
    """What waits in the queue of a flow."""

    flow_slug: str
    due: int
    oldest_due: timedelta
    hidden: int


@dataclass(frozen=True, slots=True)
class RunSummaryRow:
    """A run as a line of a list."""

    run_id: UUID
    flow_slug: str
    status: str
    started_at: datetime
    took: timedelta
    error_message: str | None


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """What holds up some tasks of a step; the file explain_run.sql lists the situations."""

    step_slug: str
    situation: str
    tasks: int | None
    since: datetime
    due_at: datetime | None
    worker_id: UUID | None
    attempt: int | None
    max_attempts: int | None
    error_message: str | None
    waits_for: Sequence[str]


@dataclass(frozen=True, slots=True)
class FlowOverviewRow:
    """A flow and how much is going on in it."""

    flow_slug: str
    steps: int
    open_runs: int
    runs: int
    workers: int
    last_run_at: datetime | None


@dataclass(frozen=True, slots=True)
class StepDefinitionRow:
    """A step as the database knows it. Delays and the timeout are in seconds."""

    step_slug: str
    step_type: str
    dependencies: Sequence[str]
    max_attempts: int
    base_delay: int
    timeout: int
    start_delay: int
    required_input_pattern: str | None
    forbidden_input_pattern: str | None
    when_unmet: str
    when_exhausted: str


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """A worker; `state` is alive, draining, silent, dead or stopped."""

    worker_id: UUID
    function_name: str
    state: str
    flow_slugs: Sequence[str]
    started_at: datetime
    last_heartbeat_at: datetime


@dataclass(frozen=True, slots=True)
class DrainedRow:
    """A worker that was asked to end."""

    worker_id: UUID
    function_name: str


@dataclass(frozen=True, slots=True)
class PrunedRow:
    """How many rows of each kind a call has removed."""

    runs: int
    step_states: int
    step_tasks: int
    archived_messages: int
    workers: int


@dataclass(frozen=True, slots=True)
class BrokenInvariantRow:
    """A rule that the stored rows break, and where."""

    invariant: str
    detail: str


def step_progress(run_id: UUID) -> Statement[StepProgressRow]:
    """The steps of a run in the order of the definition."""
    return Statement(
        """select step_slug, step_type, dependencies, status, tasks, queued_tasks, started_tasks,
          completed_tasks, attempts, error_message, skip_reason, started_at, ended_at
        from pgflow.step_progress where run_id = %(run_id)s order by step_index""",
        StepProgressRow,
        {"run_id": run_id},
    )


def list_runs(
    *, flow_slug: str | None, status: str | None, since: timedelta | None, limit: int
) -> Statement[RunSummaryRow]:
    """The newest runs first."""
    return Statement(
        """select run_id, flow_slug, status, started_at, error_message,
          coalesce(completed_at, failed_at, cancelled_at, clock_timestamp()) - started_at as took
        from pgflow.runs
        where (%(flow_slug)s::text is null or flow_slug = %(flow_slug)s)
          and (%(status)s::text is null or status = %(status)s)
          and (%(since)s::interval is null or started_at >= clock_timestamp() - %(since)s)
        order by started_at desc, run_id desc limit %(limit)s""",
        RunSummaryRow,
        {"flow_slug": flow_slug, "status": status, "since": since, "limit": limit},
    )


def explain_run(run_id: UUID) -> Statement[ReasonRow]:
    """Why each open step of a run is where it is."""
    return Statement(
        """select step_slug, situation, tasks, since, due_at, worker_id, attempt, max_attempts,
          error_message, waits_for from pgflow.explain_run(%(run_id)s)""",
        ReasonRow,
        {"run_id": run_id},
    )


def list_flows() -> Statement[FlowOverviewRow]:
    return Statement(
        """select flow_slug, steps, open_runs, runs, workers, last_run_at
        from pgflow.flow_overview order by flow_slug""",
        FlowOverviewRow,
    )


def flow_overview(flow_slug: str) -> Statement[FlowOverviewRow]:
    return Statement(
        """select flow_slug, steps, open_runs, runs, workers, last_run_at
        from pgflow.flow_overview where flow_slug = %(flow_slug)s""",
        FlowOverviewRow,
        {"flow_slug": flow_slug},
    )


def step_definitions(flow_slug: str) -> Statement[StepDefinitionRow]:
    """The steps of a flow in the order of the definition."""
    return Statement(
        """select step_slug, step_type, dependencies, max_attempts, base_delay, timeout,
          start_delay, required_input_pattern, forbidden_input_pattern, when_unmet, when_exhausted
        from pgflow.step_definitions where flow_slug = %(flow_slug)s order by step_index""",
        StepDefinitionRow,
        {"flow_slug": flow_slug},
    )


def list_workers(*, with_stopped: bool) -> Statement[WorkerRow]:
    """The workers, the newest first."""
    return Statement(
        """select worker_id, function_name, state, flow_slugs, started_at, last_heartbeat_at
        from pgflow.worker_states where %(with_stopped)s or state <> 'stopped'
        order by started_at desc""",
        WorkerRow,
        {"with_stopped": with_stopped},
    )


def drain_workers(
    *, worker_ids: Sequence[UUID] = (), flow_slug: str | None = None
) -> Statement[DrainedRow]:
    """Ask workers to end: those named, those that serve a flow, or all; returns whom it asked."""
    return Statement(
        """update pgflow.workers set deprecated_at = coalesce(deprecated_at, clock_timestamp())
        where stopped_at is null
          and (cardinality(%(worker_ids)s::uuid[]) = 0 or worker_id = any(%(worker_ids)s))
          and (%(flow_slug)s::text is null or %(flow_slug)s = any(flow_slugs))
        returning worker_id, function_name""",
        DrainedRow,
        {"worker_ids": list(worker_ids), "flow_slug": flow_slug},
    )


def prune(older_than: timedelta, *, max_runs: int) -> Statement[PrunedRow]:
    """Remove what ended longer ago than that, in one transaction of at most so many runs."""
    return Statement(
        """select runs, step_states, step_tasks, archived_messages, workers
        from pgflow.prune_data_older_than(%(older_than)s, %(max_runs)s)""",
        PrunedRow,
        {"older_than": older_than, "max_runs": max_runs},
    )


def check_invariants() -> Statement[BrokenInvariantRow]:
    """Every contradiction between the rows of the database; reads all of them."""
    return Statement("select invariant, detail from pgflow.check_invariants()", BrokenInvariantRow)


def look_at_server() -> Statement[ServerRow]:
    """What any user can see of any database."""
    return Statement(
        """select current_setting('server_version_num')::int as version_num,
          current_setting('server_version') as version, clock_timestamp() as now,
          current_user::text as user, pg_is_in_recovery() as is_standby,
          current_setting('fsync') as fsync,
          exists (select from pg_tables
            where schemaname = 'pgflow' and tablename = 'migrations') as has_engine,
          coalesce((select has_schema_privilege(oid, 'usage') from pg_namespace
            where nspname = 'pgflow'), false) as may_enter,
          has_database_privilege(current_database(), 'create') as may_create,
          (select extversion from pg_extension where extname = 'pgmq') as pgmq,
          (select extversion from pg_extension where extname = 'pg_cron') as pg_cron,
          (select extversion from pg_extension where extname = 'pg_net') as pg_net""",
        ServerRow,
    )


def look_at_engine() -> Statement[EngineRow]:
    """The engine; fails where the user has no right to read `pgflow.installation`."""
    return Statement(
        """select engine_version, functions_sha256, pgmq_version,
          has_table_privilege('pgflow.runs', 'select') as may_read,
          has_function_privilege('pgflow.start_flow(text, jsonb, uuid)', 'execute') as may_start,
          has_function_privilege(
            'pgflow.report_and_claim(uuid, jsonb, text[], int)', 'execute') as may_work
        from pgflow.installation""",
        EngineRow,
    )


def queue_depths() -> Statement[QueueDepthRow]:
    return Statement(
        "select flow_slug, due, oldest_due, hidden from pgflow.queue_depths()",
        QueueDepthRow,
    )


# Stepping through a run


def start_paused(flow_slug: str, input: str) -> Statement[RunRow]:
    """Create a run that starts no step by itself."""
    return Statement(
        f"select {CREATED_COLUMNS} from pgflow.start_paused(%(flow_slug)s, %(input)s::jsonb)",
        RunRow,
        {"flow_slug": flow_slug, "input": input},
    )


def pause_run(run_id: UUID) -> Statement[RunRow]:
    return Statement(
        f"select {RUN_COLUMNS} from pgflow.pause_run(%(run_id)s)", RunRow, {"run_id": run_id}
    )


def resume_run(run_id: UUID) -> Statement[RunRow]:
    return Statement(
        f"select {RUN_COLUMNS} from pgflow.resume_run(%(run_id)s)", RunRow, {"run_id": run_id}
    )


def release_step(run_id: UUID, step_slug: str | None) -> Statement[StepRow]:
    """Start one ready step of a paused run; no row where nothing is ready."""
    return Statement(
        f"select {STEP_COLUMNS} from pgflow.release_step(%(run_id)s, %(step_slug)s) as ss",
        StepRow,
        {"run_id": run_id, "step_slug": step_slug},
    )


def edit_step_output(run_id: UUID, step_slug: str, output: str) -> Statement[StepRow]:
    """Replace the output of a step that nobody has used yet."""
    return Statement(
        f"""select {STEP_COLUMNS} from pgflow.edit_step_output(
          %(run_id)s, %(step_slug)s, %(output)s::jsonb) as ss""",
        StepRow,
        {"run_id": run_id, "step_slug": step_slug, "output": output},
    )


def rerun_from_step(
    run_id: UUID, step_slug: str, *, input: str | None, paused: bool
) -> Statement[RunRow]:
    """A new run that keeps what another has done before a step; `input` None keeps that too."""
    return Statement(
        f"""select {CREATED_COLUMNS} from pgflow.rerun_from_step(
          %(run_id)s, %(step_slug)s, %(input)s::jsonb, %(paused)s)""",
        RunRow,
        {"run_id": run_id, "step_slug": step_slug, "input": input, "paused": paused},
    )


def rerun(run_id: UUID, *, input: str | None, paused: bool) -> Statement[RunRow]:
    """A new run of the same flow, from the start; no row where there is no such run."""
    start: LiteralString = "start_paused" if paused else "start_flow"
    return Statement(
        f"""select new.* from pgflow.runs r
        cross join lateral (
          select {CREATED_COLUMNS}
          from pgflow.{start}(r.flow_slug, coalesce(%(input)s::jsonb, r.input))
        ) as new
        where r.run_id = %(run_id)s""",
        RunRow,
        {"run_id": run_id, "input": input},
    )
