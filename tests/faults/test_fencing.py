"""Who has lost a task can neither complete it nor leave anything behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pgflow.testing import PgflowDatabase
from tests.support.dying import until_silence_counts
from tests.support.engine import Engine
from tests.support.eventually import eventually
from tests.support.fault_flows import FOR_EVER
from tests.support.recoveries import joined, output_of
from tests.support.rivals import Rival, rivals_on
from tests.support.worker_process import Crew

pytestmark = pytest.mark.slow


@pytest.fixture
def gatekeeper(pgflow_database: PgflowDatabase, engine: Engine) -> Iterator[Rival]:
    """Keeps the handlers of `paying` waiting in their transaction."""
    with rivals_on(pgflow_database.dsn) as join:
        rival = join()
        rival.begins(lambda e: e.do("select pg_advisory_xact_lock(7, 7)"))
        yield rival


# With a short timeout the lease runs out, with a long one the heartbeat fails to come.
@pytest.mark.parametrize("timeout", [2, FOR_EVER])
def test_a_worker_that_comes_back_from_a_pause_has_its_work_undone(
    engine: Engine, crew: Crew, gatekeeper: Rival, timeout: int
) -> None:
    paused = joined(crew)
    _set_timeout(engine, timeout)
    until_silence_counts(engine)
    run_id = engine.start("paying", {"stuck": 1, "note": "rent"})
    _until_waiting(engine)
    _set_timeout(engine, FOR_EVER)

    paused.pause()
    joined(crew)
    assert output_of(engine, run_id) == {"pay": "paid in attempt 2"}
    paused.resume()
    gatekeeper.commits()
    eventually(lambda: not _is_in_transaction(engine))

    assert [row["attempt"] for row in _effects(engine)] == [2]
    assert engine.task(run_id, "pay")["attempts_count"] == 2


def test_a_worker_that_comes_back_too_early_does_not_end_the_attempt_of_another(
    engine: Engine, crew: Crew, gatekeeper: Rival
) -> None:
    """The task is in other hands, and not yet done: a late completion must not count for it."""
    paused = joined(crew)
    until_silence_counts(engine)
    run_id = engine.start("paying_in_a_thread", {"stuck": 1, "slow": 2})
    _until_waiting(engine)

    paused.pause()
    joined(crew)
    eventually(lambda: engine.task(run_id, "pay")["attempts_count"] == 2, within=60)
    gatekeeper.commits()
    paused.resume()
    eventually(lambda: "rolled back" in paused.output, within=60)
    second = engine.task(run_id, "pay")

    assert (second["status"], second["attempts_count"]) == ("started", 2)
    assert output_of(engine, run_id) == {"pay": "paid in attempt 2"}
    assert [row["attempt"] for row in _effects(engine)] == [2]


def test_a_worker_that_lost_a_task_is_told_and_works_on(
    engine: Engine, crew: Crew, gatekeeper: Rival
) -> None:
    worker = joined(crew)
    run_id = engine.start("paying", {"stuck": 1})
    _until_waiting(engine)

    engine.cancel(run_id)
    eventually(lambda: not _is_in_transaction(engine))
    gatekeeper.commits()

    assert output_of(engine, engine.start("paying", {})) == {"pay": "paid in attempt 1"}
    assert worker.is_alive
    assert len(_effects(engine)) == 1


def test_what_a_killed_worker_had_begun_is_undone(
    engine: Engine, crew: Crew, gatekeeper: Rival
) -> None:
    killed = joined(crew)
    until_silence_counts(engine)
    run_id = engine.start("paying", {"stuck": 1})
    _until_waiting(engine)

    killed.kill()
    joined(crew)
    output = output_of(engine, run_id)
    gatekeeper.commits()

    assert output == {"pay": "paid in attempt 2"}
    eventually(lambda: not _is_in_transaction(engine))
    assert [row["attempt"] for row in _effects(engine)] == [2]


def _set_timeout(engine: Engine, seconds: int) -> None:
    engine.do(
        "update pgflow.flows set opt_timeout = %(seconds)s where flow_slug = 'paying'",
        seconds=seconds,
    )


_HANDLERS = "datname = current_database() and application_name like 'pgflow handlers %%'"


def _until_waiting(engine: Engine) -> None:
    """Wait until a handler stands before the gate, its writing done and not committed."""
    query = f"select from pg_stat_activity where {_HANDLERS} and wait_event = 'advisory'"
    eventually(lambda: engine.rows(query), within=60)


def _is_in_transaction(engine: Engine) -> bool:
    query = f"select from pg_stat_activity where {_HANDLERS} and xact_start is not null"
    return bool(engine.rows(query))


def _effects(engine: Engine) -> list[dict[str, object]]:
    return engine.rows("select attempt from effects order by attempt")
