"""Everybody does everything at once; nobody deadlocks, and what is left makes sense."""

from __future__ import annotations

import time

import pytest

from pgflow.testing import PgflowDatabase
from tests.support import soak
from tests.support.engine import Engine, Row
from tests.support.figures import Tell
from tests.support.hostility import FLOWS, everybody_acts, was_lost
from tests.support.outcomes import Outcome, completed, lost

SECONDS = 20.0


@pytest.mark.slow
def test_hostile_load_neither_deadlocks_nor_leaves_a_contradiction(
    engine: Engine, pgflow_database: PgflowDatabase, tell: Tell
) -> None:
    for flow in FLOWS:
        engine.define(flow)
    seed = soak.seed()

    toll = everybody_acts(
        pgflow_database.dsn, actors=12, seconds=soak.duration(seconds=SECONDS), seed=seed
    )

    tell(f"hostile load, seed {seed}: {toll}")
    assert not toll.troubles, f"seed {seed}\n" + "\n".join(toll.troubles)
    assert sum(toll.done.values()) > 1000
    _finish(engine)


def _finish(engine: Engine) -> None:
    """Work until every run has ended; a run that never ends is one that hangs."""
    worker = engine.worker()
    slugs = [flow.slug for flow in FLOWS]
    deadline = time.monotonic() + 60
    while engine.rows("select from pgflow.runs where status = 'started'"):
        assert time.monotonic() < deadline, "runs hang"
        engine.advance(10)
        claimed = engine.claim(worker, *slugs)
        engine.report(worker, *[_ending(task) for task in claimed])


def _ending(task: Row) -> Outcome:
    return lost(task) if was_lost(task) else completed(task, [1])
