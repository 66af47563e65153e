"""Queries about one run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pgflow.statements import Statement
from pgflow.web.models import (
    Bar,
    LogEntry,
    RunDetail,
    RunStep,
    StepStatus,
    StepType,
    TaskCounts,
    TaskModel,
)
from pgflow.web.queries.parts import (
    RUN_COLUMNS,
    RUN_END,
    TASK_END,
    TASK_INPUT,
    ValueRow,
    payload,
    seconds,
)


@dataclass(frozen=True, slots=True)
class BodyRow:
    """JSON that is passed on as it is; `is_open` while the run goes on."""

    body: str
    is_open: bool


class BarRow(Bar):
    """A task with its step, and how many tasks that has."""

    step_slug: str


@dataclass(frozen=True, slots=True)
class RunSpan:
    """From when to when a step of a run took place."""

    step_slug: str
    step_type: StepType
    status: StepStatus
    start: datetime | None
    end: datetime | None
    tasks: int


def run_detail(run_id: UUID) -> Statement[RunDetail]:
    return Statement(
        f"""select {RUN_COLUMNS}, r.remaining_steps, {payload("r.input", "20000")} as input,
          {payload("r.output", "20000")} as output,
          (select json_build_object('run_id', a.detail ->> 'run_id', 'step', a.step_slug)
            from pgflow.run_actions a where a.run_id = r.run_id and a.action = 'rerun' limit 1)
            as rerun_of
        from pgflow.runs r where r.run_id = %(run_id)s""",
        RunDetail,
        {"run_id": run_id},
    )


def run_steps(run_id: UUID) -> Statement[RunStep]:
    """The steps of a run in the order of the definition."""
    return Statement(
        f"""select p.step_slug as slug, p.step_index, p.step_type, p.dependencies, p.status,
          (is_paused.yes and ss.status = 'created' and ss.remaining_deps = 0) as is_ready,
          (is_paused.yes and ss.status = 'completed' and not exists (
            select from pgflow.deps d
            join pgflow.step_states c on c.run_id = ss.run_id and c.step_slug = d.step_slug
            where d.flow_slug = ss.flow_slug and d.dep_slug = ss.step_slug
              and c.status <> 'created'
          )) as can_edit_output,
          p.tasks, p.queued_tasks, p.started_tasks, p.completed_tasks, t.failed_tasks, p.attempts,
          definition.max_attempts, left(p.error_message, 4000) as error_message, p.skip_reason,
          ss.created_at, t.queued_at, t.started_at, p.ended_at,
          {payload("ss.output", "4000")} as output
        from pgflow.step_progress p
        join pgflow.step_states ss on ss.run_id = p.run_id and ss.step_slug = p.step_slug
        join pgflow.step_definitions definition
          on definition.flow_slug = p.flow_slug and definition.step_slug = p.step_slug
        join pgflow.runs r on r.run_id = p.run_id
        cross join lateral (
          select r.status = 'started' and r.paused_at is not null as yes
        ) as is_paused
        cross join lateral (
          select count(*) filter (where t.status = 'failed')::int as failed_tasks,
            min(t.queued_at) as queued_at, min(t.started_at) as started_at
          from pgflow.step_tasks t where t.run_id = ss.run_id and t.step_slug = ss.step_slug
        ) as t
        where p.run_id = %(run_id)s order by p.step_index""",
        RunStep,
        {"run_id": run_id},
    )


def run_progress(run_id: UUID) -> Statement[BodyRow]:
    """How far a run and its steps are: what moves while no step begins or ends."""
    return Statement(
        """select jsonb_build_object(
          'run_id', r.run_id, 'status', r.status, 'paused_at', r.paused_at, 'steps', (
            select jsonb_agg(jsonb_build_object(
              'slug', p.step_slug, 'status', p.status, 'queued_tasks', p.queued_tasks,
              'started_tasks', p.started_tasks, 'completed_tasks', p.completed_tasks,
              'failed_tasks', (
                select count(*) from pgflow.step_tasks t
                where t.run_id = p.run_id and t.step_slug = p.step_slug and t.status = 'failed'),
              'attempts', p.attempts
            ) order by p.step_index)
            from pgflow.step_progress p where p.run_id = r.run_id)
        ) as body, r.status = 'started' as is_open
        from pgflow.runs r where r.run_id = %(run_id)s""",
        BodyRow,
        {"run_id": run_id},
    )


def tasks(
    run_id: UUID, step_slug: str, *, status: str | None, after: int, limit: int
) -> Statement[TaskModel]:
    """Tasks of a step in their order; one more than the limit where there are more."""
    return Statement(
        f"""select t.step_slug, t.task_index, t.status, t.attempts_count as attempts,
          s.max_attempts, t.queued_at, t.started_at, {TASK_END} as ended_at, t.lease_expires_at,
          {seconds("coalesce(t.started_at, clock_timestamp()) - t.queued_at")} as wait_seconds,
          {seconds(f"coalesce({TASK_END}, clock_timestamp()) - t.started_at")} as run_seconds,
          t.last_worker_id as worker_id, w.function_name as worker_name, t.requeued_count,
          left(t.error_message, 4000) as error_message,
          {payload("given.input", "500")} as input, {payload("t.output", "500")} as output
        from pgflow.step_tasks t
        join pgflow.step_definitions s
          on s.flow_slug = t.flow_slug and s.step_slug = t.step_slug
        left join pgflow.workers w on w.worker_id = t.last_worker_id
        cross join lateral (select {TASK_INPUT} as input) as given
        where t.run_id = %(run_id)s and t.step_slug = %(step_slug)s and t.task_index > %(after)s
          and (%(status)s::text is null or t.status = %(status)s)
        order by t.task_index limit %(limit)s + 1""",
        TaskModel,
        {
            "run_id": run_id,
            "step_slug": step_slug,
            "status": status,
            "after": after,
            "limit": limit,
        },
    )


def count_tasks(run_id: UUID, step_slug: str) -> Statement[TaskCounts]:
    return Statement(
        """select count(*) filter (where status = 'queued') as queued,
          count(*) filter (where status = 'started') as started,
          count(*) filter (where status = 'completed') as completed,
          count(*) filter (where status = 'failed') as failed,
          count(*) filter (where status = 'skipped') as skipped,
          count(*) filter (where status = 'cancelled') as cancelled
        from pgflow.step_tasks where run_id = %(run_id)s and step_slug = %(step_slug)s""",
        TaskCounts,
        {"run_id": run_id, "step_slug": step_slug},
    )


def run_value(run_id: UUID, *, kind: str) -> Statement[ValueRow]:
    """The whole input or output of a run."""
    return Statement(
        """select case %(kind)s when 'input' then input else output end as value
        from pgflow.runs where run_id = %(run_id)s""",
        ValueRow,
        {"run_id": run_id, "kind": kind},
    )


def step_value(run_id: UUID, step_slug: str, *, kind: str) -> Statement[ValueRow]:
    """The whole input or output of a step. A map's input is the array of its elements."""
    return Statement(
        """select case
            when %(kind)s = 'output' then ss.output
            when s.step_type = 'map' then (
              select jsonb_agg(t.input order by t.task_index) from pgflow.step_tasks t
              where t.run_id = ss.run_id and t.step_slug = ss.step_slug)
            else (select i.input from pgflow.step_inputs i
              where i.run_id = ss.run_id and i.step_slug = ss.step_slug)
          end as value
        from pgflow.step_states ss
        join pgflow.steps s on s.flow_slug = ss.flow_slug and s.step_slug = ss.step_slug
        where ss.run_id = %(run_id)s and ss.step_slug = %(step_slug)s""",
        ValueRow,
        {"run_id": run_id, "step_slug": step_slug, "kind": kind},
    )


