"""Queries that find runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from pgflow.statements import Statement
from pgflow.web.models import RunSummary
from pgflow.web.queries.parts import RUN_COLUMNS, payload


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the list of runs, which is ordered by both."""

    started_at: datetime
    run_id: UUID


# The flows are looked at one by one, and the newest runs of each put together: so the index on
# the runs of a flow serves the list of all runs as well.
_SLICE: LiteralString = """with slice as (
  select r.* from pgflow.flows f cross join lateral (
    select r.* from pgflow.runs r
    where r.flow_slug = f.flow_slug
      and (%(statuses)s::text[] is null or r.status = any(%(statuses)s)
        or (%(paused)s and r.status = 'started' and r.paused_at is not null))
      and (%(since)s::timestamptz is null or r.started_at >= %(since)s)
      and (%(until)s::timestamptz is null or r.started_at < %(until)s)
      and (%(before)s::timestamptz is null
        or (r.started_at, r.run_id) < (%(before)s, %(before_id)s::uuid))
    order by r.started_at desc, r.run_id desc limit %(slice)s
  ) as r
  where %(flow)s::text is null or f.flow_slug = %(flow)s
  order by r.started_at desc, r.run_id desc limit %(slice)s
)"""


def list_runs(search: dict[str, Any]) -> Statement[RunSummary]:
    """Runs that a search finds, the newest first; one more than its limit where there are more."""
    return Statement(
        f"""{_SLICE}
        select {RUN_COLUMNS}, {payload("r.input", "200")} as input from slice r
        where %(pattern)s::text is null or r.input::text ilike %(pattern)s
        order by r.started_at desc, r.run_id desc limit %(limit)s + 1""",
        RunSummary,
        search,
    )


def end_of_slice(search: dict[str, Any]) -> Statement[Position]:
    """Where a search was broken off; nothing where it has seen all runs."""
    return Statement(
        f"""{_SLICE}
        select started_at, run_id from slice order by started_at desc, run_id desc
        offset %(slice)s - 1 limit 1""",
        Position,
        search,
    )


def run_summary(run_id: UUID) -> Statement[RunSummary]:
    return Statement(
        f"""select {RUN_COLUMNS}, {payload("r.input", "200")} as input
        from pgflow.runs r where r.run_id = %(run_id)s""",
        RunSummary,
        {"run_id": run_id},
    )
