from __future__ import annotations

import re
from uuid import UUID, uuid4

import pytest

from tests.support.commands import CommandLine, Start
from tests.support.engine import Engine
from tests.support.flow_spec import StepSpec
from tests.support.greeter import ALICE, fail_to_greet, greet


@pytest.fixture
def completed(greeting_engine: Engine, start_greeting: Start) -> UUID:
    run_id = start_greeting()
    greet(greeting_engine, run_id)
    return run_id


@pytest.fixture
def failed(greeting_engine: Engine, start_greeting: Start) -> UUID:
    run_id = start_greeting()
    fail_to_greet(greeting_engine, run_id)
    return run_id


def ids(cli: CommandLine, *filters: str) -> list[str]:
    return [run["run_id"] for run in cli("runs", "list", "--json", *filters).json]


@pytest.mark.parametrize(
    "arguments", [("runs", "list"), ("runs", "show", "RUN"), ("explain", "RUN")]
)
def test_an_error_cannot_command_the_terminal(
    cli: CommandLine, engine: Engine, failed: UUID, arguments: tuple[str, ...]
) -> None:
    engine.do("update pgflow.runs set error_message = U&'\\001b]0;owned\\0007'")
    engine.do("update pgflow.step_tasks set error_message = U&'\\001b]0;owned\\0007'")

    shown = cli(*(str(failed) if each == "RUN" else each for each in arguments)).output

    assert "\x1b" not in shown
    assert "\\x1b]0;owned\\x07" in shown


class TestList:
    def test_the_newest_runs_come_first(
        self, cli: CommandLine, completed: UUID, failed: UUID
    ) -> None:
        assert ids(cli) == [str(failed), str(completed)]

    def test_filters_leave_out_what_does_not_fit(
        self, cli: CommandLine, engine: Engine, completed: UUID, failed: UUID
    ) -> None:
        engine.flow(StepSpec("only"), slug="other")
        other = str(engine.start("other"))

        assert ids(cli, "--flow", "other") == [other]
        assert ids(cli, "--status", "failed") == [str(failed)]
        assert ids(cli, "--status", "completed", "--flow", "other") == []
        assert ids(cli, "--limit", "1") == [other]

    def test_since_leaves_out_what_is_older(
        self, cli: CommandLine, engine: Engine, completed: UUID, start_greeting: Start
    ) -> None:
        engine.advance(7200)
        recent = str(start_greeting())

        assert ids(cli, "--since", "1h") == [recent]
        assert ids(cli, "--since", "3h") == [recent, str(completed)]

    def test_a_table_is_for_people(self, cli: CommandLine, failed: UUID) -> None:
        head, line = cli("runs", "list").output.splitlines()

        assert head.split() == [
            "run_id",
            "flow_slug",
            "status",
            "started_at",
            "took",
            "error_message",
        ]
        assert line.startswith(f"{failed}  greet_user  failed")
        assert line.endswith("greeting: lost my voice: twice")

    def test_an_empty_list_is_said(self, cli: CommandLine) -> None:
        assert cli("runs", "list").output == "No runs.\n"

    def test_a_span_that_is_none_is_wrong_usage(self, cli: CommandLine) -> None:
        said = cli.refused("runs", "list", "--since", "yesterday", exit_code=2)

        assert "'yesterday' is no span of time, expected one like 90s, 15m, 36h, 30d or 2w" in said

    @pytest.mark.parametrize("limit", ["-1", "0", "99999999999999999999"])
    def test_a_limit_that_is_none_is_wrong_usage(self, cli: CommandLine, limit: str) -> None:
        said = cli.refused("runs", "list", "--limit", limit, exit_code=2)

        assert f"Invalid value for '--limit': {limit} is not in the range" in said


