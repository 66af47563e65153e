"""A sound database shows nothing; every way to break it shows the rule that is broken."""

from __future__ import annotations

from typing import LiteralString
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings

from tests.support.engine import Engine, Row
from tests.support.flow_spec import FlowSpec, StepSpec
from tests.support.player import Player
from tests.support.scripts import Action, Script, flows, scripts

BREAKS: dict[str, LiteralString] = {
    "a run has a state for each step of its flow": (
        "delete from pgflow.step_states where step_slug = 'last'"
    ),
    "a run counts its remaining steps": "update pgflow.runs set remaining_steps = 7",
    "a run that has ended has no open step": (
        "update pgflow.runs set status = 'failed', failed_at = now()"
    ),
    "a run in progress has an open step": (
        "update pgflow.step_states set status = 'cancelled' where status in ('created', 'started')"
    ),
    "a step counts its unfinished dependencies": (
        "update pgflow.step_states set remaining_deps = 3 where step_slug = 'last'"
    ),
    "a step that waits for nothing is started": (
        "update pgflow.step_states set remaining_deps = 0 where step_slug = 'last'"
    ),
    "a step without a start has no tasks": (
        "update pgflow.step_tasks set step_slug = 'last' where task_index = 2"
    ),
    "a started step has all its tasks": "delete from pgflow.step_tasks where task_index = 1",
    "a started step counts its remaining tasks": (
        "update pgflow.step_states set remaining_tasks = 9 where status = 'started'"
    ),
    "a started step has a remaining task": (
        "update pgflow.step_tasks set status = 'completed', lease_expires_at = null"
    ),
    "a started step has open tasks only beside completed ones": (
        "update pgflow.step_tasks set status = 'failed' where task_index = 2"
    ),
    "a step that is not started has no open task": (
        "update pgflow.step_states set status = 'completed', remaining_tasks = 0"
        " where step_slug = 'many'"
    ),
    "a task belongs to a step": (
        "update pgflow.step_tasks set step_slug = 'gone' where task_index = 1"
    ),
    "a task is one of those that its step has": (
        "update pgflow.step_tasks set task_index = 8 where task_index = 1"
    ),
    "a task that was worked on has had an attempt": (
        "update pgflow.step_tasks set attempts_count = 0 where task_index = 1"
    ),
    "a flow has its queue": "drop table pgmq.q_flow",
    "an open task has its message": "delete from pgmq.q_flow where msg_id = 3",
    "a message has its open task": "insert into pgmq.q_flow (vt, message) values (now(), '{}')",
}


def broken(engine: Engine) -> list[Row]:
    return engine.rows("select * from pgflow.check_invariants()")


@pytest.fixture
def run_id(engine: Engine) -> UUID:
    """A run in the middle of its work: one task done, one being worked on, one queued."""
    engine.flow(StepSpec("many", step_type="map"), StepSpec("last", deps=("many",)))
    run_id = engine.start("flow", [1, 2, 3])
    engine.start_tasks(engine.worker(), "flow", [1, 2])
    engine.complete(run_id, "many", "done")
    return run_id


def test_a_run_in_progress_breaks_nothing(engine: Engine, run_id: UUID) -> None:
    assert broken(engine) == []


@pytest.mark.parametrize("rule", BREAKS)
def test_a_broken_rule_is_told(engine: Engine, run_id: UUID, rule: str) -> None:
    engine.do(BREAKS[rule])

    found = {row["invariant"]: row["detail"] for row in broken(engine)}

    assert rule in found
    assert "flow" in found[rule] or str(run_id) in found[rule]


def test_every_rule_is_broken_by_a_test(engine: Engine) -> None:
    rules = engine.rows(
        r"""select (regexp_matches(prosrc, '\(''(a[n]? [^'']+)'',', 'g'))[1] as rule from pg_proc
        where pronamespace = 'pgflow'::regnamespace and proname like '\_check\_%%'"""
    )

    assert {row["rule"] for row in rules} <= set(BREAKS)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(flow=flows(max_steps=6), script=scripts(min_size=1, max_size=20))
def test_no_action_breaks_a_rule(engine: Engine, flow: FlowSpec, script: Script) -> None:
    player = Watchful(engine, flow, strict=False)

    player.play(script)

    assert broken(engine) == []


class Watchful(Player):
    """Looks for broken rules after every action."""

    def perform(self, action: Action) -> None:
        super().perform(action)
        assert broken(self.engine) == []


def test_stepping_through_a_run_breaks_nothing(engine: Engine, run_id: UUID) -> None:
    engine.do("select pgflow.pause_run(%(id)s)", id=run_id)
    engine.complete(run_id, "many", index=1)
    engine.finish(run_id, "many")
    engine.start_tasks(engine.worker(), "flow", [3])
    engine.complete(run_id, "many", index=2)

    assert engine.statuses(run_id) == {"many": "completed", "last": "created"}
    assert broken(engine) == []


def test_an_output_put_into_the_place_of_a_skipped_one_breaks_nothing(engine: Engine) -> None:
    engine.flow(StepSpec("asked", required={"please": True}), StepSpec("last", deps=("asked",)))
    run_id = engine.start("flow", {})

    engine.do("""select pgflow.rerun_from_step(%(id)s, 'last', '{"asked": "given"}')""", id=run_id)

    assert broken(engine) == []
