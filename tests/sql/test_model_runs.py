"""Random flows, worked on at random, do what the reference model says.

A script that fails is printed as it was played, and as arguments to paste into an `@example`.
`PGFLOW_MODEL_BATCHES=50 pytest -m slow tests/sql/test_model_runs.py` plays thousands.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings

from tests.support.engine import Engine
from tests.support.flow_spec import FlowSpec
from tests.support.player import Player
from tests.support.scripts import Script, flows, scripts

quick = settings(
    max_examples=40,
    deadline=None,
    print_blob=True,
    # One database serves all examples of a test: each has a flow and runs of its own.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
thorough = settings(quick, max_examples=150)
# Each batch has a database of its own, lest one grow until it is slow.
batches = pytest.mark.parametrize("batch", range(int(os.environ.get("PGFLOW_MODEL_BATCHES", "2"))))

small_flows, small_scripts = flows(max_steps=6), scripts(12, 30)
large_flows, large_scripts = flows(max_steps=12), scripts(15, 40)


@quick
@given(flow=small_flows, script=small_scripts)
def test_every_action_leaves_the_rows_of_the_model(
    engine: Engine, flow: FlowSpec, script: Script
) -> None:
    Player(engine, flow, strict=True).play(script)


@quick
@given(flow=large_flows, script=large_scripts)
def test_a_long_script_ends_with_the_rows_of_the_model(
    engine: Engine, flow: FlowSpec, script: Script
) -> None:
    Player(engine, flow, strict=False).play(script)


@pytest.mark.slow
@batches
@thorough
@given(flow=small_flows, script=small_scripts)
def test_many_scripts_leave_the_rows_of_the_model(
    engine: Engine, batch: int, flow: FlowSpec, script: Script
) -> None:
    Player(engine, flow, strict=True).play(script)


@pytest.mark.slow
@batches
@thorough
@given(flow=large_flows, script=large_scripts)
def test_many_long_scripts_end_with_the_rows_of_the_model(
    engine: Engine, batch: int, flow: FlowSpec, script: Script
) -> None:
    Player(engine, flow, strict=False).play(script)
