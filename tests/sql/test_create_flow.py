"""Flows and steps are registered once and do not change."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, LiteralString

import pytest

from pgflow.testing import PgflowDatabase
from tests.support.engine import Engine
from tests.support.flow_spec import StepSpec, map_over, single


def create_flow(engine: Engine, options: LiteralString = "") -> dict[str, Any]:
    return engine.row(f"select * from pgflow.create_flow(flow_slug => 'flow'{options})")


def step_row(engine: Engine, slug: str) -> dict[str, Any]:
    return engine.row("select * from pgflow.steps where step_slug = %(slug)s", slug=slug)


def test_a_flow_has_default_options(engine: Engine) -> None:
    flow = create_flow(engine)

    assert (flow["flow_slug"], flow["created_at"] is not None) == ("flow", True)
    assert (flow["opt_max_attempts"], flow["opt_base_delay"], flow["opt_timeout"]) == (3, 5, 60)


def test_a_flow_takes_options_by_name(engine: Engine) -> None:
    flow = create_flow(engine, ", max_attempts => 7, base_delay => 0, timeout => 90")

    assert (flow["opt_max_attempts"], flow["opt_base_delay"], flow["opt_timeout"]) == (7, 0, 90)


def test_a_flow_gets_its_queue(engine: Engine) -> None:
    create_flow(engine)

    assert engine.queue() == {}
    assert engine.archive() == {}


def test_an_existing_flow_is_returned_unchanged(engine: Engine) -> None:
    first = create_flow(engine, ", max_attempts => 7")

    assert create_flow(engine, ", max_attempts => 1, timeout => 1") == first


def test_a_missing_queue_is_created_again(engine: Engine) -> None:
    create_flow(engine)
    engine.do("select pgmq.drop_queue('flow')")

    create_flow(engine)

    assert engine.queue() == {}


@pytest.mark.parametrize("slug", ["not-a-slug", "", "1st", "run", "x" * 129])
def test_a_bad_flow_slug_is_refused(engine: Engine, slug: str) -> None:
    diagnosis = engine.error("select pgflow.create_flow(%(slug)s)", slug=slug)

    assert diagnosis.constraint_name == "slug_is_valid"
    assert engine.rows("select from pgflow.flows") == []


def test_steps_are_numbered_in_order(engine: Engine) -> None:
    engine.flow(single("z"), single("a"), single("m", "z"))

    rows = engine.rows("select step_slug, step_index from pgflow.steps order by step_index")

    assert [(row["step_slug"], row["step_index"]) for row in rows] == [("z", 0), ("a", 1), ("m", 2)]


def test_a_step_inherits_unless_told(engine: Engine) -> None:
    engine.flow(single("plain"))

    step = step_row(engine, "plain")

    assert {name: step[name] for name in step if name.startswith("opt_")} == {
        "opt_max_attempts": None,
        "opt_base_delay": None,
        "opt_timeout": None,
        "opt_start_delay": None,
    }
    assert (step["step_type"], step["when_unmet"], step["when_exhausted"]) == (
        "single",
        "skip",
        "fail",
    )


def test_a_step_takes_every_option_by_name(engine: Engine) -> None:
    engine.flow(single("a"))

    step = engine.row(
        """select * from pgflow.add_step(flow_slug => 'flow', step_slug => 'b',
          deps_slugs => array['a'], max_attempts => 7, base_delay => 3, timeout => 90,
          start_delay => 30, step_type => 'map', required_input_pattern => '{"a": [1]}',
          forbidden_input_pattern => '{"a": [2]}', when_unmet => 'fail',
          when_exhausted => 'skip-cascade')"""
    )

    assert (step["opt_max_attempts"], step["opt_base_delay"]) == (7, 3)
    assert (step["opt_timeout"], step["opt_start_delay"]) == (90, 30)
    assert (step["step_type"], step["deps_count"]) == ("map", 1)
    assert (step["required_input_pattern"], step["forbidden_input_pattern"]) == (
        {"a": [1]},
        {"a": [2]},
    )
    assert (step["when_unmet"], step["when_exhausted"]) == ("fail", "skip-cascade")


def test_dependencies_are_stored(engine: Engine) -> None:
    engine.flow(single("a"), single("b"), single("c", "b", "a"))

    rows = engine.rows("select dep_slug, step_slug from pgflow.deps order by dep_slug")

    assert [(row["dep_slug"], row["step_slug"]) for row in rows] == [("a", "c"), ("b", "c")]
    assert step_row(engine, "c")["deps_count"] == 2


def test_a_map_has_at_most_one_dependency(engine: Engine) -> None:
    engine.flow(single("a"), single("b"))

    diagnosis = engine.error(
        "select pgflow.add_step('flow', 'each', array['a', 'b'], step_type => 'map')"
    )

    assert diagnosis.message_primary == (
        'Map step "each" can have at most one dependency, but 2 were provided: a, b'
    )


def test_a_dependency_exists_already(engine: Engine) -> None:
    engine.flow(single("a"))

    diagnosis = engine.error("select pgflow.add_step('flow', 'b', array['a', 'missing'])")

    assert "missing" in f"{diagnosis.message_primary} {diagnosis.message_detail}"
    assert [row["step_slug"] for row in engine.rows("select step_slug from pgflow.steps")] == ["a"]


def test_a_step_does_not_depend_on_itself(engine: Engine) -> None:
    engine.flow()

    engine.error("select pgflow.add_step('flow', 'a', array['a'])")

    assert engine.rows("select from pgflow.steps") == []


def test_a_step_needs_its_flow(engine: Engine) -> None:
    diagnosis = engine.error("select pgflow.add_step('nowhere', 'a')")

    assert diagnosis.sqlstate in ("23503", "PF001")


def test_an_existing_step_is_returned_unchanged(engine: Engine) -> None:
    engine.flow(single("a"), single("b"), single("c", "a", "b", timeout=9))

    again = engine.add_step("flow", single("c", "b", "a"))

    assert again == step_row(engine, "c")
    assert again["opt_timeout"] == 9


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        (single("c"), "dependencies"),
        (single("c", "a", "b"), "dependencies"),
        (single("c", "b"), "dependencies"),
        (map_over("c", "a"), "type"),
        (single("c", "a", required={"a": 2}), "required"),
        (single("c", "a"), "required"),
        (single("c", "a", required={"a": 1}, forbidden={"a": 1}), "forbidden"),
        (single("c", "a", required={"a": 1}, when_unmet="fail"), "unmet"),
        (single("c", "a", required={"a": 1}, when_exhausted="skip"), "exhausted"),
    ],
)
def test_an_existing_step_does_not_change(engine: Engine, changed: StepSpec, named: str) -> None:
    engine.flow(single("a"), single("b"), single("c", "a", required={"a": 1}))
    before = step_row(engine, "c")

    with pytest.raises(Exception, match=named) as refusal:
        engine.add_step("flow", changed)

    assert "c" in str(refusal.value)
    assert step_row(engine, "c") == before


def test_steps_added_at_once_get_numbers_of_their_own(
    engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    engine.flow()
    slugs = [f"s{number}" for number in range(8)]

    def add(slug: str) -> int:
        with Engine.connect(pgflow_database.dsn).connection as connection:
            return Engine(connection).add_step("flow", single(slug))["step_index"]

    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(add, slugs))

    assert sorted(numbers) == list(range(8))
