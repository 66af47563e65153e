from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from pgflow.operations import ReasonRow
from pgflow.reasons import SENTENCES, sentence
from pgflow.statements import RunRow
from tests.support.commands import CommandLine, Start
from tests.support.engine import Engine
from tests.support.greeter import fail_to_greet, greet

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
RUN = UUID("00000000-0000-0000-0000-000000000001")
WORKER = UUID("00000000-0000-0000-0000-000000000007")


def reason(situation: str, *, tasks: int = 1, error: str | None = "no route") -> ReasonRow:
    return ReasonRow(
        step_slug="pay",
        situation=situation,
        tasks=tasks,
        since=NOON - timedelta(seconds=90),
        due_at=NOON + timedelta(seconds=30),
        worker_id=WORKER,
        attempt=1,
        max_attempts=3,
        error_message=error,
        waits_for=["order", "stock"],
    )


def run() -> RunRow:
    return RunRow(RUN, "shop", "started", None, None, None, 1, NOON, None, None, None)


def said(situation: str) -> str:
    return sentence(reason(situation), run(), now=NOON)


@pytest.mark.parametrize("situation", SENTENCES)
def test_every_situation_has_a_sentence_about_its_step(situation: str) -> None:
    assert said(situation).startswith("pay: ")


def test_the_sentences_name_what_matters() -> None:
    due = f"{(NOON + timedelta(seconds=30)).astimezone():%H:%M:%S} (in 30.0 s)"
    since = f"{(NOON - timedelta(seconds=90)).astimezone():%H:%M:%S} (1 min 30 s ago)"

    assert said("waiting") == "pay: waits for order, stock"
    assert said("paused") == (
        f"pay: the run is paused since {since}. Let it go on with: pgflow runs resume {RUN}"
    )
    assert said("start_delay") == f"pay: its start is delayed until {due}"
    assert said("retry_due") == (
        f"pay: attempt 1 of 3 failed (no route); the next one is due {due}"
    )
    assert said("running") == (
        f"pay: attempt 1 of 3 runs on worker {WORKER} since {since}, until {due} at most"
    )
    assert said("no_worker") == (
        "pay: no worker serves flow 'shop'. Start one with: pgflow worker FLOWS"
    )


def test_tasks_of_a_map_are_counted() -> None:
    assert sentence(reason("no_worker", tasks=40), run()).startswith("pay: 40 tasks, no worker")


def test_an_error_of_many_lines_is_one_line() -> None:
    told = sentence(reason("retry_due", error="boom\nat line 7"), run(), now=NOON)

    assert "failed (boom); the next" in told


def test_every_situation_of_the_engine_has_a_sentence(engine: Engine) -> None:
    documented = engine.value(
        "select string_agg(prosrc, '') from pg_proc where pronamespace = 'pgflow'::regnamespace"
        " and proname in ('_task_situation', '_serving_situation', '_explain_waiting_steps')"
    )

    assert [situation for situation in SENTENCES if f"'{situation}'" not in documented] == []


class TestCommand:
    def test_each_open_step_has_its_reason(self, cli: CommandLine, start_greeting: Start) -> None:
        run_id = start_greeting()

        assert cli("explain", str(run_id)).output.splitlines() == [
            "full_name: no worker serves flow 'greet_user'. Start one with: pgflow worker FLOWS",
            "greeting: waits for full_name",
        ]

    def test_json_has_the_reasons_as_data(self, cli: CommandLine, start_greeting: Start) -> None:
        run_id = start_greeting()

        shown = cli("explain", str(run_id), "--json").json

        assert shown["status"] == "started"
        assert [each["situation"] for each in shown["reasons"]] == ["no_worker", "waiting"]

    def test_a_failed_run_says_how_to_carry_on(
        self, cli: CommandLine, greeting_engine: Engine, start_greeting: Start
    ) -> None:
        run_id = start_greeting()
        fail_to_greet(greeting_engine, run_id)

        assert cli("explain", str(run_id)).output == (
            "The run has failed at greeting: lost my voice: twice. "
            f"Carry on with: pgflow runs retry {run_id}\n"
        )

    def test_a_completed_run_has_nothing_to_explain(
        self, cli: CommandLine, greeting_engine: Engine, start_greeting: Start
    ) -> None:
        run_id = start_greeting()
        greet(greeting_engine, run_id)

        assert cli("explain", str(run_id)).output == "The run has completed\n"

    def test_an_unknown_run_is_an_error(self, cli: CommandLine) -> None:
        run_id = uuid4()

        assert f"there is no run {run_id}" in cli.refused("explain", str(run_id))
