"""Runtime options may change; the shape does not change with them."""

from __future__ import annotations

from tests.sql.test_shapes import flow_shape
from tests.support.engine import Engine, about
from tests.support.flow_spec import single


def test_options_of_a_flow_change(engine: Engine) -> None:
    engine.flow(single("a"), max_attempts=3, base_delay=5, timeout=60)

    flow = engine.row("select * from pgflow.set_flow_options('flow', timeout => 90)")

    assert (flow["opt_max_attempts"], flow["opt_base_delay"], flow["opt_timeout"]) == (3, 5, 90)


def test_options_of_a_step_are_set_as_a_whole(engine: Engine) -> None:
    engine.flow(single("a", max_attempts=7, start_delay=30))

    step = engine.row("select * from pgflow.set_step_options('flow', 'a', timeout => 90)")

    assert (step["opt_max_attempts"], step["opt_start_delay"], step["opt_timeout"]) == (
        None,
        None,
        90,
    )


def test_a_run_in_flight_sees_new_options_at_its_next_attempt(engine: Engine) -> None:
    engine.flow(single("a"), timeout=60)
    run_id = engine.start()

    engine.do("select pgflow.set_step_options('flow', 'a', max_attempts => 1, timeout => 7)")

    (record,) = engine.start_step(run_id, "a")
    assert (record["timeout"], record["max_attempts"]) == (7, 1)
    assert engine.delay(run_id, "a") == about(9)


def test_options_do_not_change_the_shape(engine: Engine) -> None:
    engine.flow(single("a"))
    before = flow_shape(engine)

    engine.do("select pgflow.set_step_options('flow', 'a', max_attempts => 1)")
    engine.do("select pgflow.set_flow_options('flow', max_attempts => 1)")

    assert flow_shape(engine) == before


def test_a_bad_option_is_refused(engine: Engine) -> None:
    engine.flow(single("a"))

    diagnosis = engine.error("select pgflow.set_step_options('flow', 'a', timeout => 0)")

    assert diagnosis.constraint_name == "opt_timeout_is_positive"


def test_an_unknown_flow_has_no_options(engine: Engine) -> None:
    diagnosis = engine.error("select pgflow.set_flow_options('nowhere', timeout => 9)")

    assert diagnosis.sqlstate == "PF001"
    assert "nowhere" in str(diagnosis.message_primary)


def test_an_unknown_step_has_no_options(engine: Engine) -> None:
    engine.flow(single("a"))

    diagnosis = engine.error("select pgflow.set_step_options('flow', 'missing', timeout => 9)")

    assert diagnosis.sqlstate == "PF001"
    assert "missing" in str(diagnosis.message_primary)
