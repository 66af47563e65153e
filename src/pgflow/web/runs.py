"""Runs: found, and steered by the same calls that programs use."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pgflow.client import AsyncClient
from pgflow.client.failures import run_not_found
from pgflow.errors import PgflowError
from pgflow.web.asked import (
    Bulk,
    Nothing,
    OutputEdit,
    Rerun,
    RunFilter,
    RunSearch,
    StepToRelease,
)
from pgflow.web.calls import Call, get, post
from pgflow.web.models import (
    BulkResult,
    Failure,
    Released,
    RunAnswer,
    RunPage,
    RunSummary,
)
from pgflow.web.playground import Playground
from pgflow.web.queries import parts
from pgflow.web.queries import runs as queries

# Runs that one call changes at most.
BULK = 500
Steer = Callable[[AsyncClient, UUID], Awaitable[object]]


@get("/runs", RunSearch, RunPage)
async def list_runs(call: Call[RunSearch]) -> RunPage:
    """Runs, the newest first, page by page."""
    asked = call.asked
    return await find_runs(call.site, asked, limit=asked.limit, cursor=asked.cursor)


async def find_runs(
    site: Playground, wanted: RunFilter, *, limit: int, cursor: str | None = None
) -> RunPage:
    """A page of the runs that a filter finds. A search for text may break off."""
    search = _search(wanted, limit, cursor)
    found = await site.database.fetch(queries.list_runs(search))
    if len(found) > limit:
        last = found[limit - 1]
        return RunPage(
            runs=found[:limit], next=_cursor(last.started_at, last.run_id), searched_to=None
        )
    ends = await site.database.fetch(queries.end_of_slice(search)) if wanted.text else []
    if not ends:
        return RunPage(runs=found, next=None, searched_to=None)
    [end] = ends
    return RunPage(runs=found, next=_cursor(end.started_at, end.run_id), searched_to=end.started_at)


@post("/runs/cancel", Bulk, BulkResult)
async def cancel_runs(call: Call[Bulk]) -> BulkResult:
    """Ends many runs now."""
    return await _steer_many(call, AsyncClient.cancel)


@post("/runs/retry", Bulk, BulkResult)
async def retry_runs(call: Call[Bulk]) -> BulkResult:
    """Carries on many failed or cancelled runs."""
    return await _steer_many(call, AsyncClient.retry)


@post("/runs/{run_id}/cancel", Nothing, RunAnswer)
async def cancel_run(call: Call[Nothing]) -> RunAnswer:
    """Ends a run now."""
    return await _steer(call, AsyncClient.cancel)


@post("/runs/{run_id}/retry", Nothing, RunAnswer)
async def retry_run(call: Call[Nothing]) -> RunAnswer:
    """Carries on a failed or cancelled run."""
    return await _steer(call, AsyncClient.retry)


@post("/runs/{run_id}/pause", Nothing, RunAnswer)
async def pause_run(call: Call[Nothing]) -> RunAnswer:
    """Lets a run start no more steps."""
    return await _steer(call, AsyncClient.pause)


@post("/runs/{run_id}/resume", Nothing, RunAnswer)
async def resume_run(call: Call[Nothing]) -> RunAnswer:
    """Ends a pause."""
    return await _steer(call, AsyncClient.resume)


@post("/runs/{run_id}/release", StepToRelease, Released)
async def release_step(call: Call[StepToRelease]) -> Released:
    """Starts one ready step of a paused run."""
    released = await call.site.client.release(call.run_id, call.asked.step)
    return Released(run=await summary(call.site, call.run_id), released=released)


@post("/runs/{run_id}/edit", OutputEdit, RunAnswer)
async def edit_output(call: Call[OutputEdit]) -> RunAnswer:
    """Replaces the output of a step that nobody has used yet."""
    await call.site.client.edit_output(call.run_id, call.asked.step, call.asked.output)
    return RunAnswer(run=await summary(call.site, call.run_id))


@post("/runs/{run_id}/rerun", Rerun, RunAnswer, status=201)
async def rerun(call: Call[Rerun]) -> RunAnswer:
    """Starts a new run after the pattern of this one."""
    asked = call.asked
    given = asked.input if "input" in asked.model_fields_set else ...
    run = await call.site.client.rerun(
        call.run_id, from_step=asked.step, input=given, paused=asked.paused
    )
    return RunAnswer(run=await summary(call.site, run.run_id))


async def summary(site: Playground, run_id: UUID) -> RunSummary:
    """The run of that id, else `RunNotFound`."""
    found = await site.database.fetch(queries.run_summary(run_id))
    if not found:
        raise run_not_found(run_id)
    return found[0]


async def _steer(call: Call[Any], steer: Steer) -> RunAnswer:
    await steer(call.site.client, call.run_id)
    return RunAnswer(run=await summary(call.site, call.run_id))


async def _steer_many(call: Call[Bulk], steer: Steer) -> BulkResult:
    run_ids, more = await _chosen(call.site, call.asked)
    failed: list[Failure] = []
    for run_id in run_ids:
        try:
            await steer(call.site.client, run_id)
        except PgflowError as error:
            failed.append(Failure(run_id=run_id, message=str(error)))
    return BulkResult(changed=len(run_ids) - len(failed), failed=failed, more=more)


async def _chosen(site: Playground, asked: Bulk) -> tuple[Sequence[UUID], bool]:
    if asked.run_ids is not None:
        return asked.run_ids, False
    if asked.filter is None:
        raise ValueError("neither run_ids nor a filter says which runs, expected one of them")
    page = await find_runs(site, asked.filter, limit=BULK)
    return [run.run_id for run in page.runs], page.next is not None


def _search(wanted: RunFilter, limit: int, cursor: str | None) -> dict[str, Any]:
    before, before_id = _position(cursor) if cursor else (None, None)
    statuses = [status for status in wanted.status if status != "paused"]
    return {
        "flow": wanted.flow,
        "statuses": statuses if wanted.status else None,
        "paused": "paused" in wanted.status,
        "since": wanted.since,
        "until": wanted.until,
        "pattern": _pattern(wanted.text) if wanted.text else None,
        "before": before,
        "before_id": before_id,
        "slice": parts.RUNS_LOOKED_AT if wanted.text else limit + 1,
        "limit": limit,
    }


def _pattern(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _cursor(started_at: datetime, run_id: UUID) -> str:
    text = json.dumps([started_at.isoformat(), str(run_id)])
    return base64.urlsafe_b64encode(text.encode()).decode()


def _position(cursor: str) -> tuple[datetime, UUID]:
    try:
        started_at, run_id = json.loads(base64.urlsafe_b64decode(cursor))
        return datetime.fromisoformat(started_at), UUID(run_id)
    except (ValueError, TypeError, AttributeError):
        message = "the cursor is none that a page has given as `next`"
        raise ValueError(message) from None


ENDPOINTS = (
    list_runs,
    cancel_runs,
    retry_runs,
    cancel_run,
    retry_run,
    pause_run,
    resume_run,
    release_step,
    edit_output,
    rerun,
)
