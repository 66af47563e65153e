"""The flows of code and database side by side."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pgflow.definition.compile import compile_flow
from pgflow.definition.shape import FlowShape, ShapeDiff
from pgflow.deployment.policy import Change, change_of
from pgflow.web.asked import InputsWanted, NewRun, Nothing
from pgflow.web.calls import Call, get, post
from pgflow.web.code import KnownFlow
from pgflow.web.flow_models import (
    Differences,
    FlowDetail,
    FlowInCode,
    FlowInDatabase,
    FlowList,
    FlowStep,
    FlowSummary,
    HandlerModel,
    RecentInputs,
    Source,
)
from pgflow.web.models import RunAnswer, Sync
from pgflow.web.playground import Playground
from pgflow.web.queries import flows as queries
from pgflow.web.queries.flows import ActivityRow, StoredFlowRow
from pgflow.web.queries.runs import run_summary
from pgflow.web.refusals import NothingHere
from pgflow.web.shapes import effective_options, step_model, to_model

_SYNC: Mapping[Change, Sync] = {
    Change.NONE: "in_sync",
    Change.NEW: "only_in_code",
    Change.OPTIONS: "options_differ",
    Change.STRUCTURE: "structure_differs",
}


@dataclass(frozen=True, slots=True)
class TwoSides:
    """A flow as the code and as the database have it; at least one of them does."""

    slug: str
    known: KnownFlow | None
    stored: StoredFlowRow | None

    @property
    def in_code(self) -> FlowShape | None:
        return self.known.flow.shape() if self.known else None

    @property
    def in_database(self) -> FlowShape | None:
        return shape_of(self.stored) if self.stored else None

    @property
    def diff(self) -> ShapeDiff:
        """What changes from the database to the code."""
        code, database = self.in_code, self.in_database
        return database.diff(code) if code and database else ShapeDiff()

    @property
    def sync(self) -> Sync:
        if self.known is None:
            return "only_in_database"
        return _SYNC[change_of(self.in_database, self.diff)]


async def sides_of(site: Playground, slug: str) -> TwoSides:
    """The flow of that slug, wherever there is one."""
    stored = await site.database.fetch(queries.stored_flows(slug))
    known = known_flows(site).get(slug)
    return TwoSides(slug, known, stored[0] if stored else None)


def known_flows(site: Playground) -> Mapping[str, KnownFlow]:
    return site.code.flows if site.code else {}


def shape_of(stored: StoredFlowRow) -> FlowShape:
    return FlowShape.from_json(stored.slug, json.loads(stored.definition))


@get("/flows", Nothing, FlowList)
async def list_flows(call: Call[Nothing]) -> FlowList:
    """Every flow of code and database, and how much goes on in each."""
    site = call.site
    stored = {row.slug: row for row in await site.database.fetch(queries.stored_flows())}
    activity = {row.slug: row for row in await site.database.fetch(queries.flow_activity())}
    known = known_flows(site)
    [idle] = await site.database.fetch(queries.no_activity())
    return FlowList(
        flows=[
            _summary(TwoSides(slug, known.get(slug), stored.get(slug)), activity.get(slug, idle))
            for slug in sorted(known.keys() | stored.keys())
        ]
    )


@get("/flows/{slug}", Nothing, FlowDetail)
async def show_flow(call: Call[Nothing]) -> FlowDetail:
    """A flow with its shape, code, SQL, and the differences between code and database."""
    sides = await sides_of(call.site, call.slug)
    shape = sides.in_code or sides.in_database
    if shape is None:
        raise _no_flow(call.slug)
    activity = await call.site.database.fetch(queries.flow_activity(call.slug))
    idle = await call.site.database.fetch(queries.no_activity())
    return FlowDetail(
        **_figures((activity or idle)[0]),
        slug=call.slug,
        sync=sides.sync,
        differences=differences_of(sides.diff),
        code=_in_code(sides.known) if sides.known else None,
        database=_in_database(sides.stored) if sides.stored else None,
        steps=_steps(shape, sides.known.handlers if sides.known else {}),
    )


@get("/flows/{slug}/inputs", InputsWanted, RecentInputs)
async def recent_inputs(call: Call[InputsWanted]) -> RecentInputs:
    """The newest inputs of a flow, each value once."""
    statement = queries.recent_inputs(call.slug, call.asked.limit)
    return RecentInputs(inputs=await call.site.database.fetch(statement))


@post("/flows/{slug}/runs", NewRun, RunAnswer, status=201)
async def start_run(call: Call[NewRun]) -> RunAnswer:
    """Starts a run; where the code is known, its input type is what validates."""
    known = known_flows(call.site).get(call.slug)
    run = await call.site.client.start(
        known.flow if known else call.slug,
        call.asked.input,
        run_id=call.asked.run_id,
        delay=call.asked.delay_seconds,
        paused=call.asked.paused,
    )
    [summary] = await call.site.database.fetch(run_summary(run.run_id))
    return RunAnswer(run=summary)


def differences_of(diff: ShapeDiff) -> Differences:
    return Differences(structure=diff.structure, options=diff.options)


def _summary(sides: TwoSides, activity: ActivityRow) -> FlowSummary:
    shape = sides.in_code or sides.in_database
    return FlowSummary(
        **_figures(activity),
        slug=sides.slug,
        sync=sides.sync,
        differences=sides.diff.structure + sides.diff.options,
        steps=len(shape.steps) if shape else 0,
    )


def _figures(activity: ActivityRow) -> dict[str, Any]:
    return {name: value for name, value in activity if name != "slug"}


def _in_code(known: KnownFlow) -> FlowInCode:
    shape = known.flow.shape()
    return FlowInCode(
        source=Source(name=known.source.name, file=str(known.source.file)),
        shape=to_model(shape),
        checksum=shape.checksum,
        sql=compile_flow(shape),
        input_schema=known.input_schema,
    )


def _in_database(stored: StoredFlowRow) -> FlowInDatabase:
    shape = shape_of(stored)
    return FlowInDatabase(
        shape=to_model(shape),
        checksum=shape.checksum,
        sql=compile_flow(shape),
        created_at=stored.created_at,
    )


def _steps(shape: FlowShape, handlers: Mapping[str, HandlerModel]) -> Sequence[FlowStep]:
    return [
        FlowStep(
            **dict(step_model(step)),
            effective=effective_options(shape, step),
            handler=handlers.get(step.slug),
        )
        for step in shape.steps
    ]


def _no_flow(slug: str) -> NothingHere:
    return NothingHere(f"there is no flow '{slug}', neither in the code nor in the database")


ENDPOINTS = (list_flows, show_flow, recent_inputs, start_run)
