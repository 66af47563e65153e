"""A flow that is changed on the page: judged, told as SQL and Python, applied when asked to.

Code stays the source of truth: what is applied here lasts until a worker brings its own version.
"""

from __future__ import annotations

import json
from typing import Any

from pgflow.config import Config
from pgflow.definition.compile import compile_flow
from pgflow.definition.flow import Flow
from pgflow.definition.shape import FlowShape, ShapeDiff, StepShape, given_options
from pgflow.deployment import definitions
from pgflow.deployment.compilation import Registration, connected, register
from pgflow.deployment.deploying import Loss
from pgflow.deployment.policy import Action, Policy, change_of
from pgflow.environment import ENVIRONMENT_VARIABLE, Environment
from pgflow.errors import FlowConflict, InvalidInput
from pgflow.web.asked import Edited, EditToApply
from pgflow.web.calls import Call, post
from pgflow.web.flow_models import (
    Application,
    Applied,
    Differences,
    EditCheck,
)
from pgflow.web.flows import TwoSides, differences_of, sides_of
from pgflow.web.playground import Playground
from pgflow.web.python_text import python_text
from pgflow.web.shape_rules import mistakes
from pgflow.web.shapes import from_model


@post("/flows/{slug}/edit/check", Edited, EditCheck, harmless=True)
async def check_edit(call: Call[Edited]) -> EditCheck:
    """What is wrong with an edited shape, or else what it means."""
    shape = from_model(call.slug, call.asked.shape)
    sides = await sides_of(call.site, call.slug)
    errors = mistakes(shape)
    known = sides.known
    return EditCheck(
        errors=errors,
        from_code=_changes(sides.in_code, shape),
        from_database=_changes(sides.in_database, shape),
        checksum=None if errors else shape.checksum,
        sql=[] if errors else compile_flow(shape),
        python=(
            ""
            if errors
            else python_text(shape, known.flow, known.handlers)
            if known
            else python_text(shape)
        ),
        apply=await _application(call.site, sides, shape),
    )


@post("/flows/{slug}/edit/apply", EditToApply, Applied)
async def apply_edit(call: Call[EditToApply]) -> Applied:
    """Brings an edited shape into the database, by the way that a worker takes at its start."""
    shape = from_model(call.slug, call.asked.shape)
    if found := mistakes(shape):
        raise InvalidInput(found[0].message)
    sides = await sides_of(call.site, call.slug)
    application = await _application(call.site, sides, shape)
    is_loss = application.action == "recreate" and application.runs > 0
    if application.action == "refuse" or (is_loss and not call.asked.accept_loss):
        diff = _diff(sides, shape)
        raise FlowConflict(
            f"flow '{call.slug}' was not changed: {application.message}", diff.structure
        )
    done = await _register(call.site, shape)
    return Applied(flow_slug=done.flow_slug, action=done.action, differences=done.differences)


async def _application(site: Playground, sides: TwoSides, shape: FlowShape) -> Application:
    action = _policy(site).decide(change_of(sides.in_database, _diff(sides, shape)))
    (counted,) = await site.database.fetch(definitions.count_runs(sides.slug))
    return Application(
        action=action.value,
        message=_consequence(action, Loss(sides.slug, counted.runs, counted.unfinished)),
        runs=counted.runs,
        unfinished=counted.unfinished,
    )


def _consequence(action: Action, loss: Loss) -> str | None:
    if action is Action.REFUSE:
        return (
            "this database does not take another structure. Use a new slug, or set "
            f"{ENVIRONMENT_VARIABLE}=local where its data may be lost"
        )
    if action is Action.RECREATE and loss.runs:
        return f"this drops {loss}, and creates it anew"
    return None


def _diff(sides: TwoSides, shape: FlowShape) -> ShapeDiff:
    return sides.in_database.diff(shape) if sides.in_database else ShapeDiff()


def _changes(before: FlowShape | None, shape: FlowShape) -> Differences | None:
    return differences_of(before.diff(shape)) if before else None


def _policy(site: Playground) -> Policy:
    return Policy.of(Environment.detect(), Config.load(), site.database_url)


async def _register(site: Playground, shape: FlowShape) -> Registration:
    async with connected(site.database_url) as connection:
        [done] = await register(connection, [_without_handlers(shape)], _policy(site))
    return done


def _without_handlers(shape: FlowShape) -> Flow[Any]:
    """A flow of that shape, for those who ask a flow for nothing else."""
    flow = Flow[Any](shape.slug, **given_options(shape.options))
    for step in shape.steps:
        sources = [flow.steps[slug] for slug in step.dependencies]
        declare: Any = flow.map if step.step_type == "map" else flow.step
        declare(*sources, **_settings(step))(_nothing)
    return flow


def _settings(step: StepShape) -> dict[str, Any]:
    patterns = {"when": step.when, "unless": step.unless}
    return {
        "slug": step.slug,
        **given_options(step.options),
        **{name: json.loads(text) for name, text in patterns.items() if text is not None},
        "when_unmet": step.when_unmet,
        "when_exhausted": step.when_exhausted,
    }


def _nothing(*outputs: Any) -> Any:
    return outputs


ENDPOINTS = (check_edit, apply_edit)
