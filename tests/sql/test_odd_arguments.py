"""Nulls, repetitions, unknown names and absurd numbers where a caller may well send them."""

from __future__ import annotations

from typing import Any, LiteralString
from uuid import uuid4

import pytest

from tests.support.engine import Engine
from tests.support.flow_spec import single
from tests.support.outcomes import completed, failed


def test_a_repeated_dependency_is_one_dependency(engine: Engine) -> None:
    engine.flow(single("a"))
    engine.do("select pgflow.add_step('flow', 'b', array['a', 'a'])")
    run_id = engine.start()

    engine.finish(run_id, "a", 1)

    assert engine.statuses(run_id) == {"a": "completed", "b": "started"}


def test_options_that_are_null_are_defaults(engine: Engine) -> None:
    engine.flow()

    step = engine.row(
        """select * from pgflow.add_step('flow', 'a', null, step_type => null,
          when_unmet => null, when_exhausted => null)"""
    )

    assert (step["deps_count"], step["step_type"]) == (0, "single")
    assert (step["when_unmet"], step["when_exhausted"]) == ("skip", "fail")


def test_a_null_output_is_json_null(engine: Engine) -> None:
    engine.flow(single("a"), single("b", "a"))
    run_id = engine.start()
    engine.start_step(run_id, "a")

    engine.do("select pgflow.complete_task(%(run)s, 'a', 0, null)", run=run_id)

    (record,) = engine.start_step(run_id, "b")
    assert record["input"] == {"a": None}


def test_a_failure_without_a_message_has_one(engine: Engine) -> None:
    engine.flow(single("a", max_attempts=1))
    run_id = engine.start()
    engine.start_step(run_id, "a")

    engine.do("select pgflow.fail_task(%(run)s, 'a', 0, null)", run=run_id)

    assert engine.run(run_id)["error_message"] == "a: unknown error"


def test_a_task_that_does_not_exist_has_no_row(engine: Engine) -> None:
    engine.flow(single("a"))
    run_id = engine.start()

    assert engine.complete(run_id, "a", 1, index=7) == []
    assert engine.complete(run_id, "missing", 1) == []
    assert engine.fail(uuid4(), "a") == []


def test_a_message_named_twice_is_started_once(engine: Engine) -> None:
    engine.flow(single("a"))
    message_id = engine.task(engine.start(), "a")["message_id"]

    started = engine.start_tasks(engine.worker(), "flow", [message_id, message_id])

    assert [row["attempt"] for row in started] == [1]


def test_a_flow_named_twice_is_claimed_once(engine: Engine) -> None:
    engine.flow(single("a"))
    engine.start()

    assert len(engine.claim(engine.worker(), "flow", "flow")) == 1


@pytest.mark.parametrize("quantity", ["-1", "0", "null"])
def test_no_free_slot_claims_nothing(engine: Engine, quantity: LiteralString) -> None:
    engine.flow(single("a"))
    engine.start()

    claimed = engine.rows(
        f"select * from pgflow.report_and_claim(%(id)s, '[]', array['flow'], {quantity})",
        id=engine.worker(),
    )

    assert claimed == []


def test_a_flow_that_is_gone_does_not_stop_the_others(engine: Engine, task: dict[str, Any]) -> None:
    engine.flow(single("b"), slug="gone")
    engine.do("select pgflow.delete_flow_and_data('gone')")
    engine.start()

    claimed, refused = engine.report_and_claim(
        task["worker_id"], [completed(task, 1)], ["gone", "flow"], 10
    )

    assert refused == []
    assert [row["flow_slug"] for row in claimed] == ["flow"]
    assert engine.run(task["run_id"])["status"] == "completed"


@pytest.mark.parametrize("seconds", [-5, 1e12])
def test_an_absurd_wish_for_a_retry_does_not_stop_the_report(
    engine: Engine, task: dict[str, Any], seconds: float
) -> None:
    other = engine.start()
    (second,) = engine.claim(task["worker_id"])

    refused = engine.report(task["worker_id"], failed(task, retry_in=seconds), completed(second, 1))

    assert refused == []
    assert engine.task(task["run_id"], "a")["status"] == "queued"
    assert engine.run(other)["status"] == "completed"


def test_a_run_id_given_twice_starts_one_run(engine: Engine) -> None:
    engine.flow(single("a"))
    wanted = uuid4()

    rows = engine.rows(
        "select created from pgflow.start_flows('flow', '[1, 1]', %(ids)s::uuid[])",
        ids=[wanted, wanted],
    )

    assert [row["created"] for row in rows] == [True, False]
    assert len(engine.queue()) == 1


def test_inputs_and_run_ids_go_together(engine: Engine) -> None:
    engine.flow(single("a"))

    diagnosis = engine.error(
        "select pgflow.start_flows('flow', '[1, 2]', array[gen_random_uuid()])"
    )

    assert diagnosis.sqlstate == "PF006"
    assert diagnosis.message_primary == "run_ids length (1) must equal inputs length (2)"
