from __future__ import annotations

from typing import Any

from pgflow import Flow
from pgflow.definition.compile import compile_flow


def ignore(*values: Any) -> Any:
    """The handler of every step here."""


def add_step(flow: Flow[Any]) -> str:
    return compile_flow(flow.shape())[-1]


def test_the_flow_comes_first_then_its_steps_in_the_order_of_definition() -> None:
    flow = Flow("greet_user", max_attempts=3, base_delay=5, timeout=60)
    full_name = flow.step(slug="full_name")(ignore)
    flow.step(full_name, slug="greeting")(ignore)

    statements = compile_flow(flow.shape())

    assert statements == [
        (
            "SELECT pgflow.create_flow('greet_user', "
            "max_attempts => 3, base_delay => 5, timeout => 60);"
        ),
        "SELECT pgflow.add_step('greet_user', 'full_name');",
        "SELECT pgflow.add_step('greet_user', 'greeting', ARRAY['full_name']);",
    ]


def test_options_that_were_not_given_are_left_out() -> None:
    assert compile_flow(Flow("f").shape()) == ["SELECT pgflow.create_flow('f');"]
    assert compile_flow(Flow("f", timeout=90).shape()) == [
        "SELECT pgflow.create_flow('f', timeout => 90);"
    ]


def test_dependencies_come_in_the_order_of_parameters_and_options_in_that_of_the_contract() -> None:
    flow = Flow("f")
    b, a = flow.step(slug="b")(ignore), flow.step(slug="a")(ignore)
    flow.step(a, b, slug="c", start_delay=30, timeout=90, base_delay=3, max_attempts=7)(ignore)

    assert add_step(flow) == (
        "SELECT pgflow.add_step('f', 'c', ARRAY['a', 'b'], "
        "max_attempts => 7, base_delay => 3, timeout => 90, start_delay => 30);"
    )


def test_conditions_are_compact_json() -> None:
    flow = Flow("f")
    a = flow.step(slug="a")(ignore)
    flow.step(a, slug="d", when={"a": {"ok": True}}, when_unmet="skip-cascade")(ignore)

    assert add_step(flow) == (
        "SELECT pgflow.add_step('f', 'd', ARRAY['a'], "
        """required_input_pattern => '{"a":{"ok":true}}', when_unmet => 'skip-cascade');"""
    )


def test_every_condition_has_its_place() -> None:
    flow = Flow("f")
    flow.step(
        slug="a", when_exhausted="skip", when_unmet="skip", unless={"b": 1}, when={}, timeout=5
    )(ignore)

    assert add_step(flow) == (
        "SELECT pgflow.add_step('f', 'a', timeout => 5, required_input_pattern => '{}', "
        """forbidden_input_pattern => '{"b":1}', when_unmet => 'skip', when_exhausted => 'skip');"""
    )


def test_a_pattern_keeps_its_order_and_its_letters_and_doubles_single_quotes() -> None:
    flow = Flow("f")
    flow.step(slug="a", when={"z": "it's", "a": "größer"})(ignore)

    assert add_step(flow) == (
        """SELECT pgflow.add_step('f', 'a', """
        """required_input_pattern => '{"z":"it''s","a":"größer"}');"""
    )


def test_a_root_map_and_a_dependent_map() -> None:
    flow = Flow("f", input=list[int])
    g = flow.map(slug="g")(lambda number: number)
    flow.map(g, slug="h", timeout=20)(lambda number: number)

    assert compile_flow(flow.shape())[1:] == [
        "SELECT pgflow.add_step('f', 'g', step_type => 'map');",
        "SELECT pgflow.add_step('f', 'h', ARRAY['g'], timeout => 20, step_type => 'map');",
    ]
