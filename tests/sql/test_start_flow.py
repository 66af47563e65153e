"""Starting a run: its rows, its first messages, and what is refused."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.support.engine import Engine, about
from tests.support.flow_spec import map_over, single
from tests.support.jsonb import Json


def test_a_run_starts_with_its_roots(engine: Engine) -> None:
    engine.flow(single("a"), single("b", "a"))

    run = engine.row("select * from pgflow.start_flow(flow_slug => 'flow', input => '{\"x\": 1}')")

    assert (run["flow_slug"], run["status"], run["input"]) == ("flow", "started", {"x": 1})
    assert (run["remaining_steps"], run["output"], run["error_message"]) == (2, None, None)
    assert engine.statuses(run["run_id"]) == {"a": "started", "b": "created"}


def test_a_step_state_knows_its_sizes(engine: Engine) -> None:
    engine.flow(single("a"), map_over("each"), single("c", "a", "each"), map_over("m", "a"))

    states = engine.steps(engine.start("flow", [7, 8, 9]))

    assert {slug: state["initial_tasks"] for slug, state in states.items()} == {
        "a": 1,
        "each": 3,
        "c": 1,
        "m": None,
    }
    assert {slug: state["remaining_deps"] for slug, state in states.items()} == {
        "a": 0,
        "each": 0,
        "c": 2,
        "m": 1,
    }
    assert {slug: state["remaining_tasks"] for slug, state in states.items()} == {
        "a": 1,
        "each": 3,
        "c": None,
        "m": None,
    }


def test_a_started_step_has_queued_tasks(engine: Engine) -> None:
    engine.flow(map_over("each"))

    tasks = engine.tasks(engine.start("flow", ["x", "y"]))

    assert list(tasks) == [("each", 0), ("each", 1)]
    assert {task["status"] for task in tasks.values()} == {"queued"}
    assert {task["attempts_count"] for task in tasks.values()} == {0}


def test_a_message_names_its_task(engine: Engine) -> None:
    engine.flow(map_over("each"))

    run_id = engine.start("flow", ["x", "y"])

    queue = engine.queue()
    for (_, index), task in engine.tasks(run_id).items():
        assert queue[task["message_id"]]["message"] == {
            "flow_slug": "flow",
            "run_id": str(run_id),
            "step_slug": "each",
            "task_index": index,
        }


def test_a_caller_may_choose_the_run_id(engine: Engine) -> None:
    engine.flow(single("a"))
    wanted = uuid4()

    assert engine.start(run_id=wanted) == wanted


def test_a_flow_without_steps_completes_at_once(engine: Engine) -> None:
    engine.flow()

    run = engine.row("select * from pgflow.start_flow('flow', '{}')")

    assert (run["status"], run["output"], run["remaining_steps"]) == ("completed", None, 0)
    assert run["completed_at"] is not None


def test_an_unknown_flow_is_a_foreign_key_violation(engine: Engine) -> None:
    diagnosis = engine.error("select pgflow.start_flow('nowhere', '{}')")

    assert diagnosis.sqlstate == "23503"


def test_a_run_needs_an_input(engine: Engine) -> None:
    engine.flow(single("a"))

    diagnosis = engine.error("select pgflow.start_flow('flow', null)")

    assert diagnosis.column_name == "input"
    assert engine.rows("select from pgflow.runs") == []


def test_a_root_map_needs_an_input(engine: Engine) -> None:
    engine.flow(map_over("each"))

    diagnosis = engine.error("select pgflow.start_flow('flow', null)")

    assert diagnosis.message_primary == "Flow flow has root map steps but input is NULL"


@pytest.mark.parametrize(
    ("wrong", "its_type"),
    [({}, "object"), ("x", "string"), (1, "number"), (True, "boolean"), (None, "null")],
)
def test_a_root_map_needs_an_array(engine: Engine, wrong: Json, its_type: str) -> None:
    engine.flow(single("a"), map_over("each"))

    diagnosis = engine.error("select pgflow.start_flow('flow', %(wrong)s)", wrong=Jsonb(wrong))

    assert diagnosis.message_primary == (
        f"Flow flow has root map steps but input is not an array (got {its_type})"
    )
    assert engine.rows("select from pgflow.runs") == []


def start_flows(engine: Engine, inputs: Json, run_ids: list[UUID] | None = None) -> list[UUID]:
    rows = engine.rows(
        """select * from pgflow.start_flows(flow_slug => 'flow', inputs => %(inputs)s,
          run_ids => %(run_ids)s::uuid[])""",
        inputs=Jsonb(inputs),
        run_ids=run_ids,
    )
    return [row["run_id"] for row in rows if row["created"]]


def test_many_runs_start_in_one_statement(engine: Engine) -> None:
    engine.flow(single("a"), single("b", "a"))

    run_ids = start_flows(engine, [{"n": 1}, {"n": 2}, {"n": 3}])

    assert [engine.run(run_id)["input"]["n"] for run_id in run_ids] == [1, 2, 3]
    assert all(engine.statuses(id_) == {"a": "started", "b": "created"} for id_ in run_ids)
    assert len(engine.queue()) == 3


def test_runs_that_exist_are_told_from_new_ones(engine: Engine) -> None:
    engine.flow(single("a"))
    known, new = uuid4(), uuid4()
    engine.start("flow", {"n": 1}, run_id=known)

    created = start_flows(engine, [{"n": 1}, {"n": 2}], [known, new])

    assert created == [new]
    assert len(engine.queue()) == 2


def test_a_run_id_is_not_taken_for_another_input(engine: Engine) -> None:
    engine.flow(single("a"))
    known = engine.start("flow", {"n": 1})

    diagnosis = engine.error(
        "select pgflow.start_flows('flow', '[{\"n\": 2}]', array[%(id)s::uuid])", id=known
    )

    assert diagnosis.sqlstate == "PF003"
    assert str(known) in str(diagnosis.message_primary)


def test_a_run_id_is_not_taken_for_another_flow(engine: Engine) -> None:
    engine.flow(single("a"))
    engine.flow(single("a"), slug="other")
    known = engine.start("flow")

    diagnosis = engine.error(
        "select pgflow.start_flows('other', '[{}]', array[%(id)s::uuid])", id=known
    )

    assert diagnosis.sqlstate == "PF003"


def test_starting_no_runs_starts_none(engine: Engine) -> None:
    engine.flow(single("a"))

    assert start_flows(engine, []) == []


def test_many_runs_of_a_root_map_need_arrays(engine: Engine) -> None:
    engine.flow(map_over("each"))

    diagnosis = engine.error("select pgflow.start_flows('flow', '[[1], {}]')")

    assert diagnosis.message_primary == (
        "Flow flow has root map steps but input is not an array (got object)"
    )
    assert engine.rows("select from pgflow.runs") == []


def test_runs_may_start_later(engine: Engine) -> None:
    engine.flow(single("a"))

    (row,) = engine.rows("select * from pgflow.start_flows('flow', '[{}]', delay => '90 seconds')")

    assert engine.delay(row["run_id"], "a") == about(90)
