"""Queries about flows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from pgflow.statements import Statement
from pgflow.web.flow_models import FlowActivity, RecentInput
from pgflow.web.queries.parts import RUNS_LOOKED_AT_TEXT, payload


class ActivityRow(FlowActivity):
    """How much goes on in a flow of the database."""

    slug: str


@dataclass(frozen=True, slots=True)
class StoredFlowRow:
    """A flow as it is registered; `definition` is shape JSON with options, raw."""

    slug: str
    created_at: datetime
    definition: str


# Runs beyond RUNS_LOOKED_AT are not looked at.
_ACTIVITY: LiteralString = f"""with flow as (
          select f.flow_slug, clock_timestamp() as now,
            date_trunc('minute', clock_timestamp()) - interval '59 minutes' as start
          from pgflow.flows f where %(flow_slug)s::text is null or f.flow_slug = %(flow_slug)s
        ),
        recent as materialized (
          select f.flow_slug, r.started_at, r.status
          from flow f cross join lateral (
            select r.started_at, r.status from pgflow.runs r
            where r.flow_slug = f.flow_slug and r.started_at > f.now - interval '1 day'
            order by r.started_at desc limit {RUNS_LOOKED_AT_TEXT}
          ) as r
        ),
        total as (
          select flow_slug, count(*) as runs, min(started_at) as first,
            count(*) filter (where status = 'completed') as completed,
            count(*) filter (where status = 'failed') as failed,
            count(*) filter (where status = 'cancelled') as cancelled
          from recent group by flow_slug
        ),
        bucket as (
          select r.flow_slug, floor(extract(epoch from r.started_at - f.start) / 60)::int as minute,
            count(*) filter (where r.status = 'completed') as completed,
            count(*) filter (where r.status = 'failed') as failed,
            count(*) filter (where r.status in ('started', 'cancelled')) as other
          from recent r join flow f on f.flow_slug = r.flow_slug
          where r.started_at >= f.start group by r.flow_slug, minute
        ),
        series as (
          select f.flow_slug,
            json_agg(coalesce(b.completed, 0) order by minute) as completed,
            json_agg(coalesce(b.failed, 0) order by minute) as failed,
            json_agg(coalesce(b.other, 0) order by minute) as other
          from flow f cross join generate_series(0, 59) as minute
          left join bucket b using (flow_slug, minute)
          group by f.flow_slug
        ),
        since as (
          select f.flow_slug,
            case when t.runs = {RUNS_LOOKED_AT_TEXT} then t.first else f.now - interval '1 day' end
              as counted
          from flow f left join total t using (flow_slug)
        )
        select f.flow_slug as slug,
          (select count(*) from pgflow.worker_states w
            where f.flow_slug = any(w.flow_slugs) and w.state in ('alive', 'draining', 'silent')
          )::int as workers,
          (select max(r.started_at) from pgflow.runs r where r.flow_slug = f.flow_slug)
            as last_run_at,
          json_build_object(
            'started', (select count(*) from pgflow.runs r
              where r.flow_slug = f.flow_slug and r.status = 'started'),
            'completed', coalesce(t.completed, 0), 'failed', coalesce(t.failed, 0),
            'cancelled', coalesce(t.cancelled, 0)
          ) as counts,
          since.counted as counts_since,
          json_build_object(
            'bucket_seconds', 60, 'start', f.start,
            'covered_from', greatest(f.start, since.counted),
            'completed', series.completed, 'failed', series.failed, 'other', series.other
          ) as history
        from flow f join series using (flow_slug) join since using (flow_slug)
        left join total t using (flow_slug)
        order by f.flow_slug"""


def flow_activity(flow_slug: str | None = None) -> Statement[ActivityRow]:
    """How much goes on in one flow, or in each of them."""
    return Statement(_ACTIVITY, ActivityRow, {"flow_slug": flow_slug})


def no_activity() -> Statement[ActivityRow]:
    """The figures of a flow that has never been in the database."""
    return Statement(
        """select '' as slug, 0 as workers, null::timestamptz as last_run_at,
          json_build_object() as counts, t.now - interval '1 day' as counts_since,
          json_build_object(
            'bucket_seconds', 60, 'start', t.start, 'covered_from', t.start,
            'completed', t.nothing, 'failed', t.nothing, 'other', t.nothing
          ) as history
        from (
          select clock_timestamp() as now,
            date_trunc('minute', clock_timestamp()) - interval '59 minutes' as start,
            array_to_json(array_fill(0, array[60])) as nothing
        ) as t""",
        ActivityRow,
    )


def stored_flows(flow_slug: str | None = None) -> Statement[StoredFlowRow]:
    """What is registered under one slug, or under all of them."""
    return Statement(
        """select flow_slug as slug, created_at,
          pgflow._get_flow_definition(flow_slug) as definition
        from pgflow.flows where %(flow_slug)s::text is null or flow_slug = %(flow_slug)s
        order by flow_slug""",
        StoredFlowRow,
        {"flow_slug": flow_slug},
    )


def recent_inputs(flow_slug: str, limit: int) -> Statement[RecentInput]:
    """The newest inputs of a flow, each value once."""
    return Statement(
        f"""select r.run_id, r.started_at, r.status, {payload("r.input", "20000")} as input
        from (
          select distinct on (md5(r.input::text)) r.*
          from (
            select * from pgflow.runs r where r.flow_slug = %(flow_slug)s
            order by r.started_at desc limit 10 * %(limit)s
          ) as r
          order by md5(r.input::text), r.started_at desc
        ) as r
        order by r.started_at desc limit %(limit)s""",
        RecentInput,
        {"flow_slug": flow_slug, "limit": limit},
    )
