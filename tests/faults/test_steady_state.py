"""What stays the same however long it goes on: the worker's memory, the cost of a claim."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg import IsolationLevel

from pgflow.testing import PgflowDatabase
from tests.support.engine import Engine
from tests.support.eventually import eventually
from tests.support.figures import Tell
from tests.support.flow_spec import single
from tests.support.outcomes import completed
from tests.support.recoveries import joined
from tests.support.worker_process import Crew

pytestmark = pytest.mark.slow

# Two tasks a run.
WARM_UP, STREAM = 5_000, 20_000
# Arenas and buffers settle late; what grows with the tasks would be much more (bytes).
SLACK = 12 * 1024**2


def test_a_worker_does_not_grow_under_a_long_stream_of_tasks(
    engine: Engine, crew: Crew, tell: Tell
) -> None:
    worker = joined(crew, concurrency=32)
    _do_nothing(engine, WARM_UP)
    before = worker.memory

    _do_nothing(engine, STREAM)

    grown = worker.memory - before
    tell(f"a worker grew by {grown / 1024**2:.1f} MiB over {2 * STREAM} tasks")
    assert grown < SLACK


def test_a_long_transaction_costs_a_claim_no_more_than_postgres_forces(
    engine: Engine, pgflow_database: PgflowDatabase, tell: Tell
) -> None:
    """Whatever was deleted stays in the way while somebody may still want to see it."""
    engine.flow(single("work"))
    # Nobody cleans up but the test.
    engine.do("alter table pgmq.q_flow set (autovacuum_enabled = false)")
    worker = engine.worker()
    _pass_through(engine, worker, 200)
    at_first = _buffers_of_a_claim(engine, worker)

    with pgflow_database.connect() as reader:
        reader.isolation_level = IsolationLevel.REPEATABLE_READ
        reader.execute("select count(*) from pgflow.runs")
        dead = 3000
        _pass_through(engine, worker, dead)
        meanwhile = _buffers_of_a_claim(engine, worker)
    engine.do("vacuum pgmq.q_flow")
    afterwards = _buffers_of_a_claim(engine, worker)

    tell(
        f"a claim touches {at_first} buffers, {meanwhile} beside a transaction that saw {dead} "
        f"messages go ({(meanwhile - at_first) / dead:.2f} for each), {afterwards} after it"
    )
    # A dead message is an entry of an index and a row behind it.
    assert meanwhile - at_first < 2.5 * dead
    assert afterwards < 2 * at_first


def _do_nothing(engine: Engine, runs: int) -> None:
    for _ in range(runs // 1000):
        engine.do(
            """select count(*) from pgflow.start_flows(
              'idle', (select jsonb_agg(i) from generate_series(1, 1000) as i))"""
        )
    eventually(lambda: not engine.rows(_OPEN), within=240)


_OPEN = "select from pgflow.runs where status = 'started' limit 1"


def _pass_through(engine: Engine, worker: Any, runs: int) -> None:
    """Start so many runs and complete them, in batches."""
    engine.do(
        """select count(*) from pgflow.start_flows(
          'flow', (select jsonb_agg(i) from generate_series(1, %(runs)s::int) as i))""",
        runs=runs,
    )
    tasks: list[Any] = engine.claim(worker)
    while tasks:
        tasks, _ = engine.report_and_claim(worker, [completed(t) for t in tasks], ["flow"], 100)


def _buffers_of_a_claim(engine: Engine, worker: Any) -> int:
    """How many pages a claim of ten looks at."""
    _pass_through(engine, worker, 1)
    engine.do("begin")
    for _ in range(10):
        engine.start()
    plan = engine.value(
        """explain (analyze, buffers, format json)
          select * from pgflow.claim_tasks(%(worker)s, '{flow}', 10)""",
        worker=worker,
    )[0]["Plan"]
    engine.do("rollback")
    assert plan["Actual Rows"] == 10
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
