"""Migrations in real databases, by the tools that people apply them with."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pytest

from pgflow.definition.flow import Flow
from pgflow.definition.shape import FlowShape, StepShape
from pgflow.deployment.migration import Migration
from pgflow.testing import PgflowDatabase
from tests.deployment.appliers import APPLIERS, Psql
from tests.deployment.flows import grown, plain, tuned
from tests.support.engine import Engine


class Applier(Protocol):
    def apply(self, file: Path) -> str:
        """Apply a file; returns what went wrong."""
        ...


@pytest.fixture(params=APPLIERS)
def applier(request: pytest.FixtureRequest, pgflow_database: PgflowDatabase) -> Applier:
    return APPLIERS[request.param](pgflow_database.dsn)


def file_of(flow: Flow[object] | FlowShape, *, replaces: bool = False) -> Path:
    shape = flow.shape() if isinstance(flow, Flow) else flow
    file = Path("20260101000000_create_flow.sql")
    file.write_text(str(Migration(shape, replaces=replaces)))
    return file


def steps(engine: Engine) -> list[str]:
    rows = engine.rows("select step_slug from pgflow.steps order by step_index")
    return [row["step_slug"] for row in rows]


def test_a_migration_creates_the_flow(applier: Applier, engine: Engine) -> None:
    assert applier.apply(file_of(tuned())) == ""

    assert steps(engine) == ["fetch", "process"]
    assert engine.value("select opt_max_attempts from pgflow.flows") == 5


def test_a_migration_may_be_applied_twice(applier: Applier, engine: Engine) -> None:
    applier.apply(file_of(plain()))
    engine.start("my_flow")

    assert applier.apply(file_of(plain())) == ""

    assert steps(engine) == ["fetch", "process"]
    assert engine.value("select count(*) from pgflow.runs") == 1


def test_a_migration_fails_over_another_structure(applier: Applier, engine: Engine) -> None:
    applier.apply(file_of(plain()))
    run_id = engine.start("my_flow")

    told = applier.apply(file_of(grown()))

    assert 'flow "my_flow" exists with another structure' in told
    assert "Step count differs: 3 vs 2\n" in told
    assert "Step at index 1: slug differs 'validate' vs 'process'\n" in told
    assert "Step at index 2: missing in second shape (first has 'process')\n" in told
    assert steps(engine) == ["fetch", "process"]
    assert engine.run(run_id)["status"] == "started"


def test_a_migration_with_fewer_steps_fails_as_well(applier: Applier, engine: Engine) -> None:
    applier.apply(file_of(grown()))

    told = applier.apply(file_of(plain()))

    assert "Step count differs: 2 vs 3" in told
    assert steps(engine) == ["fetch", "validate", "process"]


def test_a_replacement_drops_and_recreates(applier: Applier, engine: Engine) -> None:
    applier.apply(file_of(plain()))
    run_id = engine.start("my_flow")
    engine.cancel(run_id)

    assert applier.apply(file_of(grown(), replaces=True)) == ""

    assert steps(engine) == ["fetch", "validate", "process"]
    assert engine.rows("select from pgflow.runs") == []


def test_a_replacement_refuses_while_runs_are_unfinished(applier: Applier, engine: Engine) -> None:
    applier.apply(file_of(plain()))
    run_id = engine.start("my_flow")

    told = applier.apply(file_of(grown(), replaces=True))

    assert 'flow "my_flow" cannot be replaced: 1 of its runs are unfinished' in told
    assert steps(engine) == ["fetch", "process"]
    assert engine.run(run_id)["status"] == "started"


def test_a_replacement_that_is_in_place_keeps_the_data(applier: Applier, engine: Engine) -> None:
    applier.apply(file_of(tuned(), replaces=True))
    run_id = engine.start("my_flow")

    assert applier.apply(file_of(tuned(), replaces=True)) == ""

    assert engine.run(run_id)["status"] == "started"


def test_a_replacement_brings_other_options_too(applier: Applier, engine: Engine) -> None:
    applier.apply(file_of(plain()))

    assert applier.apply(file_of(tuned(), replaces=True)) == ""

    assert engine.value("select opt_max_attempts from pgflow.flows") == 5


def test_the_old_migration_fails_after_a_replacement(applier: Applier, engine: Engine) -> None:
    applier.apply(file_of(plain()))
    applier.apply(file_of(grown(), replaces=True))

    assert "another structure" in applier.apply(file_of(plain()))
    assert applier.apply(file_of(grown())) == ""
    assert steps(engine) == ["fetch", "validate", "process"]


AWKWARD = FlowShape(
    "awkward",
    (
        StepShape("a", when='{"ok":true,"n":1}', unless='{"it\'s":"$flow$ $pgflow$ \\"quoted\\""}'),
        StepShape("b", "map", when_unmet="skip-cascade", when_exhausted="skip"),
    ),
)


@pytest.mark.parametrize("name", ["psql", "plain files", "driver"])
def test_patterns_arrive_as_they_were_written(
    name: str, engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    applier = APPLIERS[name](pgflow_database.dsn)

    assert applier.apply(file_of(AWKWARD)) == ""
    assert applier.apply(file_of(AWKWARD)) == ""

    step = engine.row("select * from pgflow.steps where step_slug = 'a'")
    assert step["required_input_pattern"] == {"ok": True, "n": 1}
    assert step["forbidden_input_pattern"] == {"it's": '$flow$ $pgflow$ "quoted"'}


def test_psql_gives_hint_and_exit_code(engine: Engine, pgflow_database: PgflowDatabase) -> None:
    psql = Psql(pgflow_database.dsn, "--single-transaction", "--set", "ON_ERROR_STOP=1")
    psql.apply(file_of(plain()))

    told = psql.apply(file_of(grown()))

    assert "HINT:  Use another slug, or write the migration with: pgflow compile --replace" in told
    assert steps(engine) == ["fetch", "process"]


def test_a_database_without_the_engine_stays_empty(empty_database: str) -> None:
    told = Psql(empty_database).apply(file_of(plain()))

    assert 'schema "pgflow" does not exist' in told
