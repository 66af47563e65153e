"""Tasks, steps and workers that end at the same moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import psycopg
import pytest

from pgflow.testing import PgflowDatabase
from tests.support.engine import Engine, Row
from tests.support.flow_spec import map_over, single
from tests.support.outcomes import completed, failed
from tests.support.rivals import Rival, all_at_once, until_blocked

Join = Callable[[], Rival]


def test_the_last_two_tasks_of_a_map_end_together(engine: Engine, rival: Join) -> None:
    engine.flow(map_over("work"), single("after", "work"))
    run_id = engine.start(run_input=[10, 20])
    worker = engine.worker()
    one, other = sorted(engine.claim(worker), key=lambda task: task["task_index"])

    _together(engine, rival, worker, [completed(other, "b")], [completed(one, "a")])

    assert engine.step(run_id, "work")["output"] == ["a", "b"]
    assert engine.step(run_id, "after")["status"] == "started"
    (after,) = engine.claim(worker)
    assert after["input"] == {"work": ["a", "b"]}


def test_two_parents_of_a_child_end_together(engine: Engine, rival: Join) -> None:
    engine.flow(single("left"), single("right"), single("child", "left", "right"))
    run_id = engine.start()
    worker = engine.worker()
    left, right = sorted(engine.claim(worker), key=lambda task: task["step_slug"])

    _together(engine, rival, worker, [completed(left, 1)], [completed(right, 2)])

    (child,) = engine.claim(worker)
    assert child["input"] == {"left": 1, "right": 2}
    assert engine.step(run_id, "child")["remaining_deps"] == 0


def test_two_leaves_end_together(engine: Engine, rival: Join) -> None:
    engine.flow(single("left"), single("right"))
    run_id = engine.start()
    worker = engine.worker()
    left, right = sorted(engine.claim(worker), key=lambda task: task["step_slug"])

    _together(engine, rival, worker, [completed(left, 1)], [completed(right, 2)])

    run = engine.run(run_id)
    assert (run["status"], run["output"]) == ("completed", {"left": 1, "right": 2})


def test_one_element_completes_while_another_one_fails_the_run(engine: Engine, rival: Join) -> None:
    engine.flow(map_over("work"), max_attempts=1)
    run_id = engine.start(run_input=[10, 20])
    worker = engine.worker()
    one, other = sorted(engine.claim(worker), key=lambda task: task["task_index"])

    refused = _together(engine, rival, worker, [failed(one)], [completed(other)])

    assert [row["task_index"] for row in refused] == [1]
    assert engine.run(run_id)["status"] == "failed"
    assert engine.task(run_id, "work", 1)["status"] == "cancelled"


@pytest.mark.parametrize("when_exhausted", ["fail", "skip", "skip-cascade"])
def test_two_tasks_of_a_step_are_exhausted_together(
    engine: Engine, rival: Join, when_exhausted: str
) -> None:
    engine.flow(
        map_over("work", when_exhausted=when_exhausted), single("after", "work"), max_attempts=1
    )
    run_id = engine.start(run_input=[10, 20])
    worker = engine.worker()
    one, other = sorted(engine.claim(worker), key=lambda task: task["task_index"])

    refused = _together(engine, rival, worker, [failed(other, "second")], [failed(one, "first")])

    assert [row["task_index"] for row in refused] == [0]
    assert engine.step(run_id, "work")["error_message"] == "second"


def test_the_same_completion_counts_once_however_many_report_it(
    engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    engine.flow(single("work"), single("after", "work"))
    run_id = engine.start()
    worker = engine.worker()
    (task,) = engine.claim(worker)

    reports = all_at_once(
        pgflow_database.dsn,
        [lambda e, n=n: e.report(worker, completed(task, n)) for n in range(10)],
    )

    assert sorted(len(refused) for refused in _answers(reports)) == [0] + [1] * 9
    assert engine.queue().keys() == {engine.task(run_id, "after")["message_id"]}


def test_twenty_workers_race_for_the_same_tasks_and_none_runs_twice(
    engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    engine.flow(map_over("work"))
    run_ids = [engine.start(run_input=list(range(200))) for _ in range(5)]

    claims = all_at_once(pgflow_database.dsn, [_claim_until_empty] * 20)

    taken = Counter(key for keys in _answers(claims) for key in keys)
    assert set(taken.values()) == {1}
    assert len(taken) == 1000
    tasks = [task for run_id in run_ids for task in engine.tasks(run_id).values()]
    assert {task["attempts_count"] for task in tasks} == {1}


def test_twenty_workers_start_the_same_messages_and_each_starts_once(
    engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    engine.flow(map_over("work"))
    engine.start(run_input=list(range(100)))
    ids = list(engine.queue())

    starts = all_at_once(
        pgflow_database.dsn,
        [
            lambda e, order=ids[n:] + ids[:n]: e.start_tasks(e.worker(), "flow", order)
            for n in range(20)
        ],
    )

    taken = Counter(task["task_index"] for tasks in _answers(starts) for task in tasks)
    assert taken == Counter(range(100))


def test_twenty_workers_claim_and_report_until_every_run_has_ended(
    engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    engine.flow(single("list"), map_over("work", "list"), single("sum", "work"))
    for _ in range(10):
        engine.start()

    worked = all_at_once(pgflow_database.dsn, [_work_until_done] * 20)

    done = Counter(key for keys in _answers(worked) for key in keys)
    assert set(done.values()) == {1}
    assert len(done) == 10 * (1 + 30 + 1)
    runs = engine.rows("select status, output from pgflow.runs")
    assert runs == [{"status": "completed", "output": {"sum": 30}}] * 10


def _together(
    engine: Engine, rival: Join, worker: UUID, first: Sequence[Any], second: Sequence[Any]
) -> list[Row]:
    """Two reports, the second of which really waits for the first; what the second is refused."""
    one, other = rival(), rival()
    assert one.begins(lambda e: e.report(worker, *first)) == []
    later = other.sends(lambda e: e.report(worker, *second))
    until_blocked(engine, other, one)
    one.commits()
    return later.result()


def _answers(results: list[Any]) -> list[Any]:
    """What the calls returned; none may have failed."""
    assert [result for result in results if isinstance(result, psycopg.Error)] == []
    return results


def _claim_until_empty(engine: Engine) -> list[tuple[UUID, int]]:
    worker = engine.worker()
    keys: list[tuple[UUID, int]] = []
    while claimed := engine.claim(worker, quantity=7):
        keys += [(task["run_id"], task["task_index"]) for task in claimed]
    return keys


def _work_until_done(engine: Engine) -> list[tuple[UUID, str, int]]:
    """Claim and report until no run is left; the tasks whose completion was accepted."""
    worker = engine.worker()
    outcomes: list[Any] = []
    done: list[tuple[UUID, str, int]] = []
    while engine.value("select exists(select from pgflow.runs where status = 'started')"):
        claimed, refused = engine.report_and_claim(worker, outcomes, ["flow"], 5)
        assert refused == []
        done += [(outcome.run_id, *outcome.key) for outcome in outcomes]
        outcomes = [completed(task, _output(task)) for task in claimed]
    return done


def _output(task: Row) -> Any:
    if task["step_slug"] == "list":
        return list(range(30))
    return len(task["input"]["work"]) if task["step_slug"] == "sum" else task["input"]
