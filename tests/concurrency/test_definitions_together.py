"""Flows that many register at the same moment, as twenty workers do that are deployed together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import uuid4

import psycopg

from pgflow.testing import PgflowDatabase
from tests.support.engine import Engine
from tests.support.flow_spec import FlowSpec, single
from tests.support.rivals import Rival, all_at_once, until_blocked


def test_twenty_who_create_one_flow_create_one(
    engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    results = all_at_once(pgflow_database.dsn, [lambda e: _create(e, "orders")] * 20)

    assert not _errors(results)
    assert engine.value("select count(*) from pgflow.flows") == 1
    assert engine.value("select count(*) from pgmq.list_queues()") == 1


def test_twenty_who_create_a_flow_each_create_twenty(
    engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    slugs = [f"orders_{number}" for number in range(20)]

    results = all_at_once(pgflow_database.dsn, [lambda e, s=slug: _create(e, s) for slug in slugs])

    assert not _errors(results)
    queues = engine.rows("select queue_name from pgmq.list_queues()")
    assert {row["queue_name"] for row in queues} == set(slugs)


def test_twenty_who_add_a_step_each_add_twenty_in_some_order(
    engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    _create(engine, "orders")
    slugs = [f"step_{number}" for number in range(20)]

    results = all_at_once(
        pgflow_database.dsn, [lambda e, s=slug: e.add_step("orders", single(s)) for slug in slugs]
    )

    assert not _errors(results)
    steps = engine.rows("select step_slug, step_index from pgflow.steps order by step_index")
    assert [step["step_index"] for step in steps] == list(range(20))
    assert {step["step_slug"] for step in steps} == set(slugs)


def test_twenty_who_add_the_same_step_add_one(
    engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    _create(engine, "orders")
    engine.add_step("orders", single("first"))

    results = all_at_once(
        pgflow_database.dsn, [lambda e: e.add_step("orders", single("second", "first"))] * 20
    )

    assert not _errors(results)
    assert engine.value("select count(*) from pgflow.steps") == 2
    assert engine.value("select count(*) from pgflow.deps") == 1


def test_twenty_who_register_a_whole_flow_agree(
    engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    steps = (single("a"), single("b", "a"), single("c", "a"), single("d", "b", "c"))

    results = all_at_once(pgflow_database.dsn, [lambda e: e.define(FlowSpec(steps, "orders"))] * 20)

    assert not _errors(results)
    stored = engine.rows("select step_slug, step_index from pgflow.steps order by step_index")
    assert [step["step_slug"] for step in stored] == ["a", "b", "c", "d"]


def test_twenty_who_compile_a_flow_compile_it_once(
    engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    results = all_at_once(pgflow_database.dsn, [_compile] * 20)

    assert not _errors(results)
    assert sorted(str(answer) for answer in results) == ["compiled"] + ["verified"] * 19


def test_runs_that_start_while_their_flow_is_deleted_exist_whole_or_not_at_all(
    engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    engine.flow(single("work"))
    starts = [lambda e: [e.start() for _ in range(20)]] * 6
    deletes = [lambda e: e.do("select pgflow.delete_flow_and_data('flow')")]

    results = all_at_once(pgflow_database.dsn, [*starts, *deletes])

    refusals = _errors(results)
    assert {type(error) for error in refusals} <= {psycopg.errors.ForeignKeyViolation}
    assert engine.rows("select from pgflow.runs") == []
    assert engine.rows("select from pgflow.step_tasks") == []


def test_a_run_that_starts_while_a_step_is_added_has_that_step_or_not(
    engine: Engine, rival: Callable[[], Rival]
) -> None:
    engine.flow(single("first"))
    run_id = uuid4()
    other, starter = rival(), rival()
    other.begins(lambda e: e.start(run_id=run_id))
    start = starter.sends(lambda e: e.start(run_id=run_id))
    until_blocked(engine, starter, other)

    engine.add_step("flow", single("second", "first"))
    other.rolls_back()
    start.result()

    assert engine.run(run_id)["remaining_steps"] == len(engine.steps(run_id))
    engine.do("select pgflow.delete_flow_and_data('flow')")


def _create(engine: Engine, slug: str) -> None:
    engine.do("select pgflow.create_flow(%(slug)s)", slug=slug)


def _compile(engine: Engine) -> str:
    answer = engine.value(
        """select pgflow.ensure_flow_compiled('orders', jsonb_build_object('steps',
          jsonb_build_array(jsonb_build_object('slug', 'a', 'stepType', 'single', 'dependencies',
            '[]'::jsonb, 'whenUnmet', 'skip', 'whenExhausted', 'fail',
            'requiredInputPattern', '{"defined": false}'::jsonb,
            'forbiddenInputPattern', '{"defined": false}'::jsonb))))"""
    )
    return answer["status"]


def _errors(results: Sequence[object]) -> list[psycopg.Error]:
    return [result for result in results if isinstance(result, psycopg.Error)]
