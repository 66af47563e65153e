"""The SQL calls about the traces of runs, like those in `statements`: pure values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pgflow.statements import RunRow, Statement


@dataclass(frozen=True, slots=True)
class TraceRow:
    """The trace of a run, as raw JSON, and how often the run has been retried."""

    run_id: UUID
    carrier: Any
    retries: int


@dataclass(frozen=True, slots=True)
class OpenTraceRow:
    """A run of which not all spans have been collected."""

    run_id: UUID
    has_ended: bool


@dataclass(frozen=True, slots=True)
class SpanRow:
    """What has ended: a step, or without `step_slug` the run itself; `carrier` is raw JSON.

    `retries`: how often the run had been retried when it began.
    """

    run_id: UUID
    flow_slug: str
    step_slug: str | None
    retries: int
    carrier: Any
    status: str
    error_message: str | None
    skip_reason: str | None
    tasks: int | None
    started_at: datetime
    ended_at: datetime


def traced(start: Statement[RunRow], carrier: Mapping[str, str]) -> Statement[RunRow]:
    """The same start, which also writes down the trace of the runs that it creates.

    Not of those that it finds: whoever works on them would wait for the caller's transaction.
    """
    return Statement(
        f"""with started as materialized ({start.sql}),
        traced as materialized (
          select count(*) from pgflow.trace_runs(
            (select array_agg(run_id) from started where created),
            (select jsonb_agg(%(carrier)s::jsonb) from started where created))
        )
        select started.* from started, traced""",
        RunRow,
        {**start.params, "carrier": json.dumps(dict(carrier))},
    )


def trace_runs(carriers: Mapping[UUID, Mapping[str, str]]) -> Statement[TraceRow]:
    """The traces of runs; for those that have none, these carriers become it."""
    return Statement(
        """select run_id, carrier, retries
        from pgflow.trace_runs(%(run_ids)s::uuid[], %(carriers)s::jsonb)""",
        TraceRow,
        {"run_ids": list(carriers), "carriers": json.dumps([dict(c) for c in carriers.values()])},
    )


def open_traces(after: UUID) -> Statement[OpenTraceRow]:
    """A page of them, in the order of their runs."""
    return Statement(
        "select run_id, has_ended from pgflow.open_traces(%(after)s)",
        OpenTraceRow,
        {"after": after},
    )


def collect_spans(run_ids: Sequence[UUID]) -> Statement[SpanRow]:
    """What has ended in these runs and was not collected yet; whoever receives it exports it."""
    return Statement(
        """select run_id, flow_slug, step_slug, retries, carrier, status, error_message,
          skip_reason, tasks, started_at, ended_at
        from pgflow.collect_spans(%(run_ids)s::uuid[])""",
        SpanRow,
        {"run_ids": list(run_ids)},
    )
