"""The order of locks, proven with sessions that really block each other.

runs (ascending run_id) -> step_states -> step_tasks -> messages. A transition that waits for its
first lock holds none of the later ones: that is what makes a deadlock impossible.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from psycopg import errors, sql

from tests.support.dying import enlist, fall_silent, recover
from tests.support.engine import Engine
from tests.support.flow_spec import map_over, single
from tests.support.outcomes import completed, failed, released
from tests.support.rivals import Call, Rival, is_free, until_blocked

Join = Callable[[], Rival]


@pytest.fixture
def runs(engine: Engine) -> list[UUID]:
    """Three runs whose tasks one worker holds, in the order of their ids."""
    engine.flow(single("work"), single("next", "work"))
    return sorted(engine.start() for _ in range(3))


@pytest.fixture
def tasks(engine: Engine, runs: list[UUID]) -> dict[UUID, dict[str, Any]]:
    """What that worker claimed, by run."""
    return {task["run_id"]: task for task in engine.claim(engine.worker())}


@pytest.mark.parametrize("ending", [completed, failed, released])
def test_a_report_locks_its_runs_in_ascending_order(
    engine: Engine, rival: Join, runs: list[UUID], tasks: dict[UUID, Any], ending: Any
) -> None:
    holder, reporter = rival(), rival()
    holder.begins(lambda e: e.cancel(runs[1]))

    outcomes = [ending(tasks[run_id]) for run_id in reversed(runs)]
    report = reporter.sends(lambda e: e.report(_holder_of(e, runs[0]), *outcomes))
    until_blocked(engine, reporter, holder)

    assert not _is_run_free(engine, runs[0])
    assert _is_run_free(engine, runs[2])
    holder.rolls_back()
    assert report.result() == []


@pytest.mark.slow
def test_whoever_looks_after_dead_workers_waits_for_one_run_with_no_higher_one_in_hand(
    engine: Engine, rival: Join, runs: list[UUID]
) -> None:
    _die_with_one_task_each(engine, reversed(runs))
    holder, helper = rival(), rival()
    holder.begins(lambda e: e.cancel(runs[0]))

    rescue = helper.sends(recover)
    until_blocked(engine, helper, holder)

    assert _is_run_free(engine, runs[1])
    assert _is_run_free(engine, runs[2])
    holder.rolls_back()
    assert rescue.result() == 3


def test_whoever_requeues_stalled_tasks_locks_runs_in_ascending_order(
    engine: Engine, rival: Join, runs: list[UUID], tasks: dict[UUID, Any]
) -> None:
    engine.advance(100)
    holder, operator = rival(), rival()
    holder.begins(lambda e: e.cancel(runs[1]))

    requeue = operator.sends(lambda e: e.value("select pgflow.requeue_stalled_tasks()"))
    until_blocked(engine, operator, holder)

    assert not _is_run_free(engine, runs[0])
    assert _is_run_free(engine, runs[2])
    holder.rolls_back()
    assert requeue.result() == 3


TRANSITIONS: dict[str, Call[Any]] = {
    "cancel": lambda e: e.cancel(_only_run(e)),
    "complete": lambda e: e.complete(_only_run(e), "work", index=0),
    "fail": lambda e: e.fail(_only_run(e), "work", index=0),
    "delete": lambda e: e.do("select pgflow.delete_flow_and_data('flow')"),
    "requeue": lambda e: e.value("select pgflow.requeue_stalled_tasks()"),
}


def test_a_report_that_completes_and_fails_steps_of_a_run_locks_no_flow(
    engine: Engine, rival: Join
) -> None:
    """A run that one transaction writes twice has its foreign key checked, which locks the flow."""
    engine.flow(single("good"), single("bad", max_attempts=1), single("end", "good"))
    engine.start()
    good, bad = sorted(engine.claim(worker := engine.worker()), key=lambda t: t["step_slug"])[::-1]
    rival().begins(lambda e: e.do("select from pgflow.flows for update"))
    engine.do("set lock_timeout = '5s'")

    refused = engine.report(worker, completed(good), failed(bad))

    assert refused == []


def test_a_retry_locks_the_flow_before_the_run(
    engine: Engine, rival: Join, runs: list[UUID]
) -> None:
    engine.cancel(runs[0])
    holder, operator = rival(), rival()
    holder.begins(lambda e: e.do("select from pgflow.flows for update"))

    retry = operator.sends(lambda e: e.retry(runs[0]))
    until_blocked(engine, operator, holder)

    assert _is_run_free(engine, runs[0])
    holder.commits()
    retry.result()


def test_a_deletion_waits_for_whoever_looks_after_dead_workers(
    engine: Engine, rival: Join, runs: list[UUID]
) -> None:
    """He holds the queues, of which the deletion takes the tables, while he waits for runs."""
    helper, operator = rival(), rival()
    helper.begins(lambda e: e.do("select pg_advisory_xact_lock(pgflow._recovery_key())"))

    deletion = operator.sends(lambda e: e.do("select pgflow.delete_flow_and_data('flow')"))
    until_blocked(engine, operator, helper)

    assert all(_is_run_free(engine, run_id) for run_id in runs)
    helper.commits()
    deletion.result()


@pytest.mark.parametrize("verb", TRANSITIONS)
def test_who_waits_for_a_run_holds_nothing_of_it(engine: Engine, rival: Join, verb: str) -> None:
    run_id = _map_in_progress(engine)
    engine.advance(100)
    holder, waiting = rival(), rival()
    holder.begins(lambda e: e.do("select from pgflow.runs for no key update"))

    transition = waiting.sends(TRANSITIONS[verb])
    until_blocked(engine, waiting, holder)

    assert is_free(engine, "pgflow.step_states", "run_id = %(id)s", id=run_id)
    assert is_free(engine, "pgflow.step_tasks", "run_id = %(id)s", id=run_id)
    assert is_free(engine, "pgmq.q_flow", "true")
    holder.rolls_back()
    transition.result()


@pytest.mark.parametrize("verb", TRANSITIONS)
def test_who_waits_for_a_task_holds_no_message(engine: Engine, rival: Join, verb: str) -> None:
    run_id = _map_in_progress(engine)
    engine.advance(100)
    holder, waiting = rival(), rival()
    holder.begins(lambda e: e.do("select from pgflow.step_tasks for no key update"))

    transition = waiting.sends(TRANSITIONS[verb])
    until_blocked(engine, waiting, holder)

    assert not _is_run_free(engine, run_id)
    assert is_free(engine, "pgmq.q_flow", "true")
    holder.rolls_back()
    transition.result()


@pytest.mark.parametrize(
    "locked",
    ["pgflow.runs", "pgflow.step_states", "pgflow.step_tasks", "pgmq.q_flow", "pgflow.workers"],
)
def test_a_claim_waits_for_nobody(engine: Engine, rival: Join, locked: str) -> None:
    _map_in_progress(engine)
    engine.advance(100)
    worker = engine.worker()
    everything = sql.SQL("select from {} for no key update").format(
        sql.Identifier(*locked.split("."))
    )
    rival().begins(lambda e: e.do(everything))

    engine.do("set lock_timeout = '5s'")

    claimed = engine.claim(worker)
    assert len(claimed) == (0 if locked in ("pgflow.step_tasks", "pgmq.q_flow") else 3)


def test_a_claim_takes_what_others_leave(engine: Engine, rival: Join) -> None:
    _map_in_progress(engine)
    engine.advance(100)
    worker = engine.worker()
    rival().begins(
        lambda e: e.do("select from pgflow.step_tasks where task_index = 1 for no key update")
    )

    engine.do("set lock_timeout = '5s'")

    assert {task["task_index"] for task in engine.claim(worker)} == {0, 2}


def test_two_who_start_the_same_runs_in_another_order_do_not_deadlock(
    engine: Engine, rival: Join
) -> None:
    engine.flow(single("work"))
    ids = sorted(UUID(int=number) for number in range(1, 4))
    first, second = rival(), rival()
    first.begins(lambda e: _start_all(e, [ids[1]]))

    others = second.sends(lambda e: _start_all(e, [ids[2], ids[1], ids[0]]))
    until_blocked(engine, second, first)
    with pytest.raises(errors.LockNotAvailable):
        _start_with_patience(engine, ids[0])
    _start_with_patience(engine, ids[2])
    first.commits()

    assert [row["created"] for row in others.result()] == [False, False, True]


def _is_run_free(engine: Engine, run_id: UUID) -> bool:
    return is_free(engine, "pgflow.runs", "run_id = %(id)s", id=run_id)


def _holder_of(engine: Engine, run_id: UUID) -> UUID:
    return engine.task(run_id, "work")["last_worker_id"]


def _only_run(engine: Engine) -> UUID:
    return engine.value("select run_id from pgflow.runs")


def _map_in_progress(engine: Engine) -> UUID:
    """A run of three started tasks."""
    engine.flow(map_over("work"), single("after", "work"))
    run_id = engine.start(run_input=[1, 2, 3])
    engine.start_step(run_id, "work")
    return run_id


def _die_with_one_task_each(engine: Engine, run_ids: Any) -> None:
    """For each run a worker that claimed its task and fell silent."""
    for run_id in run_ids:
        worker = enlist(engine)
        engine.start_step(run_id, "work", worker)
        fall_silent(engine, worker)


def _start_all(engine: Engine, ids: list[UUID]) -> list[dict[str, Any]]:
    return engine.rows(
        """select run_id, created
        from pgflow.start_flows('flow', to_jsonb(array_fill(1, array[%(n)s::int])), %(ids)s)""",
        n=len(ids),
        ids=ids,
    )


def _start_with_patience(engine: Engine, run_id: UUID) -> None:
    engine.do("set lock_timeout = '500ms'")
    _start_all(engine, [run_id])
