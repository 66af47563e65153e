"""The statements that `pgflow compile` writes are understood by the engine as they stand."""

from __future__ import annotations

from tests.sql.test_shapes import flow_shape, shape, step_shape
from tests.support.engine import Engine

COMPILED = """
SELECT pgflow.create_flow('f', max_attempts => 3, base_delay => 5, timeout => 60);
SELECT pgflow.add_step('f', 'a');
SELECT pgflow.add_step('f', 'b', ARRAY['a']);
SELECT pgflow.add_step('f', 'c', ARRAY['a', 'b'], max_attempts => 7, base_delay => 3,
  timeout => 90, start_delay => 30);
SELECT pgflow.add_step('f', 'd', ARRAY['a'],
  required_input_pattern => '{"a":{"ok":true}}', when_unmet => 'skip-cascade');
SELECT pgflow.add_step('f', 'g', step_type => 'map');
SELECT pgflow.add_step('f', 'h', ARRAY['g'], timeout => 20, step_type => 'map');
"""

EXPECTED = shape(
    step_shape("a"),
    step_shape("b", "a"),
    step_shape("c", "a", "b"),
    step_shape(
        "d",
        "a",
        whenUnmet="skip-cascade",
        requiredInputPattern={"defined": True, "value": {"a": {"ok": True}}},
    ),
    step_shape("g", stepType="map"),
    step_shape("h", "g", stepType="map"),
)


def test_compiled_statements_define_the_flow(engine: Engine) -> None:
    engine.connection.execute(COMPILED)

    assert flow_shape(engine, "f") == EXPECTED


def test_compiled_statements_may_run_twice(engine: Engine) -> None:
    engine.connection.execute(COMPILED)
    engine.connection.execute(COMPILED)

    assert flow_shape(engine, "f") == EXPECTED


def test_compiled_options_are_stored(engine: Engine) -> None:
    engine.connection.execute(COMPILED)

    step = engine.row("select * from pgflow.steps where step_slug = 'c'")

    assert (step["opt_max_attempts"], step["opt_base_delay"]) == (7, 3)
    assert (step["opt_timeout"], step["opt_start_delay"]) == (90, 30)
