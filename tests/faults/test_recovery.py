"""Workers that die or vanish: their tasks run elsewhere, soon, whatever their timeout is."""

from __future__ import annotations

from datetime import UTC, datetime
from statistics import median

import pytest

from pgflow.testing import PgflowDatabase
from tests.support.dying import until_silence_counts
from tests.support.engine import Engine
from tests.support.eventually import eventually
from tests.support.fault_flows import FOR_EVER
from tests.support.faulty_proxy import proxy_to
from tests.support.figures import Tell
from tests.support.network import cable
from tests.support.recoveries import holder_of, holders_of, joined, output_of, second_attempts
from tests.support.worker_process import Crew

# What is promised, and what is asserted on a machine that others use as well (seconds).
TYPICALLY, AT_MOST = 2.0, 5.0
LENIENCE = 2.0

pytestmark = pytest.mark.slow


def test_the_tasks_of_a_killed_worker_run_elsewhere_within_seconds(
    engine: Engine, crew: Crew, tell: Tell
) -> None:
    workers = [joined(crew) for _ in range(3)]
    until_silence_counts(engine)

    delays: list[float] = []
    for _ in range(8):
        run_id = engine.start("stuck", [{"stuck": 1}, {}])
        busy = holders_of(engine, workers, run_id)
        killed_at = datetime.now(UTC)
        for one in busy:
            one.kill()
        delays += [(at - killed_at).total_seconds() for at in second_attempts(engine, run_id)]
        workers = [one for one in workers if one not in busy] + [joined(crew) for _ in busy]

    tell(
        f"tasks of a killed worker run elsewhere after p50 {median(delays):.1f} s, "
        f"max {max(delays):.1f} s ({len(delays)} tasks, timeout {FOR_EVER} s)"
    )
    assert median(delays) <= TYPICALLY * LENIENCE
    assert max(delays) <= AT_MOST * LENIENCE


def test_the_tasks_of_a_paused_worker_run_elsewhere_within_fifteen_seconds(
    engine: Engine, crew: Crew, tell: Tell
) -> None:
    until_silence_counts(engine)
    busy = joined(crew)
    run_id = engine.start("stuck", [{"stuck": 1}])
    holder_of(engine, [busy], run_id)
    joined(crew)

    paused_at = datetime.now(UTC)
    busy.pause()
    delay = (max(second_attempts(engine, run_id)) - paused_at).total_seconds()
    busy.resume()

    tell(f"the tasks of a paused worker run elsewhere after {delay:.1f} s")
    assert delay <= 15 * LENIENCE
    assert output_of(engine, run_id) == {"on_the_loop": [2], "in_a_thread": [2]}
    eventually(lambda: busy.row["stopped_at"] is None)


def test_the_tasks_of_a_vanished_host_run_elsewhere_within_fifteen_seconds(
    engine: Engine, crew: Crew, pgflow_database: PgflowDatabase, tell: Tell
) -> None:
    with cable() as line:
        if line is None:
            pytest.skip("this takes root, `ip`, and a kernel that lets us make network namespaces")
        until_silence_counts(engine)
        with proxy_to(pgflow_database.dsn, line.address) as proxy:
            far = joined(crew, *line.wrapper, database_url=proxy.url)
            run_id = engine.start("stuck", [{"stuck": 1}])
            holder_of(engine, [far], run_id)
            joined(crew)

            pulled_at = datetime.now(UTC)
            line.pull()
            delay = (max(second_attempts(engine, run_id)) - pulled_at).total_seconds()

    tell(f"the tasks of a vanished host run elsewhere after {delay:.1f} s")
    assert delay <= 15 * LENIENCE


def test_a_lost_attempt_counts(engine: Engine, crew: Crew) -> None:
    until_silence_counts(engine)
    worker = joined(crew)
    run_id = engine.start("stuck", [{"stuck": 1}])

    holder_of(engine, [worker], run_id).kill()
    joined(crew)
    output_of(engine, run_id)

    for slug in ("on_the_loop", "in_a_thread"):
        task = engine.task(run_id, slug)
        assert (task["status"], task["attempts_count"]) == ("completed", 2)
        assert task["error_message"] == (
            "attempt 1 was lost: its worker died or held it beyond its time"
        )


def test_a_task_that_loses_all_its_attempts_fails_its_run(engine: Engine, crew: Crew) -> None:
    """A handler that kills its process does not do so for ever."""
    until_silence_counts(engine)
    worker = joined(crew)
    run_id = engine.start("stuck", [{"stuck": FOR_EVER}])
    for attempt in (1, 2, 3):
        holder_of(engine, [worker], run_id, attempt=attempt).kill()
        worker = joined(crew)

    eventually(lambda: engine.run(run_id)["status"] == "failed", within=60)

    assert engine.run(run_id)["error_message"] in (
        f"{slug}: attempt 3 was lost: its worker died or held it beyond its time"
        for slug in ("on_the_loop", "in_a_thread")
    )
