"""A bad state cannot be stored, and the error names the rule."""

from __future__ import annotations

from typing import LiteralString, TypeAlias
from uuid import UUID

import pytest

from tests.support.engine import Engine
from tests.support.flow_spec import map_over, single

RUN = UUID("00000000-0000-4000-8000-000000000001")

Rules: TypeAlias = "dict[str, LiteralString]"

# A statement that breaks exactly one rule, by the rule's name.
DEFINITION_RULES: Rules = {
    "slug_is_valid": "insert into pgflow.flows (flow_slug) values ('not-a-slug')",
    "opt_max_attempts_is_nonnegative": "update pgflow.flows set opt_max_attempts = -1",
    "opt_base_delay_is_nonnegative": "update pgflow.flows set opt_base_delay = -1",
    "opt_timeout_is_positive": "update pgflow.flows set opt_timeout = 0",
    "flows_pkey": "insert into pgflow.flows (flow_slug) values ('flow')",
    "steps_step_slug_check": """insert into pgflow.steps (flow_slug, step_slug, step_index)
        values ('flow', 'run', 9)""",
    "steps_step_type_check": "update pgflow.steps set step_type = 'loop' where step_slug = 'a'",
    "steps_flow_slug_fkey": """insert into pgflow.steps (flow_slug, step_slug, step_index)
        values ('nowhere', 'a', 9)""",
    "steps_flow_slug_step_index_key": """update pgflow.steps set step_index = 0
        where step_slug = 'b'""",
    "steps_pkey": """insert into pgflow.steps (flow_slug, step_slug, step_index)
        values ('flow', 'a', 9)""",
    "required_input_pattern_is_object": """update pgflow.steps set required_input_pattern = '[]'
        where step_slug = 'a'""",
    "forbidden_input_pattern_is_object": """update pgflow.steps set forbidden_input_pattern = '1'
        where step_slug = 'a'""",
    "when_unmet_is_valid": "update pgflow.steps set when_unmet = 'ignore' where step_slug = 'a'",
    "when_exhausted_is_valid": """update pgflow.steps set when_exhausted = 'ignore'
        where step_slug = 'a'""",
    "deps_check": """insert into pgflow.deps (flow_slug, dep_slug, step_slug)
        values ('flow', 'a', 'a')""",
    "deps_pkey": """insert into pgflow.deps (flow_slug, dep_slug, step_slug)
        values ('flow', 'a', 'b')""",
    "deps_flow_slug_dep_slug_fkey": """insert into pgflow.deps (flow_slug, dep_slug, step_slug)
        values ('flow', 'nowhere', 'b')""",
}

STEP_OPTION_RULES: Rules = {
    "opt_max_attempts_is_nonnegative": "update pgflow.steps set opt_max_attempts = -1",
    "opt_base_delay_is_nonnegative": "update pgflow.steps set opt_base_delay = -1",
    "opt_timeout_is_positive": "update pgflow.steps set opt_timeout = 0",
    "opt_start_delay_is_nonnegative": "update pgflow.steps set opt_start_delay = -1",
}

# Where `a` is started and `b` waits for it.
RUNTIME_RULES: Rules = {
    "runs_pkey": """insert into pgflow.runs (run_id, flow_slug, input)
        values ('00000000-0000-4000-8000-000000000001', 'flow', '{}')""",
    "step_states_pkey": """insert into pgflow.step_states (flow_slug, run_id, step_slug)
        values ('flow', '00000000-0000-4000-8000-000000000001', 'b')""",
    "step_tasks_pkey": """insert into pgflow.step_tasks (flow_slug, run_id, step_slug)
        values ('flow', '00000000-0000-4000-8000-000000000001', 'a')""",
    "status_and_remaining_tasks_match": """update pgflow.step_states
        set status = 'completed', remaining_tasks = 1, completed_at = now()
        where step_slug = 'a'""",
    "remaining_tasks_state_consistency": """update pgflow.step_states set remaining_tasks = 1
        where step_slug = 'b'""",
    "initial_tasks_known_when_started": """update pgflow.step_states
        set status = 'started', started_at = now(), remaining_tasks = 1, initial_tasks = null
        where step_slug = 'b'""",
    "output_only_for_completed_or_null": """update pgflow.step_states set output = '1'
        where step_slug = 'a'""",
    "skip_reason_matches_status": """update pgflow.step_states set skip_reason = 'condition_unmet'
        where step_slug = 'a'""",
    "valid_status": "update pgflow.step_tasks set status = 'lost'",
}