def task_value(run_id: UUID, step_slug: str, index: int, *, kind: str) -> Statement[ValueRow]:
    """The whole input or output of a task."""
    return Statement(
        f"""select case %(kind)s when 'output' then t.output else {TASK_INPUT} end as value
        from pgflow.step_tasks t
        join pgflow.steps s on s.flow_slug = t.flow_slug and s.step_slug = t.step_slug
        where t.run_id = %(run_id)s and t.step_slug = %(step_slug)s and t.task_index = %(index)s""",
        ValueRow,
        {"run_id": run_id, "step_slug": step_slug, "index": index, "kind": kind},
    )


def spans(run_id: UUID) -> Statement[RunSpan]:
    """When the steps of a run took place, in the order of the definition."""
    return Statement(
        f"""select ss.step_slug, s.step_type, ss.status,
          case when ss.initial_tasks is not null then ss.started_at end as start,
          coalesce(ss.completed_at, ss.failed_at, ss.skipped_at,
            case when ss.status = 'cancelled' then {RUN_END} end) as end,
          coalesce(ss.initial_tasks, 0) as tasks
        from pgflow.step_states ss
        join pgflow.steps s on s.flow_slug = ss.flow_slug and s.step_slug = ss.step_slug
        join pgflow.runs r on r.run_id = ss.run_id
        where ss.run_id = %(run_id)s order by s.step_index""",
        RunSpan,
        {"run_id": run_id},
    )


