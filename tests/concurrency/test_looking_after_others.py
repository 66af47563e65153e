"""Those who look after other workers' tasks, beside workers that go on working."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Future
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from pgflow.testing import PgflowDatabase
from tests.support.dying import beat, enlist, fall_silent, recover, until_silence_counts
from tests.support.engine import Engine
from tests.support.flow_spec import map_over, single
from tests.support.outcomes import completed
from tests.support.rivals import Rival, all_at_once, see_off, until_blocked

Join = Callable[[], Rival]


def test_an_attempt_that_began_meanwhile_is_not_requeued_as_stalled(
    engine: Engine, rival: Join
) -> None:
    engine.flow(single("work"))
    run_id = engine.start()
    engine.claim(engine.worker())
    holder, requeue = _requeue_held_up(engine, rival)

    (again,) = engine.claim(worker := engine.worker())
    holder.commits()

    assert requeue.result() == 0
    assert engine.report(worker, completed(again)) == []
    assert engine.task(run_id, "work")["requeued_count"] == 0


def test_an_attempt_that_began_meanwhile_does_not_fail_as_hopeless(
    engine: Engine, rival: Join
) -> None:
    engine.flow(single("work"))
    run_id = engine.start()
    engine.claim(engine.worker())
    engine.do("update pgflow.step_tasks set requeued_count = 3")
    holder, requeue = _requeue_held_up(engine, rival)

    (again,) = engine.claim(worker := engine.worker())
    holder.commits()

    assert requeue.result() == 0
    assert engine.report(worker, completed(again)) == []
    assert engine.run(run_id)["status"] == "completed"
    assert engine.task(run_id, "work")["permanently_stalled_at"] is None


def test_stalled_tasks_go_back_once_however_many_look_for_them(
    engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    engine.flow(map_over("work"))
    run_id = engine.start(run_input=list(range(50)))
    engine.claim(engine.worker())
    engine.advance(100)

    counts = all_at_once(
        pgflow_database.dsn,
        [lambda e: e.value("select pgflow.requeue_stalled_tasks()")] * 8,
    )

    assert sum(count for count in counts if not isinstance(count, psycopg.Error)) == 50
    assert {task["requeued_count"] for task in engine.tasks(run_id).values()} == {1}


@pytest.mark.slow
def test_a_dead_worker_is_recovered_once_however_many_look_for_it(
    engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    engine.flow(map_over("work"))
    run_id = engine.start(run_input=list(range(50)))
    dead = enlist(engine)
    engine.claim(dead)
    fall_silent(engine, dead)

    counts = all_at_once(pgflow_database.dsn, [recover] * 8)

    assert sorted(counts, key=str) == [0] * 7 + [50]
    tasks = engine.tasks(run_id).values()
    assert {(task["status"], task["attempts_count"]) for task in tasks} == {("queued", 1)}


@pytest.mark.slow
def test_a_report_in_flight_counts_before_its_worker_is_given_up(
    engine: Engine, rival: Join
) -> None:
    engine.flow(single("work"))
    run_id = engine.start()
    (task,) = engine.claim(slow := enlist(engine))
    fall_silent(engine, slow)
    reporter, helper = rival(), rival()
    reporter.begins(lambda e: e.report(slow, completed(task, "in time")))

    rescue = helper.sends(recover)
    until_blocked(engine, helper, reporter)
    reporter.commits()

    rescue.result()
    assert engine.run(run_id)["output"] == {"work": "in time"}


@pytest.mark.slow
def test_a_worker_that_was_away_itself_does_not_judge_the_others(engine: Engine) -> None:
    """As after a stall of the server: every heartbeat is late, and one of them comes first."""
    engine.flow(single("work"))
    run_id = engine.start()
    one, other = enlist(engine), enlist(engine)
    engine.claim(other)
    until_silence_counts(engine)
    engine.advance(20)

    beat(engine, one)
    beat(engine, other)
    beat(engine, one)

    task = engine.task(run_id, "work")
    assert (task["status"], task["attempts_count"]) == ("started", 1)


@pytest.mark.slow
def test_who_is_regular_judges_those_who_are_silent(engine: Engine) -> None:
    run_id, one = _beside_a_silent_holder(engine)

    beat(engine, one)

    task = engine.task(run_id, "work")
    assert (task["status"], task["attempts_count"]) == ("queued", 1)
    assert task["error_message"] == (
        "attempt 1 was lost: its worker died or held it beyond its time"
    )


@pytest.mark.slow
def test_a_run_in_somebodys_long_transaction_silences_no_heartbeat(
    engine: Engine, rival: Join
) -> None:
    run_id, one = _beside_a_silent_holder(engine)
    holder = rival()
    holder.begins(lambda e: e.do("select from pgflow.runs for no key update"))

    assert beat(engine, one) == {"deprecated": False, "lost": []}
    assert engine.task(run_id, "work")["status"] == "started"
    holder.commits()
    beat(engine, one)

    assert engine.task(run_id, "work")["status"] == "queued"


@pytest.mark.slow
def test_a_run_in_somebodys_long_transaction_keeps_nobody_elses_tasks(
    engine: Engine, rival: Join
) -> None:
    run_id, one = _beside_a_silent_holder(engine)
    other_run = _held_as_well(engine)
    holder = rival()
    holder.begins(
        lambda e: e.do("select from pgflow.runs where run_id = %(id)s for update", id=run_id)
    )

    beat(engine, one)
    assert _statuses(engine, run_id, other_run) == ["started", "queued"]
    holder.commits()
    beat(engine, one)

    assert _statuses(engine, run_id, other_run) == ["queued", "queued"]


@pytest.mark.slow
def test_a_run_that_cannot_be_carried_on_keeps_nobody_elses_tasks(engine: Engine) -> None:
    run_id, one = _beside_a_silent_holder(engine)
    other_run = _held_as_well(engine)
    broken = sql.SQL(
        """alter table pgflow.step_tasks add constraint broken
        check (status <> 'queued' or run_id <> {}) not valid"""
    )
    engine.do(broken.format(run_id))

    beat(engine, one)
    assert _statuses(engine, run_id, other_run) == ["started", "queued"]
    engine.do("alter table pgflow.step_tasks drop constraint broken")
    beat(engine, one)

    assert _statuses(engine, run_id, other_run) == ["queued", "queued"]


@pytest.mark.slow
def test_a_run_that_cannot_be_carried_on_silences_no_heartbeat(engine: Engine) -> None:
    run_id, one = _beside_a_silent_holder(engine)
    engine.do(
        "alter table pgflow.step_tasks add constraint broken check (status <> 'queued') not valid"
    )

    assert beat(engine, one) == {"deprecated": False, "lost": []}
    engine.do("alter table pgflow.step_tasks drop constraint broken")
    beat(engine, one)

    assert engine.task(run_id, "work")["status"] == "queued"


@pytest.mark.parametrize("claims_first", [True, False])
@pytest.mark.slow
def test_who_was_given_up_and_comes_back_holds_nothing(engine: Engine, claims_first: bool) -> None:
    engine.flow(single("work"))
    engine.start()
    (task,) = engine.claim(paused := enlist(engine))
    fall_silent(engine, paused)
    recover(engine)
    if claims_first:
        engine.claim(engine.worker())

    held = [
        {name: str(task[name]) for name in ("run_id", "step_slug")}
        | {"task_index": 0, "attempt": 1}
    ]
    answer = beat(engine, paused, json.dumps(held))

    assert answer == {"deprecated": False, "lost": held}
    assert len(engine.report(paused, completed(task))) == 1


@pytest.mark.slow
def test_a_worker_takes_over_its_lock_when_an_old_connection_of_its_own_ends(
    engine: Engine, rival: Join
) -> None:
    """The server may notice late that a connection is dead, and holds its lock until then."""
    engine.flow(single("work"))
    run_id = engine.start()
    worker = enlist(engine)
    engine.claim(worker)
    old, new = rival(), rival()
    old.does(lambda e: _hold_lock(e, worker))
    new.does(lambda e: _hold_lock(e, worker))

    see_off(engine, old)
    new.does(lambda e: beat(e, worker))
    fall_silent(engine, worker, seconds=4)
    recover(engine)

    assert engine.task(run_id, "work")["status"] == "started"


@pytest.mark.slow
def test_a_worker_whose_lock_is_free_is_given_up_before_its_silence_is_long(
    engine: Engine, rival: Join
) -> None:
    engine.flow(single("work"))
    run_id = engine.start()
    worker = enlist(engine)
    engine.claim(worker)
    connection = rival()
    connection.does(lambda e: _hold_lock(e, worker))
    fall_silent(engine, worker, seconds=4)
    assert recover(engine) == 0

    see_off(engine, connection)

    assert recover(engine) == 1
    assert engine.task(run_id, "work")["status"] == "queued"


def _requeue_held_up(engine: Engine, rival: Join) -> tuple[Rival, Future[int]]:
    """An operator requeues what has stalled, and waits for somebody who holds the runs."""
    engine.advance(100)
    holder, operator = rival(), rival()
    holder.begins(lambda e: e.do("select from pgflow.runs for no key update"))
    requeue = operator.sends(lambda e: e.value("select pgflow.requeue_stalled_tasks()"))
    until_blocked(engine, operator, holder)
    return holder, requeue


def _beside_a_silent_holder(engine: Engine) -> tuple[UUID, UUID]:
    """A run whose task is held by a worker that has fallen silent, and a worker that has not."""
    until_silence_counts(engine)
    engine.flow(single("work"))
    run_id = engine.start()
    one, other = enlist(engine), enlist(engine)
    engine.claim(other)
    fall_silent(engine, other)
    return run_id, one


def _hold_lock(engine: Engine, worker: UUID) -> None:
    engine.do("select pgflow.hold_worker_lock(%(id)s)", id=worker)


def _held_as_well(engine: Engine) -> UUID:
    """A second run, whose task is held by a second worker that has fallen silent."""
    run_id = engine.start()
    engine.claim(silent := enlist(engine))
    fall_silent(engine, silent)
    return run_id


def _statuses(engine: Engine, *run_ids: UUID) -> list[str]:
    return [engine.task(run_id, "work")["status"] for run_id in run_ids]
