"""Starting tasks by their message ids: who gets them, with which input, for how long."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest

from pgflow.testing import PgflowDatabase
from tests.support.engine import Engine, about
from tests.support.flow_spec import map_over, single
from tests.support.jsonb import Json


def inputs(rows: list[dict[str, Any]]) -> list[tuple[int, Json, Json]]:
    ordered = sorted(rows, key=lambda row: row["task_index"])
    return [(row["task_index"], row["input"], row["flow_input"]) for row in ordered]


def test_a_started_task_belongs_to_its_worker(engine: Engine) -> None:
    engine.flow(single("a"))
    run_id, worker_id = engine.start(), engine.worker()

    (record,) = engine.start_step(run_id, "a", worker_id)

    task = engine.task(run_id, "a")
    assert (record["flow_slug"], record["run_id"], record["step_slug"]) == ("flow", run_id, "a")
    assert (record["msg_id"], record["task_index"]) == (task["message_id"], 0)
    assert (task["status"], task["attempts_count"]) == ("started", 1)
    assert (task["last_worker_id"], task["started_at"] is not None) == (worker_id, True)


def test_a_started_task_is_not_started_again(engine: Engine) -> None:
    engine.flow(single("a"))
    run_id, worker_id = engine.start(), engine.worker()
    (first,) = engine.start_step(run_id, "a", worker_id)

    assert engine.start_tasks(worker_id, "flow", [first["msg_id"]]) == []
    assert engine.task(run_id, "a")["attempts_count"] == 1


def test_only_the_given_messages_are_started(engine: Engine) -> None:
    engine.flow(map_over("each"))
    run_id = engine.start("flow", [1, 2, 3])
    wanted = engine.task(run_id, "each", 1)["message_id"]

    started = engine.start_tasks(engine.worker(), "flow", [wanted, 987_654_321])

    assert [row["task_index"] for row in started] == [1]


def test_no_messages_start_no_tasks(engine: Engine) -> None:
    engine.flow(single("a"))

    assert engine.start_tasks(engine.worker(), "flow", []) == []


def test_a_message_of_another_flow_is_not_started(engine: Engine) -> None:
    engine.flow(single("a"))
    engine.flow(slug="other")
    message_id = engine.task(engine.start(), "a")["message_id"]

    assert engine.start_tasks(engine.worker(), "other", [message_id]) == []


def test_tasks_of_a_cancelled_run_are_not_started(engine: Engine) -> None:
    engine.flow(single("a"))
    run_id = engine.start()
    message_id = engine.task(run_id, "a")["message_id"]
    engine.cancel(run_id)

    assert engine.start_tasks(engine.worker(), "flow", [message_id]) == []


@pytest.mark.parametrize(
    ("flow_timeout", "step_timeout", "hidden_for"), [(60, None, 62), (60, 7, 9), (7, 90, 92)]
)
def test_a_message_hides_for_the_timeout_and_two_seconds(
    engine: Engine, flow_timeout: int, step_timeout: int | None, hidden_for: int
) -> None:
    engine.flow(single("a", timeout=step_timeout), timeout=flow_timeout)
    run_id = engine.start()

    engine.start_step(run_id, "a")

    assert engine.delay(run_id, "a") == about(hidden_for)


def test_an_expired_lease_can_be_taken_over(engine: Engine) -> None:
    engine.flow(single("a"))
    run_id, rival = engine.start(), engine.worker()
    (record,) = engine.start_step(run_id, "a")
    engine.advance(63)

    (again,) = engine.start_tasks(rival, "flow", [record["msg_id"]])

    task = engine.task(run_id, "a")
    assert again["run_id"] == run_id
    assert (task["attempts_count"], task["last_worker_id"]) == (2, rival)


def test_a_root_gets_no_input_but_the_flows(engine: Engine) -> None:
    engine.flow(single("a"))
    run_id = engine.start("flow", {"name": "Ada"})

    assert inputs(engine.start_step(run_id, "a")) == [(0, {}, {"name": "Ada"})]


def test_a_root_map_gets_the_elements_of_the_input(engine: Engine) -> None:
    engine.flow(map_over("each"))
    run_id = engine.start("flow", [None, {"x": 1}, [2]])

    started = inputs(engine.start_step(run_id, "each"))

    assert started == [(0, None, None), (1, {"x": 1}, None), (2, [2], None)]


def test_a_step_gets_the_outputs_of_its_dependencies(engine: Engine) -> None:
    engine.flow(single("a"), single("b"), single("c", "a", "b"))
    run_id = engine.start("flow", {"name": "Ada"})
    engine.finish(run_id, "a", {"x": 1})
    engine.finish(run_id, "b", None)

    assert inputs(engine.start_step(run_id, "c")) == [(0, {"a": {"x": 1}, "b": None}, None)]


def test_a_skipped_dependency_is_no_key(engine: Engine) -> None:
    engine.flow(single("a"), single("b", required={"never": True}), single("c", "a", "b"))
    run_id = engine.start()
    engine.finish(run_id, "a", 1)

    assert inputs(engine.start_step(run_id, "c")) == [(0, {"a": 1}, None)]


def test_a_map_gets_the_elements_of_its_dependency(engine: Engine) -> None:
    engine.flow(single("list"), map_over("each", "list"))
    run_id = engine.start()
    engine.finish(run_id, "list", ["x", None, {"y": [1]}])

    started = inputs(engine.start_step(run_id, "each"))

    assert started == [(0, "x", None), (1, None, None), (2, {"y": [1]}, None)]


def test_a_record_says_how_often_and_how_long(engine: Engine) -> None:
    engine.flow(single("a", max_attempts=7), timeout=90)
    run_id, worker_id = engine.start(), engine.worker()

    (record,) = engine.start_step(run_id, "a", worker_id)

    assert (record["attempt"], record["max_attempts"], record["timeout"]) == (1, 7, 90)


def test_racing_workers_get_each_task_once(engine: Engine, pgflow_database: PgflowDatabase) -> None:
    engine.flow(map_over("each"))
    run_id = engine.start("flow", list(range(50)))
    ids = [task["message_id"] for task in engine.tasks(run_id).values()]
    workers = [engine.worker() for _ in range(6)]

    def start(worker_id: UUID) -> list[int]:
        with Engine.connect(pgflow_database.dsn).connection as connection:
            rows = Engine(connection).start_tasks(worker_id, "flow", ids)
            return [row["task_index"] for row in rows]

    with ThreadPoolExecutor(6) as pool:
        started = [index for rows in pool.map(start, workers) for index in rows]

    assert sorted(started) == list(range(50))
    assert {task["attempts_count"] for task in engine.tasks(run_id).values()} == {1}
