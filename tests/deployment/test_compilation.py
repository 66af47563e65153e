"""A worker that starts brings its flows into the database, or is kept from starting."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from pgflow.config import Compilation
from pgflow.definition.flow import Flow
from pgflow.deployment import compilation as compiling
from pgflow.deployment.compilation import Registration, compile_at_start
from pgflow.deployment.policy import Action
from pgflow.environment import Environment
from pgflow.errors import EngineMissing, FlowConflict, FlowNotFound
from pgflow.testing import PgflowDatabase
from tests.deployment.flows import GROWN, TUNED, grown, plain, tuned
from tests.support.engine import Engine


class Start:
    """Starts of workers on one database, without the workers."""

    def __init__(self, dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.dsn = dsn
        self._monkeypatch = monkeypatch

    async def __call__(
        self, flow: Flow[Any], compilation: Compilation | None = None, **variables: str
    ) -> Registration | None:
        """What is done about the flow, with these variables in the environment."""
        with self._monkeypatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            done = await compile_at_start(self.dsn, [flow], compilation=compilation)
        return done[0] if done else None


@pytest.fixture
def start(pgflow_database: PgflowDatabase, monkeypatch: pytest.MonkeyPatch) -> Start:
    return Start(pgflow_database.dsn, monkeypatch)


def steps(engine: Engine) -> list[str]:
    rows = engine.rows("select step_slug from pgflow.steps order by step_index")
    return [row["step_slug"] for row in rows]


def options(engine: Engine) -> tuple[int, int | None, int | None]:
    row = engine.row(
        """select f.opt_max_attempts, s.opt_timeout, s.opt_start_delay
        from pgflow.flows f join pgflow.steps s using (flow_slug) where step_slug = 'process'"""
    )
    return row["opt_max_attempts"], row["opt_timeout"], row["opt_start_delay"]


def run_count(engine: Engine) -> int:
    return engine.value("select count(*) from pgflow.runs")


PRODUCTION: dict[str, Any] = {"PGFLOW_ENV": "production"}


@pytest.mark.parametrize("variables", [{}, PRODUCTION], ids=["local", "production"])
@pytest.mark.parametrize("compilation", ["phase1", "phase2"])
async def test_a_new_flow_is_created(
    start: Start, engine: Engine, compilation: Compilation, variables: dict[str, Any]
) -> None:
    done = await start(tuned(), compilation, **variables)

    assert done == Registration("my_flow", Action.CREATE)
    assert steps(engine) == ["fetch", "process"]
    assert options(engine) == (5, 90, 30)


@pytest.mark.parametrize("variables", [{}, PRODUCTION], ids=["local", "production"])
@pytest.mark.parametrize("compilation", ["phase1", "phase2"])
async def test_a_flow_that_is_there_already_is_verified(
    start: Start, engine: Engine, compilation: Compilation, variables: dict[str, Any]
) -> None:
    await start(tuned())
    engine.start("my_flow")

    done = await start(tuned(), compilation, **variables)

    assert done == Registration("my_flow", Action.NOTHING)
    assert run_count(engine) == 1


@pytest.mark.parametrize("variables", [{}, PRODUCTION], ids=["local", "production"])
async def test_new_options_are_updated_and_the_data_is_kept(
    start: Start, engine: Engine, variables: dict[str, Any]
) -> None:
    await start(plain())
    engine.start("my_flow")

    done = await start(tuned(), **variables)

    assert done == Registration("my_flow", Action.UPDATE, TUNED)
    assert options(engine) == (5, 90, 30)
    assert run_count(engine) == 1


async def test_options_that_are_gone_fall_back_to_the_defaults(
    start: Start, engine: Engine
) -> None:
    await start(tuned())

    await start(plain())

    assert options(engine) == (3, None, None)


async def test_new_options_drop_the_flow_in_local_phase_1(start: Start, engine: Engine) -> None:
    await start(plain())
    engine.start("my_flow")

    done = await start(tuned(), "phase1")

    assert done == Registration("my_flow", Action.RECREATE, TUNED)
    assert options(engine) == (5, 90, 30)
    assert run_count(engine) == 0


@pytest.mark.parametrize("compilation", ["phase1", "phase2"])
async def test_another_structure_drops_the_flow_locally(
    start: Start, engine: Engine, compilation: Compilation
) -> None:
    await start(plain())
    engine.start("my_flow")

    done = await start(grown(), compilation)

    assert done == Registration("my_flow", Action.RECREATE, GROWN)
    assert steps(engine) == ["fetch", "validate", "process"]
    assert run_count(engine) == 0


async def test_another_structure_is_refused_in_production(start: Start, engine: Engine) -> None:
    await start(plain())
    run_id = engine.start("my_flow")

    with pytest.raises(FlowConflict) as caught:
        await start(grown(), **PRODUCTION)

    assert str(caught.value) == (
        "Flow 'my_flow' structure mismatch\n"
        "- Step 'process' dependencies changed: ['fetch'] -> ['fetch', 'validate']\n"
        "- New step 'validate' added\n"
        f"Action: Deploy migration first (pgflow compile {plain.__code__.co_filename})"
    )
    assert caught.value.differences == GROWN
    assert steps(engine) == ["fetch", "process"]
    assert engine.run(run_id)["status"] == "started"


@pytest.mark.parametrize("changed", [tuned, grown])
async def test_whatever_changed_is_refused_in_production_phase_1(
    start: Start, engine: Engine, changed: Any
) -> None:
    await start(plain())
    engine.start("my_flow")

    with pytest.raises(FlowConflict) as caught:
        await start(changed(), "phase1", **PRODUCTION)

    assert str(caught.value) == (
        "Flow 'my_flow' already exists\nAction: Deploy migration first or use different slug"
    )
    assert steps(engine) == ["fetch", "process"]
    assert options(engine) == (3, None, None)
    assert run_count(engine) == 1


async def test_even_a_new_flow_needs_a_migration_where_that_is_required(
    start: Start, engine: Engine
) -> None:
    with pytest.raises(FlowNotFound, match="Flow 'my_flow' does not exist\nAction: Deploy migr"):
        await start(plain(), PGFLOW_REQUIRE_MIGRATIONS="true")

    assert steps(engine) == []


async def test_compilation_that_is_off_does_not_even_connect(
    start: Start, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "dsn", "postgresql://127.0.0.1:1/nowhere")

    assert await start(plain(), "off") is None
    assert await start(plain(), PGFLOW_COMPILATION="off") is None


async def test_the_argument_overrules_the_variable(start: Start) -> None:
    await start(plain())

    done = await start(tuned(), "phase2", PGFLOW_COMPILATION="phase1")

    assert done is not None
    assert done.action is Action.UPDATE


async def test_the_setting_of_the_project_counts(start: Start, tmp_path: Any) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.pgflow]\ncompilation = "phase1"\n')
    await start(plain())

    done = await start(tuned())

    assert done is not None
    assert done.action is Action.RECREATE


@pytest.mark.parametrize("compilation", ["phase1", "phase2"])
async def test_a_remote_database_is_never_dropped_because_a_variable_was_missing(
    start: Start,
    engine: Engine,
    compilation: Compilation,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await start(plain())
    engine.start("my_flow")
    pretend_to_be_far_away(monkeypatch)

    with pytest.raises(FlowConflict, match="or set PGFLOW_ENV=local if the data"):
        await start(grown(), compilation)

    assert run_count(engine) == 1
    assert "nothing that destroys data is done. Set PGFLOW_ENV=production" in caplog.text


async def test_a_remote_database_is_dropped_when_local_is_said(
    start: Start, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await start(plain())
    engine.start("my_flow")
    pretend_to_be_far_away(monkeypatch)

    done = await start(grown(), PGFLOW_ENV="local")

    assert done is not None
    assert done.action is Action.RECREATE
    assert run_count(engine) == 0


def pretend_to_be_far_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """No database of a test is on another machine; the real rule is tested with the environment."""
    monkeypatch.setattr(Environment, "expects", lambda self, *_: self.is_production)


async def test_of_several_flows_all_are_registered_or_none(
    start: Start, engine: Engine, pgflow_database: PgflowDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    await start(plain("taken"))
    monkeypatch.setenv("PGFLOW_ENV", "production")

    with pytest.raises(FlowConflict):
        await compile_at_start(pgflow_database.dsn, [plain("fresh"), grown("taken")])

    slugs = engine.rows("select flow_slug from pgflow.flows")
    assert slugs == [{"flow_slug": "taken"}]


async def test_a_database_without_the_engine_is_told_with_its_cure(empty_database: str) -> None:
    with pytest.raises(EngineMissing, match=r"no pgflow engine.* Install it with"):
        await compile_at_start(empty_database, [plain()])


MESSAGES = {
    plain: "✓ Flow 'my_flow' is up to date",
    tuned: """\
✓ Runtime options updated for flow 'my_flow'
- Flow: max_attempts 3 -> 5
- Step 'process': timeout inherited -> 90s
- Step 'process': start_delay 0s -> 30s""",
    grown: """\
✓ Flow 'my_flow' dropped and recreated
- Step 'process' dependencies changed: ['fetch'] -> ['fetch', 'validate']
- New step 'validate' added""",
}


@pytest.mark.parametrize(("flow", "message"), MESSAGES.items())
async def test_what_was_done_is_logged(
    start: Start, caplog: pytest.LogCaptureFixture, flow: Any, message: str
) -> None:
    await start(plain())

    with caplog.at_level(logging.INFO, logger=compiling.logger.name):
        await start(flow())

    assert message in caplog.messages
