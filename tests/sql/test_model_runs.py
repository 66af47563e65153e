"""Random flows, worked on at random, do what the reference model says."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.engine import Engine
from tests.support.flow_spec import FlowSpec
from tests.support.jsonb import Json, contains
from tests.support.player import Player
from tests.support.scripts import VALUES, Script, flows, scripts
from psycopg.types.json import Jsonb

# `PGFLOW_MODEL_EXAMPLES=5000 pytest tests/sql/test_model_runs.py` is the long form.
EXAMPLES = int(os.environ.get("PGFLOW_MODEL_EXAMPLES", "60"))

random_play = settings(
    max_examples=EXAMPLES,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@random_play
@given(flow=flows(max_steps=6), script=scripts(max_size=25))
def test_every_action_leaves_the_rows_of_the_model(
    engine: Engine, flow: FlowSpec, script: Script
) -> None:
    Player(engine, flow, strict=True).play(script)


@random_play
@given(flow=flows(max_steps=12), script=scripts(max_size=40))
def test_long_scripts_end_with_the_rows_of_the_model(
    engine: Engine, flow: FlowSpec, script: Script
) -> None:
    Player(engine, flow, strict=False).play(script)
