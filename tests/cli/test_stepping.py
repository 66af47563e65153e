from __future__ import annotations

import json
from uuid import UUID

import pytest

from tests.support.commands import CommandLine, Start
from tests.support.engine import Engine
from tests.support.greeter import ALICE, greet


@pytest.fixture
def paused(cli: CommandLine, greeting_engine: Engine) -> UUID:
    """A run that was started paused."""
    answer = cli("start", "greet_user", "--input", json.dumps(ALICE), "--paused")
    return UUID(answer.output.strip())


@pytest.fixture
def completed(engine: Engine, start_greeting: Start) -> UUID:
    run_id = start_greeting()
    greet(engine, run_id)
    return run_id


def test_a_run_is_started_paused(engine: Engine, paused: UUID) -> None:
    assert engine.run(paused)["paused_at"] is not None
    assert set(engine.statuses(paused).values()) == {"created"}


def test_a_run_is_paused_and_goes_on(cli: CommandLine, start_greeting: Start) -> None:
    run_id = str(start_greeting())

    assert cli("runs", "pause", run_id).output == (
        f"✓ Run {run_id} of flow 'greet_user' is paused\n"
    )
    assert cli("runs", "resume", run_id).output == (
        f"✓ Run {run_id} of flow 'greet_user' is started\n"
    )


def test_step_starts_the_next_one(cli: CommandLine, engine: Engine, paused: UUID) -> None:
    said = cli("runs", "step", str(paused)).output

    assert said == f"✓ Step 'full_name' of run {paused} goes on\n"
    assert engine.step(paused, "full_name")["status"] == "started"


def test_step_says_that_nothing_is_ready(cli: CommandLine, paused: UUID) -> None:
    cli("runs", "step", str(paused), "full_name")

    said = cli.refused("runs", "step", str(paused))

    assert said == (
        f"Error: no step of run {paused} is ready. See what it waits for: pgflow explain {paused}\n"
    )


@pytest.mark.parametrize(
    "order", [("step", "RUN", "nope"), ("edit", "RUN", "nope", "--output", "1")]
)
def test_the_steps_of_the_run_are_named_to_who_names_another(
    cli: CommandLine, paused: UUID, order: tuple[str, ...]
) -> None:
    said = cli.refused("runs", *(str(paused) if each == "RUN" else each for each in order))

    unknown = f'Error: run {paused} has no step "nope"'
    assert said == f"{unknown}. Its steps are: full_name, greeting\n"


def test_a_paused_run_is_shown_as_paused(cli: CommandLine, engine: Engine, paused: UUID) -> None:
    shown = cli("runs", "show", str(paused)).output
    told = cli("runs", "show", str(paused), "--json").json

    assert shown.startswith(f"● greet_user  {paused}  started (paused)  ")
    assert told["paused_at"] == engine.run(paused)["paused_at"].isoformat()


def test_an_output_is_edited(cli: CommandLine, engine: Engine, paused: UUID) -> None:
    cli("runs", "step", str(paused))
    engine.finish(paused, "full_name", "Alice Smith")

    said = cli("runs", "edit", str(paused), "full_name", "--output", '"Bob"').output

    assert said == f"✓ Step 'full_name' of run {paused} has another output\n"
    assert engine.step(paused, "full_name")["output"] == "Bob"


def test_an_output_that_is_there_no_more_is_not_edited(cli: CommandLine, paused: UUID) -> None:
    said = cli.refused("runs", "edit", str(paused), "full_name", "--output", "1")

    assert said == f'Error: step "full_name" of run {paused} has not completed\n'


def test_a_run_is_repeated_with_the_same_input(
    cli: CommandLine, engine: Engine, completed: UUID
) -> None:
    again = UUID(cli("runs", "rerun", str(completed)).output.strip())

    assert engine.run(again)["input"] == ALICE
    assert engine.statuses(again) == {"full_name": "started", "greeting": "created"}


def test_a_run_is_repeated_from_a_step_with_other_outputs(
    cli: CommandLine, engine: Engine, completed: UUID
) -> None:
    changed = '{"full_name": "Bob"}'

    again = UUID(
        cli(
            "runs", "rerun", str(completed), "--from", "greeting", "--input", changed
        ).output.strip()
    )

    assert engine.step(again, "full_name")["output"] == "Bob"
    assert engine.step(again, "greeting")["status"] == "started"


def test_a_run_is_repeated_paused(cli: CommandLine, engine: Engine, completed: UUID) -> None:
    again = UUID(cli("runs", "rerun", str(completed), "--paused").output.strip())

    assert engine.run(again)["paused_at"] is not None