RUNTIME_CHECKS: tuple[LiteralString, ...] = (
    "update pgflow.runs set status = 'lost'",
    "update pgflow.runs set remaining_steps = -1",
    "update pgflow.runs set completed_at = started_at - interval '1 s'",
    "update pgflow.runs set failed_at = started_at - interval '1 s'",
    "update pgflow.runs set cancelled_at = started_at - interval '1 s'",
    "update pgflow.runs set completed_at = now(), failed_at = now()",
    "update pgflow.runs set failed_at = now(), cancelled_at = now()",
    "update pgflow.step_states set status = 'lost' where step_slug = 'a'",
    "update pgflow.step_states set remaining_deps = -1 where step_slug = 'a'",
    "update pgflow.step_states set initial_tasks = -1 where step_slug = 'a'",
    "update pgflow.step_states set started_at = created_at - interval '1 s' where step_slug = 'a'",
    "update pgflow.step_states set status = 'skipped', skip_reason = null where step_slug = 'b'",
    """update pgflow.step_states set completed_at = started_at, failed_at = started_at
       where step_slug = 'a'""",
    "update pgflow.step_tasks set attempts_count = -1",
    "update pgflow.step_tasks set output = '1'",
    "update pgflow.step_tasks set started_at = queued_at - interval '1 s'",
    """update pgflow.step_tasks set status = 'completed', started_at = queued_at,
       completed_at = queued_at - interval '1 s'""",
)


def broken_rules(engine: Engine, rules: Rules) -> dict[str, str | None]:
    return {rule: engine.error(statement).constraint_name for rule, statement in rules.items()}


def as_named(rules: Rules) -> dict[str, str]:
    return {rule: rule for rule in rules}


def test_definitions_are_guarded_by_named_rules(engine: Engine) -> None:
    engine.flow(single("a"), single("b", "a"))

    assert broken_rules(engine, DEFINITION_RULES) == as_named(DEFINITION_RULES)


def test_options_of_steps_are_guarded_by_named_rules(engine: Engine) -> None:
    engine.flow(single("a"), single("b", "a"))

    assert broken_rules(engine, STEP_OPTION_RULES) == as_named(STEP_OPTION_RULES)


def test_runs_are_guarded_by_named_rules(engine: Engine) -> None:
    engine.flow(single("a"), map_over("b", "a"))
    engine.start(run_id=RUN)

    assert broken_rules(engine, RUNTIME_RULES) == as_named(RUNTIME_RULES)


@pytest.fixture
def started_run(engine: Engine) -> UUID:
    engine.flow(single("a"), single("b", "a"))
    return engine.start(run_id=RUN)


@pytest.mark.parametrize("statement", RUNTIME_CHECKS)
def test_an_impossible_state_cannot_be_stored(
    engine: Engine, started_run: UUID, statement: LiteralString
) -> None:
    diagnosis = engine.error(statement)

    assert diagnosis.sqlstate == "23514"
    assert engine.run(started_run)["status"] == "started"


def test_a_worker_function_is_not_pinged_more_than_once_a_second(engine: Engine) -> None:
    diagnosis = engine.error(
        "insert into pgflow.worker_functions (function_name, debounce) values ('f', '0.5 seconds')"
    )

    assert diagnosis.sqlstate == "23514"
