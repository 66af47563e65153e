"""A hot call reads what it works on, whatever else is stored, and whatever the statistics say.

The bounds are some three times what is read today: a call that scans reads thousands.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import LiteralString

import pytest

from tests.plans.readings import Crowd, Reading
from tests.support.engine import Row
from tests.support.outcomes import Attempt, Completed, Failed

TASKS = 10
ROWS_OF_A_CALL, ROWS_OF_A_TASK = 20, 60
PAGES_OF_A_CALL, PAGES_OF_A_TASK = 800, 300

EXCHANGE: LiteralString = """select * from pgflow.report_and_claim(
  %(worker)s, %(outcomes)s::jsonb, array[%(flow)s], %(quantity)s)"""
START: LiteralString = """select * from pgflow.start_flows(
  %(flow)s, (select jsonb_agg('{}'::jsonb) from generate_series(1, %(count)s::int)))"""
TRACE: LiteralString = "select * from pgflow.trace_runs(%(ids)s::uuid[], %(carriers)s::jsonb)"

pytestmark = pytest.mark.slow
both_flows = pytest.mark.parametrize("flow", ["hello", "chain"])


@both_flows
def test_a_claim_reads_the_tasks_that_it_claims(crowd: Crowd, flow: str) -> None:
    crowd.engine.do(START, flow=flow, count=TASKS)

    reading = read_by_exchange(crowd, flow, [], quantity=TASKS)

    assert_in_bounds(reading, TASKS)


@both_flows
def test_a_report_reads_the_tasks_that_have_ended_and_the_steps_behind_them(
    crowd: Crowd, flow: str
) -> None:
    outcomes = [Completed(**identity(task)) for task in claimed(crowd, flow)]

    reading = read_by_exchange(crowd, flow, outcomes, quantity=TASKS)

    assert_in_bounds(reading, TASKS)


@both_flows
def test_a_report_of_failures_reads_the_tasks_that_have_failed(crowd: Crowd, flow: str) -> None:
    outcomes = [Failed(**identity(task), error="boom") for task in claimed(crowd, flow)]

    reading = read_by_exchange(crowd, flow, outcomes, quantity=0)

    assert_in_bounds(reading, TASKS)


def test_a_claim_that_finds_nothing_reads_next_to_nothing(crowd: Crowd) -> None:
    reading = read_by_exchange(crowd, "hello", [], quantity=TASKS)

    assert_in_bounds(reading, 0)


def test_starting_runs_reads_their_steps(crowd: Crowd) -> None:
    reading = crowd.read_by(START, flow="hello", count=TASKS)

    assert_in_bounds(reading, TASKS)


def test_falling_asleep_reads_next_to_nothing(crowd: Crowd) -> None:
    reading = crowd.read_by("select * from pgflow.idle_status(array['hello', 'chain'])")

    assert_in_bounds(reading, 0)


def test_a_heartbeat_reads_what_its_worker_holds(crowd: Crowd) -> None:
    held = [Completed(**identity(task)).wire() for task in claimed(crowd, "hello")]

    reading = crowd.read_by(
        "select * from pgflow.heartbeat(%(worker)s, %(held)s::jsonb)",
        worker=crowd.worker_id,
        held=json.dumps(held),
    )

    assert_in_bounds(reading, TASKS)


@both_flows
def test_tracing_reads_the_runs_that_it_is_about(crowd: Crowd, flow: str) -> None:
    tasks = claimed(crowd, flow)
    run_ids = [task["run_id"] for task in tasks]
    carriers = json.dumps([{}] * TASKS)

    traced = crowd.read_by(TRACE, ids=run_ids, carriers=carriers)
    crowd.exchange(flow, [Completed(**identity(task)) for task in tasks], quantity=0)
    collected = crowd.read_by("select * from pgflow.collect_spans(%(ids)s::uuid[])", ids=run_ids)

    assert_in_bounds(traced, TASKS)
    assert_in_bounds(collected, TASKS)


def claimed(crowd: Crowd, flow: str) -> list[Row]:
    crowd.engine.do(START, flow=flow, count=TASKS)
    tasks = crowd.exchange(flow, quantity=TASKS)
    assert len(tasks) == TASKS
    return tasks


def identity(task: Row) -> Row:
    return {key: task[key] for key in ("run_id", "step_slug", "task_index", "attempt")}


def read_by_exchange(
    crowd: Crowd, flow: str, outcomes: Sequence[Attempt], *, quantity: int
) -> Reading:
    return crowd.read_by(
        EXCHANGE,
        worker=crowd.worker_id,
        outcomes=json.dumps([outcome.wire() for outcome in outcomes]),
        flow=flow,
        quantity=quantity,
    )


def assert_in_bounds(reading: Reading, tasks: int) -> None:
    bounds = Reading(
        ROWS_OF_A_CALL + tasks * ROWS_OF_A_TASK, PAGES_OF_A_CALL + tasks * PAGES_OF_A_TASK
    )
    assert reading.rows <= bounds.rows
    assert reading.pages <= bounds.pages
