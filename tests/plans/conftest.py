from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import LiteralString

import pytest

from pgflow.testing import PgflowDatabase
from tests.plans.readings import Crowd
from tests.support.engine import Engine
from tests.support.flow_spec import StepSpec

HISTORY = Path(__file__).parent / "history.sql"
FINISHED = 4000
DELAYED = 2000
STEPS = 30


@pytest.fixture(params=["never analysed", "analysed when empty", "analysed"])
def crowd(pgflow_database: PgflowDatabase, request: pytest.FixtureRequest) -> Iterator[Crowd]:
    """A database with a past, a queue full of delayed messages, and a long flow."""
    with closing(Engine.connect(pgflow_database.dsn)) as engine:
        _settle(engine, request.param)
        yield Crowd(engine)


def _settle(engine: Engine, statistics: str) -> None:
    # Nobody's statistics but the ones that the test means.
    for table in ("pgflow.runs", "pgflow.step_states", "pgflow.step_tasks", "pgflow.steps"):
        _alter(engine, table)
    engine.flow(StepSpec("full_name"), StepSpec("greeting", ("full_name",)), slug="hello")
    _define_chain(engine)
    for table in ("pgmq.q_hello", "pgmq.a_hello", "pgmq.q_chain", "pgmq.a_chain"):
        _alter(engine, table)
    if statistics == "analysed when empty":
        engine.do("analyze")
    _store_history(engine)
    engine.do(
        """select count(*) from pgflow.start_flows('hello',
          (select jsonb_agg('{}'::jsonb) from generate_series(1, %(count)s::int)),
          delay => '1 hour')""",
        count=DELAYED,
    )
    if statistics == "analysed":
        engine.do("analyze")


def _alter(engine: Engine, table: LiteralString) -> None:
    engine.connection.execute(f"alter table {table} set (autovacuum_enabled = false)")


def _define_chain(engine: Engine) -> None:
    """A flow of many steps, each of which waits for the one before."""
    slugs = [f"step_{number}" for number in range(STEPS)]
    steps = [StepSpec(slugs[0])]
    steps += [StepSpec(slug, (before,)) for before, slug in pairwise(slugs)]
    engine.flow(*steps, slug="chain")


def _store_history(engine: Engine) -> None:
    engine.connection.execute(HISTORY.read_bytes(), {"count": FINISHED})
