from __future__ import annotations

import pytest

from pgflow import Flow, RetryAfter, RunFailed, current_task
from pgflow.testing import PgflowDatabase, run_flow, run_flow_async
from tests.support.greeting import ALICE, greet_user


def test_a_run_is_worked_on_until_it_has_ended(pgflow_database: PgflowDatabase) -> None:
    run = run_flow(greet_user, ALICE, database=pgflow_database)

    assert run.status == "completed"
    assert run.output == {"greeting": "Hello, Alice Smith!"}


async def test_the_async_twin_gives_an_async_run(pgflow_database: PgflowDatabase) -> None:
    run = await run_flow_async(greet_user, ALICE, database=pgflow_database)

    assert [step.status for step in await run.steps()] == ["completed", "completed"]


def test_retries_fall_due_at_once(pgflow_database: PgflowDatabase) -> None:
    flaky = Flow("flaky", max_attempts=3, base_delay=1000)

    @flaky.step()
    def answer() -> int:
        attempt = current_task().attempt
        if attempt == 1:
            raise ConnectionError
        if attempt == 2:
            raise RetryAfter(3000)
        return attempt

    run = run_flow(flaky, None, database=pgflow_database)

    assert run.output == {"answer": 3}


def test_start_delays_fall_due_at_once(pgflow_database: PgflowDatabase) -> None:
    late = Flow("late")

    @late.step(start_delay=86_400)
    def tomorrow() -> str:
        return "today"

    run = run_flow(late, None, database=pgflow_database)

    assert run.output == {"tomorrow": "today"}


def test_a_run_that_fails_raises(pgflow_database: PgflowDatabase) -> None:
    with pytest.raises(RunFailed, match="at step 'pay': ValueError: no money"):
        run_flow(broke, None, database=pgflow_database)


def test_a_failure_can_be_looked_at(pgflow_database: PgflowDatabase) -> None:
    run = run_flow(broke, None, database=pgflow_database, allow_failure=True)

    assert (run.status, run.error_message) == ("failed", "pay: ValueError: no money")


def test_a_flow_can_change_between_runs(pgflow_database: PgflowDatabase) -> None:
    run_flow(broke, None, database=pgflow_database, allow_failure=True)
    mended = Flow("broke")

    @mended.step()
    def collect() -> int:
        return 1

    run = run_flow(mended, None, database=pgflow_database)

    assert run.output == {"collect": 1}


broke = Flow("broke", max_attempts=1)


@broke.step()
def pay() -> None:
    raise ValueError("no money")
