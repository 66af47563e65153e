"""Queries about workers and queues."""

from __future__ import annotations

from typing import LiteralString

from pgflow.statements import Statement
from pgflow.web.models import QueueModel, WorkerModel
from pgflow.web.queries.parts import RUN_END, RUNS_LOOKED_AT_TEXT, TASK_END, seconds


def workers() -> Statement[WorkerModel]:
    """The workers of the last hour and what they hold."""
    return Statement(
        """with held as materialized (select * from pgflow.held_tasks())
        select w.worker_id, w.function_name as name, w.state, w.flow_slugs, w.started_at,
          w.last_heartbeat_at, w.deprecated_at, w.stopped_at,
          (select count(*)::int from held h where h.worker_id = w.worker_id) as held_tasks,
          coalesce((
            select json_agg(json_build_object(
              'run_id', h.run_id, 'flow_slug', h.flow_slug, 'step_slug', h.step_slug,
              'task_index', h.task_index, 'attempt', h.attempt, 'since', h.since
            ) order by h.since)
            from (
              select * from held h where h.worker_id = w.worker_id order by h.since limit 20
            ) as h
          ), '[]') as held
        from pgflow.worker_states w
        where w.last_heartbeat_at > clock_timestamp() - interval '1 hour'
        order by w.state in ('dead', 'stopped'), w.started_at desc""",
        WorkerModel,
    )


def _percentiles(seconds: LiteralString) -> LiteralString:
    return f"""(
      select case when count({seconds}) > 0 then json_build_object(
        'p50', percentile_cont(0.5) within group (order by {seconds}),
        'p95', percentile_cont(0.95) within group (order by {seconds}),
        'p99', percentile_cont(0.99) within group (order by {seconds})
      ) end"""


def queues() -> Statement[QueueModel]:
    """What waits, and how fast the newest runs of each flow went."""
    wait, work = seconds("t.started_at - t.queued_at"), seconds(f"{TASK_END} - t.started_at")
    span = seconds(f"{RUN_END} - r.started_at")
    return Statement(
        f"""with depth as materialized (select * from pgflow.queue_depths()),
        recent as materialized (
          select f.flow_slug, r.run_id, r.started_at, r.completed_at, r.failed_at, r.cancelled_at
          from pgflow.flows f cross join lateral (
            select * from pgflow.runs r
            where r.flow_slug = f.flow_slug and r.status <> 'started'
            order by r.started_at desc limit 200
          ) as r
        ),
        task as materialized (
          select f.flow_slug, t.*
          from pgflow.flows f cross join lateral (
            select {wait} as wait, {work} as work
            from recent r join pgflow.step_tasks t on t.run_id = r.run_id
            where r.flow_slug = f.flow_slug and t.attempts_count = 1 and {TASK_END} is not null
            limit 5000
          ) as t
        )
        select d.flow_slug, pgflow.queue_name(d.flow_slug) as queue_name, d.due, d.hidden,
          {seconds("d.oldest_due")} as oldest_seconds,
          (select count(*) from pgflow.worker_states w
            where d.flow_slug = any(w.flow_slugs) and w.state = 'alive')::int as workers,
          (select count(*) from (
            select from pgflow.runs r
            where r.flow_slug = d.flow_slug
              and r.started_at > now() - interval '1 minute'
              and {RUN_END} > now() - interval '10 seconds'
            limit {RUNS_LOOKED_AT_TEXT}
          ) as r) / 10.0 as runs_per_second,
          {_percentiles("t.wait")} from task t where t.flow_slug = d.flow_slug)
            as task_wait_seconds,
          {_percentiles("t.work")} from task t where t.flow_slug = d.flow_slug)
            as task_run_seconds,
          {_percentiles(span)} from recent r where r.flow_slug = d.flow_slug) as run_seconds,
          (select count(*) from recent r where r.flow_slug = d.flow_slug)::int as sample_runs
        from depth d order by d.flow_slug""",
        QueueModel,
    )
