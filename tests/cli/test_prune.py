from __future__ import annotations

import pytest

from tests.support.commands import CommandLine, Start
from tests.support.engine import Engine
from tests.support.greeter import greet


@pytest.fixture
def old_runs(greeting_engine: Engine, start_greeting: Start) -> Engine:
    """Five runs that ended two days ago, and an unfinished one that is as old."""
    for _ in range(5):
        greet(greeting_engine, start_greeting())
    start_greeting()
    greeting_engine.advance(2 * 86400)
    return greeting_engine


def test_old_runs_go_in_batches_and_the_rest_stays(
    cli: CommandLine, old_runs: Engine, start_greeting: Start
) -> None:
    greet(old_runs, start_greeting())

    shown = cli("prune", "--older-than", "1d", "--batch", "2").output

    assert shown.startswith("✓ Deleted 5 runs with 10 tasks, 10 archived messages, ")
    assert old_runs.value("select count(*) from pgflow.runs") == 2


def test_json_has_the_figures(cli: CommandLine, old_runs: Engine) -> None:
    removed = cli("prune", "--older-than", "1d", "--json").json

    assert removed["runs"] == 5
    assert removed["step_states"] == 10


def test_younger_runs_stay(cli: CommandLine, old_runs: Engine) -> None:
    assert cli("prune", "--older-than", "1w", "--json").json["runs"] == 0


def test_the_age_has_to_be_said(cli: CommandLine) -> None:
    said = cli.refused("prune", exit_code=2)

    assert "Missing option '--older-than'" in said


def test_a_batch_that_would_never_come_to_an_end_is_refused(cli: CommandLine) -> None:
    said = cli.refused("prune", "--older-than", "1d", "--batch", "0", exit_code=2)

    assert "0 is not in the range 1<=x<=1000000" in said


def test_a_database_that_was_hardly_meant_is_refused(bare_cli: CommandLine) -> None:
    url = "postgresql://db.example.com/shop"

    said = bare_cli.refused("prune", "--older-than", "1d", "--database-url", url)

    assert "nothing that destroys data is done" in said


def test_production_prunes_what_it_is_told(
    cli: CommandLine, old_runs: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGFLOW_ENV", "production")

    assert cli("prune", "--older-than", "1d", "--json").json["runs"] == 5
