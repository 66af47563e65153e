"""A step's start delay keeps its first messages back."""

from __future__ import annotations

import pytest

from tests.support.engine import Engine, about
from tests.support.flow_spec import map_over, single


@pytest.mark.parametrize(("start_delay", "expected"), [(None, 0), (0, 0), (90, 90)])
def test_a_root_starts_after_its_delay(
    engine: Engine, start_delay: int | None, expected: int
) -> None:
    engine.flow(single("a", start_delay=start_delay))

    run_id = engine.start()

    assert engine.delay(run_id, "a") == about(expected)


def test_a_delayed_task_is_claimed_when_it_is_due(engine: Engine) -> None:
    engine.flow(single("a"), single("b", "a", start_delay=90))
    run_id, worker_id = engine.start(), engine.worker()
    engine.finish(run_id, "a", 1)

    early = engine.claim(worker_id)
    engine.advance(91)
    due = engine.claim(worker_id)

    assert early == []
    assert [task["step_slug"] for task in due] == ["b"]


def test_every_task_of_a_map_is_delayed(engine: Engine) -> None:
    engine.flow(map_over("each", start_delay=90))

    run_id = engine.start("flow", [1, 2])

    delays = [engine.delay(run_id, "each", index) for index in range(2)]
    assert delays == [about(90)] * 2


def test_a_retry_does_not_wait_for_the_start_delay_again(engine: Engine) -> None:
    engine.flow(single("a", start_delay=90, base_delay=5))
    run_id = engine.start()
    engine.start_step(run_id, "a")

    engine.fail(run_id, "a")

    assert engine.delay(run_id, "a") == about(5)