def bars(run_id: UUID, *, per_step: int) -> Statement[BarRow]:
    """The slowest tasks of each step, in their order."""
    return Statement(
        f"""select t.step_slug, t.task_index, t.attempts_count as attempts, t.status, t.queued_at,
          t.started_at, {TASK_END} as ended_at, t.last_worker_id as worker_id
        from (
          select t.*, row_number() over (
            partition by t.step_slug
            order by coalesce({TASK_END}, now()) - t.queued_at desc, t.task_index
          ) as place
          from pgflow.step_tasks t where t.run_id = %(run_id)s
        ) as t
        where t.place <= %(per_step)s order by t.step_slug, t.task_index""",
        BarRow,
        {"run_id": run_id, "per_step": per_step},
    )


def run_log(run_id: UUID, *, limit: int) -> Statement[LogEntry]:
    """What has happened to a run, oldest first, from the times that its rows bear."""
    return Statement(
        f"""with event (at, rank, kind, step_slug, task_index, message, "by", detail) as (
          select r.started_at, 0, 'run:started', null::text, null::int, null::text, null::text,
            null::jsonb
          from pgflow.runs r where r.run_id = %(run_id)s
          union all
          select e.at, 9, 'run:' || r.status, null, null, r.error_message, null, null
          from pgflow.runs r cross join lateral (select {RUN_END} as at) as e
          where r.run_id = %(run_id)s and e.at is not null
          union all
          select ss.started_at, 3, 'step:started', ss.step_slug, null, null, null, null
          from pgflow.step_states ss
          where ss.run_id = %(run_id)s and ss.started_at is not null
          union all
          select e.at, 5, 'step:' || ss.status, ss.step_slug, null,
            coalesce(ss.error_message, ss.skip_reason), null, null
          from pgflow.step_states ss
          cross join lateral (
            select coalesce(ss.completed_at, ss.failed_at, ss.skipped_at) as at
          ) as e
          where ss.run_id = %(run_id)s and e.at is not null
          union all
          select coalesce(t.failed_at, t.completed_at, t.started_at, t.queued_at), 4, 'task:failed',
            t.step_slug, t.task_index, t.error_message, null, null
          from pgflow.step_tasks t
          where t.run_id = %(run_id)s and t.error_message is not null
          union all
          select a.acted_at, 2, 'action:' || a.action, a.step_slug, null, null, a.acted_by, a.detail
          from pgflow.run_actions a where a.run_id = %(run_id)s
        )
        select at, kind, step_slug, task_index, left(message, 2000) as message, "by",
          {payload("detail", "4000")} as detail
        from event order by at, rank, step_slug, task_index limit %(limit)s + 1""",
        LogEntry,
        {"run_id": run_id, "limit": limit},
    )
