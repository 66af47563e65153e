"""A run and its steps as one JSON document, for browsers."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from tests.support.engine import Engine
from tests.support.flow_spec import single


def run_with_states(engine: Engine, run_id: UUID) -> Any:
    return engine.value("select pgflow.get_run_with_states(run_id => %(id)s)", id=run_id)


def test_a_run_comes_with_its_steps(engine: Engine) -> None:
    engine.flow(single("a"), single("b", "a"))
    run_id = engine.start("flow", {"x": 1})
    engine.finish(run_id, "a", "out")

    document = run_with_states(engine, run_id)

    assert document.keys() == {"run", "steps"}
    assert document["run"]["run_id"] == str(run_id)
    assert (document["run"]["status"], document["run"]["input"]) == ("started", {"x": 1})
    assert {step["step_slug"]: (step["status"], step["output"]) for step in document["steps"]} == {
        "a": ("completed", "out"),
        "b": ("started", None),
    }


def test_a_document_has_every_column(engine: Engine) -> None:
    engine.flow(single("a"))
    run_id = engine.start()

    document = run_with_states(engine, run_id)

    assert document["run"].keys() >= {"flow_slug", "remaining_steps", "error_message", "failed_at"}
    assert document["steps"][0].keys() >= {"remaining_tasks", "skip_reason", "started_at"}


def test_a_flow_without_steps_has_a_document(engine: Engine) -> None:
    engine.flow()

    document = run_with_states(engine, engine.start())

    assert (document["run"]["status"], document["steps"]) == ("completed", [])


def test_an_unknown_run_has_no_document(engine: Engine) -> None:
    assert run_with_states(engine, uuid4()) is None


def test_a_run_is_started_and_returned_at_once(engine: Engine) -> None:
    engine.flow(single("a"))
    wanted = uuid4()

    document = engine.value(
        """select pgflow.start_flow_with_states(
          flow_slug => 'flow', input => '{"x": 1}', run_id => %(id)s)""",
        id=wanted,
    )

    assert document["run"]["run_id"] == str(wanted)
    assert [step["status"] for step in document["steps"]] == ["started"]
    assert engine.run(wanted)["input"] == {"x": 1}


def test_the_run_id_may_be_left_out(engine: Engine) -> None:
    engine.flow(single("a"))

    document = engine.value(
        "select pgflow.start_flow_with_states(flow_slug => 'flow', input => '{}')"
    )

    assert engine.run(UUID(document["run"]["run_id"]))["status"] == "started"
