"""Two transitions of one run at the same moment come out as if one had followed the other.

Each pair is played twice: one after the other, and with the second one really blocked by the
first. Both times the database must say the same.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.support.engine import Engine
from tests.support.flow_spec import FlowSpec, map_over, single
from tests.support.outcomes import Completed, Failed, Released
from tests.support.rivals import Call, Rival, until_blocked
from tests.support.snapshots import Snapshot, of_engine

Join = Callable[[], Rival]
Verb = Callable[[Engine, UUID, UUID], Any]

FLOW = FlowSpec(
    (
        single("work", max_attempts=1),
        map_over("wide", max_attempts=2, base_delay=0, when_exhausted="skip"),
        single("last", "work", "wide"),
    )
)


def complete(engine: Engine, run_id: UUID, worker: UUID) -> Any:
    return engine.report(
        worker, Completed(run_id=run_id, step_slug="work", attempt=1, output="done")
    )


def complete_an_element(engine: Engine, run_id: UUID, worker: UUID) -> Any:
    return engine.report(
        worker, Completed(run_id=run_id, step_slug="wide", task_index=1, attempt=1, output="done")
    )


def fail(engine: Engine, run_id: UUID, worker: UUID) -> Any:
    return engine.report(worker, Failed(run_id=run_id, step_slug="work", attempt=1, error="boom"))


def fail_an_element(engine: Engine, run_id: UUID, worker: UUID) -> Any:
    """For good: its step is skipped."""
    return engine.report(
        worker,
        Failed(run_id=run_id, step_slug="wide", task_index=1, attempt=1, error="no", retry=False),
    )


def release(engine: Engine, run_id: UUID, worker: UUID) -> Any:
    return engine.report(worker, Released(run_id=run_id, step_slug="work", attempt=1))


def complete_without_fence(engine: Engine, run_id: UUID, worker: UUID) -> Any:
    return engine.complete(run_id, "work", "done")


def cancel(engine: Engine, run_id: UUID, worker: UUID) -> Any:
    return engine.cancel(run_id)


def retry(engine: Engine, run_id: UUID, worker: UUID) -> Any:
    return engine.retry(run_id)


def requeue(engine: Engine, run_id: UUID, worker: UUID) -> Any:
    return engine.value("select pgflow.requeue_stalled_tasks()")


def delete(engine: Engine, run_id: UUID, worker: UUID) -> Any:
    engine.do("select pgflow.delete_flow_and_data('flow')")


VERBS: list[Verb] = [
    complete,
    complete_an_element,
    fail,
    fail_an_element,
    release,
    complete_without_fence,
    cancel,
    retry,
    requeue,
    delete,
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("first", "second"), list(product(VERBS, VERBS)), ids=lambda verb: verb.__name__
)
def test_a_pair_of_transitions_is_as_good_as_one_after_the_other(
    engine: Engine, rival: Join, first: Verb, second: Verb
) -> None:
    run_id, worker = _run_in_progress(engine)
    first(engine, run_id, worker)
    _whatever_comes(engine, second, run_id, worker)
    expected = _state(engine, run_id)
    engine.do("select pgflow.delete_flow_and_data('flow')")

    run_id, worker = _run_in_progress(engine)
    _overlapping(engine, rival, _bound(first, run_id, worker), _bound(second, run_id, worker))

    assert _state(engine, run_id) == expected


@pytest.mark.parametrize("second", [cancel, fail, complete, delete], ids=lambda verb: verb.__name__)
def test_a_retry_and_its_rival_come_out_as_one_after_the_other(
    engine: Engine, rival: Join, second: Verb
) -> None:
    run_id, worker = _failed_run(engine)
    retry(engine, run_id, worker)
    _whatever_comes(engine, second, run_id, worker)
    expected = _state(engine, run_id)
    engine.do("select pgflow.delete_flow_and_data('flow')")

    run_id, worker = _failed_run(engine)
    _overlapping(engine, rival, _bound(retry, run_id, worker), _bound(second, run_id, worker))

    assert _state(engine, run_id) == expected


def test_a_claim_that_is_overtaken_by_a_cancellation_holds_nothing(
    engine: Engine, rival: Join
) -> None:
    engine.flow(single("work"))
    run_id = engine.start()
    claimer, canceller = rival(), rival()
    worker = engine.worker()
    (task,) = claimer.begins(lambda e: e.claim(worker))

    cancellation = canceller.sends(lambda e: e.cancel(run_id))
    until_blocked(engine, canceller, claimer)
    claimer.commits()
    cancellation.result()

    assert engine.task(run_id, "work")["status"] == "cancelled"
    assert engine.queue() == {}
    assert len(engine.report(worker, Completed(run_id=run_id, step_slug="work", attempt=1))) == 1
    assert task["attempt"] == 1


def test_a_claim_beside_a_cancellation_gets_nothing_of_the_run(engine: Engine, rival: Join) -> None:
    engine.flow(single("work"))
    run_id = engine.start()
    canceller = rival()
    canceller.begins(lambda e: e.cancel(run_id))

    claimed = engine.claim(engine.worker())

    assert claimed == []
    canceller.commits()
    assert engine.queue() == {}


def test_a_claim_beside_a_cancellation_that_is_taken_back_leaves_the_task_to_others(
    engine: Engine, rival: Join
) -> None:
    engine.flow(single("work"))
    run_id = engine.start()
    canceller = rival()
    canceller.begins(lambda e: e.do("select from pgflow.step_tasks for no key update"))
    assert engine.claim(engine.worker()) == []

    canceller.rolls_back()

    assert engine.delay(run_id, "work") <= 1


def _run_in_progress(engine: Engine) -> tuple[UUID, UUID]:
    """A run whose first tasks a worker has held for too long."""
    engine.define(FLOW)
    run_id = engine.start(run_input=[10, 20])
    engine.claim(worker := engine.worker())
    engine.advance(100)
    return run_id, worker


def _failed_run(engine: Engine) -> tuple[UUID, UUID]:
    run_id, worker = _run_in_progress(engine)
    fail(engine, run_id, worker)
    return run_id, worker


def _bound(verb: Verb, run_id: UUID, worker: UUID) -> Call[Any]:
    return lambda engine: verb(engine, run_id, worker)


def _overlapping(engine: Engine, rival: Join, first: Call[Any], second: Call[Any]) -> None:
    """The first call in a transaction, the second one blocked until that commits."""
    one, other = rival(), rival()
    one.begins(first)
    later = other.sends(lambda e: _whatever_comes(e, second))
    until_blocked(engine, other, one)
    one.commits()
    later.result()


def _whatever_comes(engine: Engine, verb: Callable[..., Any], *arguments: UUID) -> None:
    """Some of the verbs raise where the other one has left nothing to do."""
    try:
        verb(engine, *arguments)
    except psycopg.Error as error:
        assert error.sqlstate in ("PF002", "PF007"), error  # noqa: PT017 - the two that may come


def _state(engine: Engine, run_id: UUID) -> Snapshot | None:
    if not engine.rows("select from pgflow.runs where run_id = %(id)s", id=run_id):
        return None
    return of_engine(engine, run_id)