class TestShow:
    def test_a_completed_run_has_its_steps_and_its_output(
        self, cli: CommandLine, completed: UUID
    ) -> None:
        shown = cli("runs", "show", str(completed)).output

        assert re.search(r"^└─ ✓ full_name +\d", shown, re.MULTILINE)
        assert re.search(r"^   └─ ✓ greeting +\d", shown, re.MULTILINE)
        assert 'output {"greeting": "Hello, Alice Smith!"}' in shown

    def test_a_failed_run_says_where_and_why(self, cli: CommandLine, failed: UUID) -> None:
        shown = cli("runs", "show", str(failed)).output

        assert re.search(r"✗ greeting .*attempt 1 · lost my voice: twice", shown)
        assert "error  greeting: lost my voice: twice" in shown

    def test_json_has_all_of_it(self, cli: CommandLine, failed: UUID) -> None:
        run = cli("runs", "show", str(failed), "--json").json

        assert run["input"] == ALICE
        assert run["output"] is None
        assert [step["status"] for step in run["steps"]] == ["completed", "failed"]
        assert run["steps"][1]["attempts"] == 1

    def test_an_unknown_run_is_an_error(self, cli: CommandLine) -> None:
        run_id = uuid4()

        assert f"there is no run {run_id}" in cli.refused("runs", "show", str(run_id))

    def test_what_is_no_id_is_wrong_usage(self, cli: CommandLine) -> None:
        said = cli.refused("runs", "show", "latest", exit_code=2)

        assert "'latest' is not a valid UUID" in said


class TestWatch:
    def test_a_run_that_has_ended_is_shown_at_once(self, cli: CommandLine, completed: UUID) -> None:
        shown = cli("runs", "watch", str(completed)).output

        assert shown.splitlines()[-1].startswith(f"✓ greet_user  {completed}  completed")

    def test_a_run_that_fails_is_a_failure(self, cli: CommandLine, failed: UUID) -> None:
        said = cli.refused("runs", "watch", str(failed))

        assert said == f"Error: run {failed} has failed\n"

    def test_an_unknown_run_is_an_error(self, cli: CommandLine) -> None:
        run_id = uuid4()

        assert f"there is no run {run_id}" in cli.refused("runs", "watch", str(run_id))


class TestSteering:
    def test_runs_are_cancelled(self, cli: CommandLine, start_greeting: Start) -> None:
        runs = [str(start_greeting()) for _ in range(2)]

        shown = cli("runs", "cancel", *runs).output

        assert shown.splitlines() == [
            f"✓ Run {run} of flow 'greet_user' is cancelled" for run in runs
        ]

    def test_a_failed_run_goes_on(self, cli: CommandLine, failed: UUID) -> None:
        shown = cli("runs", "retry", str(failed)).output

        assert shown == f"✓ Run {failed} of flow 'greet_user' is started\n"

    def test_a_run_in_progress_is_not_retried(
        self, cli: CommandLine, start_greeting: Start, failed: UUID
    ) -> None:
        going = start_greeting()

        shown = cli("runs", "retry", str(going), str(failed)).output

        assert shown.splitlines() == [
            f"Run {going} of flow 'greet_user' is in progress: there is nothing to retry",
            f"✓ Run {failed} of flow 'greet_user' is started",
        ]

    def test_a_completed_run_is_not_retried(self, cli: CommandLine, completed: UUID) -> None:
        said = cli.refused("runs", "retry", str(completed))

        assert "has completed: only a failed or cancelled run can be retried" in said

    def test_an_unknown_run_cannot_be_cancelled(self, cli: CommandLine) -> None:
        run_id = uuid4()

        assert f"there is no run {run_id}" in cli.refused("runs", "cancel", str(run_id))

    def test_a_run_is_paused_and_resumed(self, cli: CommandLine, start_greeting: Start) -> None:
        run = str(start_greeting())

        assert cli("runs", "pause", run).output == f"✓ Run {run} of flow 'greet_user' is paused\n"
        assert cli("runs", "resume", run).output == (
            f"✓ Run {run} of flow 'greet_user' is started\n"
        )
