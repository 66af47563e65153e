"""One run from every side: its steps, tasks, values, times, what happened, what holds it up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from pgflow import operations, statements
from pgflow.client.failures import run_not_found
from pgflow.operations import ReasonRow
from pgflow.reasons import ending, sentence
from pgflow.statements import Statement
from pgflow.web.asked import Nothing, TasksWanted, ValueWanted
from pgflow.web.calls import Call, get
from pgflow.web.models import (
    Bar,
    Explanation,
    Reason,
    RunDetail,
    RunLog,
    RunReport,
    RunStep,
    TaskPage,
    Waterfall,
    WaterfallRow,
)
from pgflow.web.playground import Playground
from pgflow.web.queries import one_run as queries
from pgflow.web.queries.one_run import RunSpan
from pgflow.web.queries.parts import ValueRow
from pgflow.web.refusals import NothingHere
from pgflow.web.runs import summary

LOG_ENTRIES = 500
BARS_PER_STEP = 50


@get("/runs/{run_id}", Nothing, RunReport)
async def show_run(call: Call[Nothing]) -> RunReport:
    """A run with its steps."""
    found = await call.site.database.fetch(queries.run_detail(call.run_id))
    if not found:
        raise run_not_found(call.run_id)
    [run] = found
    steps = await call.site.database.fetch(queries.run_steps(call.run_id))
    return RunReport(run=run, steps=steps, actions=list(_actions(run, steps)))


def _actions(run: RunDetail, steps: Sequence[RunStep]) -> Iterator[str]:
    """What can be done to a run as it stands."""
    if run.status == "started":
        yield "cancel"
        yield "pause" if run.paused_at is None else "resume"
        if any(step.is_ready for step in steps):
            yield "release"
    elif run.status in ("failed", "cancelled"):
        yield "retry"
    yield "rerun"


@get("/runs/{run_id}/tasks", TasksWanted, TaskPage)
async def list_tasks(call: Call[TasksWanted]) -> TaskPage:
    """The tasks of a step, page by page."""
    asked, run_id = call.asked, call.run_id
    found = await call.site.database.fetch(
        queries.tasks(run_id, asked.step, status=asked.status, after=asked.after, limit=asked.limit)
    )
    [counts] = await call.site.database.fetch(queries.count_tasks(run_id, asked.step))
    page = found[: asked.limit]
    return TaskPage(
        tasks=page, next=page[-1].task_index if len(found) > asked.limit else None, counts=counts
    )


async def run_value(site: Playground, request: Request) -> Response:
    """A whole value as the body: the one answer that is not a model."""
    asked = ValueWanted.model_validate(dict(request.query_params))
    call = Call(site, asked, request.path_params)
    rows = await site.database.fetch(_value_wanted(call))
    if not rows or rows[0].value is None:
        raise NothingHere(f"there is no such {asked.kind}")
    return Response(rows[0].value, media_type="application/json")


def _value_wanted(call: Call[ValueWanted]) -> Statement[ValueRow]:
    asked = call.asked
    if asked.step is None:
        return queries.run_value(call.run_id, kind=asked.kind)
    if asked.task is None:
        return queries.step_value(call.run_id, asked.step, kind=asked.kind)
    return queries.task_value(call.run_id, asked.step, asked.task, kind=asked.kind)


@get("/runs/{run_id}/waterfall", Nothing, Waterfall)
async def show_waterfall(call: Call[Nothing]) -> Waterfall:
    """When each step waited and worked; of a big map, its slowest tasks."""
    run = await summary(call.site, call.run_id)
    spans = await call.site.database.fetch(queries.spans(call.run_id))
    bars: defaultdict[str, list[Bar]] = defaultdict(list)
    for bar in await call.site.database.fetch(queries.bars(call.run_id, per_step=BARS_PER_STEP)):
        bars[bar.step_slug].append(Bar(**{name: getattr(bar, name) for name in Bar.model_fields}))
    return Waterfall(
        start=run.started_at,
        end=run.ended_at or datetime.now(UTC),
        rows=[_row(span, bars[span.step_slug]) for span in spans],
    )


def _row(span: RunSpan, bars: Sequence[Bar]) -> WaterfallRow:
    return WaterfallRow(
        step_slug=span.step_slug,
        step_type=span.step_type,
        status=span.status,
        start=span.start,
        end=span.end,
        tasks=span.tasks,
        shown=len(bars),
        bars=bars,
    )


@get("/runs/{run_id}/log", Nothing, RunLog)
async def show_log(call: Call[Nothing]) -> RunLog:
    """What has happened to a run, and what people have done to it."""
    await summary(call.site, call.run_id)
    found = await call.site.database.fetch(queries.run_log(call.run_id, limit=LOG_ENTRIES))
    return RunLog(entries=found[:LOG_ENTRIES], is_whole=len(found) <= LOG_ENTRIES)


@get("/runs/{run_id}/explain", Nothing, Explanation)
async def explain_run(call: Call[Nothing]) -> Explanation:
    """Why a run is where it is."""
    rows = await call.site.database.fetch(statements.get_run(call.run_id))
    if not rows:
        raise run_not_found(call.run_id)
    [run] = rows
    reasons = await call.site.database.fetch(operations.explain_run(call.run_id))
    return Explanation(
        ending=ending(run),
        reasons=[Reason(sentence=sentence(reason, run), **_facts(reason)) for reason in reasons],
    )


def _facts(reason: ReasonRow) -> dict[str, Any]:
    return {name: getattr(reason, name) for name in Reason.model_fields if name != "sentence"}


ENDPOINTS = (show_run, list_tasks, show_waterfall, show_log, explain_run)
