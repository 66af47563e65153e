from __future__ import annotations

import pytest

from examples.forecast import answer, forecast
from pgflow import RunFailed
from pgflow.testing import PgflowDatabase, run_flow


def test_both_sources_are_averaged(pgflow_database: PgflowDatabase) -> None:
    run = run_flow(forecast, {"place": "Bergen"}, database=pgflow_database)

    assert run.output == {"answer": "12.0 degrees"}


def test_the_unreliable_source_may_fail(pgflow_database: PgflowDatabase) -> None:
    run = run_flow(forecast, {"place": "Oslo"}, database=pgflow_database)

    assert run.output == {"answer": "about 8 degrees"}
    assert [step.status for step in run.steps()] == ["completed", "skipped", "completed"]


def test_the_other_may_not(pgflow_database: PgflowDatabase) -> None:
    with pytest.raises(RunFailed, match="failed at step 'satellite'"):
        run_flow(forecast, {"place": "Rome"}, database=pgflow_database)


def test_the_answer_can_be_had_without_a_database() -> None:
    assert answer(10.0, 11.0) == "10.5 degrees"
