"""The output of a step is edited before anything depends on it; a run is repeated from a step."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from tests.support.engine import Engine, Row
from tests.support.flow_spec import map_over, single
from tests.support.invariants import assert_sound
from tests.support.jsonb import Json


@pytest.fixture
def engine(engine: Engine) -> Iterator[Engine]:
    """The same, sound at the end of each test."""
    yield engine
    assert_sound(engine)


@pytest.fixture
def chain(engine: Engine) -> UUID:
    """A paused run of list -> each (map) -> total whose first step has completed."""
    engine.flow(single("list"), map_over("each", "list"), single("total", "each"))
    run_id = engine.value("select run_id from pgflow.start_paused('flow', '{}')")
    release(engine, run_id)
    engine.finish(run_id, "list", [1, 2])
    return run_id


@pytest.fixture
def completed(engine: Engine) -> UUID:
    """A completed run of list -> each (map) -> total, aside (root) -> total."""
    engine.flow(
        single("list"), map_over("each", "list"), single("aside"), single("total", "each", "aside")
    )
    run_id = engine.start("flow", {"n": 1})
    engine.finish(run_id, "list", ["a", "b"])
    engine.finish(run_id, "aside", "here")
    engine.finish(run_id, "each", "A", "B")
    engine.finish(run_id, "total", "AB")
    return run_id


def release(engine: Engine, run_id: UUID) -> None:
    engine.do("select pgflow.release_step(%(id)s)", id=run_id)


def edit(engine: Engine, run_id: UUID, step: str, output: Json) -> Row:
    return engine.row(
        "select * from pgflow.edit_step_output(%(id)s, %(step)s, %(output)s)",
        id=run_id,
        step=step,
        output=Jsonb(output),
    )


def rerun(engine: Engine, run_id: UUID, step: str, changed: Json = None, **how: bool) -> UUID:
    return engine.value(
        "select run_id from pgflow.rerun_from_step(%(id)s, %(step)s, %(input)s, %(paused)s)",
        id=run_id,
        step=step,
        input=None if changed is None else Jsonb(changed),
        paused=how.get("paused", False),
    )


class TestEditing:
    def test_dependents_see_the_new_output(self, engine: Engine, chain: UUID) -> None:
        assert edit(engine, chain, "list", ["x"])["output"] == ["x"]

        release(engine, chain)
        [task] = engine.start_step(chain, "each")
        assert task["input"] == "x"

    def test_what_was_there_is_written_down(self, engine: Engine, chain: UUID) -> None:
        edit(engine, chain, "list", ["x"])

        detail = engine.value("select detail from pgflow.run_actions where action = 'edit'")
        assert detail == {"from": [1, 2], "to": ["x"]}

    def test_a_map_needs_an_array(self, engine: Engine, chain: UUID) -> None:
        said = engine.error("select pgflow.edit_step_output(%(id)s, 'list', '{}')", id=chain)

        assert said.sqlstate == "PF006"
        assert said.message_primary == (
            "Map step each expects array input but dependency list was given object"
        )

    def test_it_is_too_late_once_a_dependent_has_started(self, engine: Engine, chain: UUID) -> None:
        release(engine, chain)

        said = engine.error("select pgflow.edit_step_output(%(id)s, 'list', '[]')", id=chain)

        assert said.sqlstate == "PF007"
        assert said.message_primary == f'step "list" of run {chain} is used already by "each"'

    def test_a_step_that_has_not_completed_has_no_output_to_edit(
        self, engine: Engine, chain: UUID
    ) -> None:
        said = engine.error("select pgflow.edit_step_output(%(id)s, 'total', '1')", id=chain)

        assert said.sqlstate == "PF007"
        assert said.message_primary == f'step "total" of run {chain} has not completed'

    def test_an_unknown_step_has_no_output_to_edit(self, engine: Engine, chain: UUID) -> None:
        said = engine.error("select pgflow.edit_step_output(%(id)s, 'nothing', '1')", id=chain)

        assert said.sqlstate == "PF006"
        assert said.message_primary == f'run {chain} has no step "nothing"'

    def test_a_run_that_is_not_paused_keeps_its_outputs(self, engine: Engine, chain: UUID) -> None:
        engine.do("select pgflow.resume_run(%(id)s)", id=chain)

        said = engine.error("select pgflow.edit_step_output(%(id)s, 'list', '[]')", id=chain)

        assert said.message_primary == f"run {chain} is not paused"

    def test_a_map_over_an_edited_empty_list_completes_at_once(
        self, engine: Engine, chain: UUID
    ) -> None:
        edit(engine, chain, "list", [])
        release(engine, chain)

        assert engine.step(chain, "each")["status"] == "completed"


class TestRerunning:
    def test_it_keeps_what_came_before(self, engine: Engine, completed: UUID) -> None:
        again = rerun(engine, completed, "total")

        assert engine.statuses(again) == {
            "list": "completed",
            "each": "completed",
            "aside": "completed",
            "total": "started",
        }
        [task] = engine.start_step(again, "total")
        assert task["input"] == {"each": ["A", "B"], "aside": "here"}

    def test_the_new_run_completes_and_the_old_one_stays(
        self, engine: Engine, completed: UUID
    ) -> None:
        again = rerun(engine, completed, "total")
        engine.finish(again, "total", "again")

        assert engine.run(again)["output"] == {"total": "again"}
        assert engine.run(completed)["output"] == {"total": "AB"}

    def test_outputs_that_it_names_replace_those_kept(
        self, engine: Engine, completed: UUID
    ) -> None:
        again = rerun(engine, completed, "total", {"aside": "there"})

        [task] = engine.start_step(again, "total")
        assert task["input"] == {"each": ["A", "B"], "aside": "there"}

    def test_from_a_map_it_takes_the_edited_list(self, engine: Engine, completed: UUID) -> None:
        again = rerun(engine, completed, "each", {"list": ["x", "y", "z"]})

        tasks = engine.start_step(again, "each")
        assert [task["input"] for task in tasks] == ["x", "y", "z"]

    def test_from_a_root_it_takes_a_new_input(self, engine: Engine, completed: UUID) -> None:
        again = rerun(engine, completed, "list", {"n": 2})

        assert engine.run(again)["input"] == {"n": 2}
        assert engine.statuses(again) == {
            "list": "started",
            "each": "created",
            "aside": "completed",
            "total": "created",
        }

    def test_it_can_begin_paused(self, engine: Engine, completed: UUID) -> None:
        again = rerun(engine, completed, "total", paused=True)

        assert engine.run(again)["paused_at"] is not None
        assert engine.step(again, "total")["status"] == "created"
        release(engine, again)
        assert engine.step(again, "total")["status"] == "started"

    def test_a_failed_step_elsewhere_is_tried_again(self, engine: Engine) -> None:
        engine.flow(single("good"), single("bad", max_attempts=1), single("end", "good", "bad"))
        run_id = engine.start()
        engine.finish(run_id, "good", 1)
        engine.exhaust(run_id, "bad")

        again = rerun(engine, run_id, "bad")

        assert engine.statuses(again) == {
            "good": "completed",
            "bad": "started",
            "end": "created",
        }

    def test_an_output_for_a_skipped_dependency_completes_it(self, engine: Engine) -> None:
        engine.flow(single("maybe", required={"ok": True}), single("end", "maybe"))
        run_id = engine.start()
        engine.finish(run_id, "end", 1)

        again = rerun(engine, run_id, "end", {"maybe": "made up"})

        [task] = engine.start_step(again, "end")
        assert task["input"] == {"maybe": "made up"}

    def test_a_step_whose_dependencies_have_not_ended_cannot_be_repeated(
        self, engine: Engine
    ) -> None:
        engine.flow(single("first"), single("second", "first"))
        run_id = engine.start()

        said = engine.error("select pgflow.rerun_from_step(%(id)s, 'second')", id=run_id)

        assert said.sqlstate == "PF007"
        assert said.message_primary == (
            f'step "second" waits for "first", which has not ended in run {run_id}'
        )

    @pytest.mark.parametrize(
        ("changed", "message"),
        [
            (
                "[]",
                'the input of step "total" is an object of its dependencies\' outputs, got array',
            ),
            ('{"list": 1}', 'step "total" does not depend on "list", expected one of aside, each'),
        ],
    )
    def test_an_impossible_input_is_refused(
        self, engine: Engine, completed: UUID, changed: str, message: str
    ) -> None:
        said = engine.error(
            "select pgflow.rerun_from_step(%(id)s, 'total', %(input)s::jsonb)",
            id=completed,
            input=changed,
        )

        assert said.sqlstate == "PF006"
        assert said.message_primary == message

    def test_an_unknown_step_is_told(self, engine: Engine, completed: UUID) -> None:
        said = engine.error("select pgflow.rerun_from_step(%(id)s, 'nothing')", id=completed)

        assert said.sqlstate == "PF006"
        assert said.message_primary == f'run {completed} has no step "nothing"'

    def test_where_it_comes_from_is_written_down(self, engine: Engine, completed: UUID) -> None:
        again = rerun(engine, completed, "total", {"aside": 1})

        noted = engine.row("select * from pgflow.run_actions where run_id = %(id)s", id=again)
        assert (noted["action"], noted["step_slug"]) == ("rerun", "total")
        assert noted["detail"] == {"run_id": str(completed), "input": {"aside": 1}}
