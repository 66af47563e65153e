"""A migration as text: the statements of the contract, a line each, in one block."""

from __future__ import annotations

import json

import pytest

from pgflow.definition.compile import compile_flow
from pgflow.definition.shape import FlowShape
from pgflow.deployment.decompile import decompile_flow
from pgflow.deployment.migration import Migration, join, slugs_in, statements_in
from pgflow.errors import DeploymentError
from tests.deployment.flows import EVERYTHING, grown, plain, tuned


def test_the_text_is_one_block_with_a_guard() -> None:
    assert str(Migration(plain().shape())) == (
        "-- Flow 'my_flow', written by: pgflow compile\n"
        "-- Creates what is missing. Fails where the flow exists with another structure.\n"
        "DO $pgflow$\n"
        "BEGIN\n"
        "PERFORM pgflow.assert_flow_shape('my_flow', '{\"steps\": [\n"
        '  {"slug": "fetch", "stepType": "single", "dependencies": [], "whenUnmet": "skip", '
        '"whenExhausted": "fail", "requiredInputPattern": {"defined": false}, '
        '"forbiddenInputPattern": {"defined": false}},\n'
        '  {"slug": "process", "stepType": "single", "dependencies": ["fetch"], '
        '"whenUnmet": "skip", "whenExhausted": "fail", '
        '"requiredInputPattern": {"defined": false}, '
        '"forbiddenInputPattern": {"defined": false}}\n'
        "]}');\n"
        "EXECUTE $flow$\n"
        "SELECT pgflow.create_flow('my_flow');\n"
        "SELECT pgflow.add_step('my_flow', 'fetch');\n"
        "SELECT pgflow.add_step('my_flow', 'process', ARRAY['fetch']);\n"
        "$flow$;\n"
        "END\n"
        "$pgflow$;\n"
    )


def test_the_statements_stand_in_it_as_they_are_compiled() -> None:
    text = str(Migration(EVERYTHING))

    assert statements_in(text) == compile_flow(EVERYTHING)


def test_a_replacement_says_what_it_does() -> None:
    text = str(Migration(plain().shape(), replaces=True))

    assert text.startswith(
        "-- Flow 'my_flow', written by: pgflow compile --replace\n"
        "-- Drops another definition of the flow, with its data. Fails while it has unfinished "
        "runs.\n"
    )
    assert "PERFORM pgflow.drop_replaced_flow('my_flow', '{" in text


def test_dollar_quotes_never_end_within_a_pattern() -> None:
    text = str(Migration(EVERYTHING))

    assert "DO $pgflow1$\n" in text
    assert "EXECUTE $flow1$\n" in text


def test_a_pattern_that_sqlalchemy_would_misread_is_pointed_out() -> None:
    hint = "-- With Alembic run it by op.get_bind().exec_driver_sql()"

    assert hint in str(Migration(EVERYTHING))
    assert hint not in str(Migration(tuned().shape()))


def test_the_flows_of_several_migrations_are_found_again() -> None:
    text = join([Migration(plain("one").shape()), Migration(EVERYTHING)])

    assert slugs_in(text) == ["one", "f"]


@pytest.mark.parametrize(
    ("there", "wanted", "expected"),
    [
        (Migration(plain().shape()), Migration(plain().shape()), True),
        (Migration(plain().shape(), replaces=True), Migration(plain().shape()), True),
        (Migration(plain().shape()), Migration(plain().shape(), replaces=True), False),
        (Migration(plain().shape()), Migration(tuned().shape()), False),
        (Migration(plain().shape()), Migration(grown().shape()), False),
    ],
)
def test_a_migration_knows_what_is_done_already(
    there: Migration, wanted: Migration, expected: bool
) -> None:
    assert wanted.is_done_by(str(there)) is expected


def test_statements_are_read_back_as_the_shape_that_they_came_from() -> None:
    assert decompile_flow(compile_flow(EVERYTHING)) == EVERYTHING


def test_a_flow_without_steps_is_read_back() -> None:
    assert decompile_flow(["SELECT pgflow.create_flow('empty');"]) == FlowShape("empty")


@pytest.mark.parametrize(
    "statements",
    [
        [],
        [""],
        ["SELECT 1;"],
        ["DROP SCHEMA pgflow CASCADE;"],
        ["SELECT pgflow.create_flow('f'); DROP TABLE x;"],
        ["SELECT pgflow.create_flow('f');", "SELECT pgflow.add_step('other', 'a');"],
        ["SELECT pgflow.create_flow('f');", "SELECT pgflow.add_step('f', 'a', (SELECT 1));"],
        ["SELECT pgflow.create_flow('f');", "SELECT pgflow.add_step('f');"],
        ["SELECT pgflow.create_flow('f');", "SELECT pgflow.add_step('f', 'a', colour => 'red');"],
        ["SELECT pgflow.create_flow('f', timeout => (SELECT 9));"],
        ["SELECT pgflow.add_step('f', 'a');"],
        [
            "SELECT pgflow.create_flow('f');",
            "SELECT pgflow.add_step('f', 'a', required_input_pattern => '{no json');",
        ],
    ],
    ids=json.dumps,
)
def test_anything_else_is_no_compiled_flow(statements: list[str]) -> None:
    with pytest.raises(DeploymentError) as caught:
        decompile_flow(statements)

    assert str(caught.value) == (
        "this is no compiled flow: expected the statements that `pgflow compile` writes"
    )
