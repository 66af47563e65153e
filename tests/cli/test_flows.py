from __future__ import annotations

import pytest

from tests.support.commands import CommandLine, Start
from tests.support.engine import Engine
from tests.support.flow_spec import StepSpec
from tests.support.greeter import greet

REMOTE = "postgresql://app:secret@db.example.com/shop"


@pytest.fixture
def one_run(greeting_engine: Engine, start_greeting: Start) -> Engine:
    start_greeting()
    return greeting_engine


class TestList:
    def test_each_flow_has_its_figures(
        self, cli: CommandLine, one_run: Engine, start_greeting: Start
    ) -> None:
        greet(one_run, start_greeting())

        [flow] = cli("flows", "list", "--json").json

        assert flow.pop("last_run_at")
        assert flow == {
            "flow_slug": "greet_user",
            "steps": 2,
            "open_runs": 1,
            "runs": 2,
            "workers": 0,
        }

    def test_an_empty_database_has_no_flows(self, cli: CommandLine) -> None:
        assert cli("flows", "list").output == "No flows.\n"


class TestShow:
    def test_the_steps_have_the_options_in_force(self, cli: CommandLine, engine: Engine) -> None:
        engine.flow(
            StepSpec("fetch", timeout=7, required={"go": True}),
            StepSpec("each", deps=("fetch",), step_type="map", when_exhausted="skip"),
            max_attempts=5,
        )

        fetch, each = cli("flows", "show", "flow", "--json").json["steps"]

        assert (fetch["timeout"], fetch["max_attempts"]) == (7, 5)
        assert fetch["required_input_pattern"] == '{"go": true}'
        assert (each["dependencies"], each["when_exhausted"]) == (["fetch"], "skip")

    def test_a_table_is_for_people(self, cli: CommandLine, one_run: Engine) -> None:
        shown = cli("flows", "show", "greet_user").output

        assert "greet_user" in shown
        assert "greeting   single     full_name " in shown

    def test_an_unknown_flow_is_an_error(self, cli: CommandLine) -> None:
        assert "there is no flow 'gone' in the database" in cli.refused("flows", "show", "gone")


class TestDelete:
    def test_the_slug_has_to_be_typed(self, cli: CommandLine, one_run: Engine) -> None:
        answer = cli("flows", "delete", "greet_user", input="greet_user\n")

        assert "Flow 'greet_user' has 1 runs, 1 of them unfinished." in answer.output
        assert answer.output.endswith("✓ Flow 'greet_user' and its 1 runs are deleted\n")
        assert one_run.rows("select from pgflow.flows") == []

    def test_another_word_deletes_nothing(self, cli: CommandLine, one_run: Engine) -> None:
        said = cli.refused("flows", "delete", "greet_user", input="yes\n")

        assert said == "Error: that is not 'greet_user': nothing was deleted\n"
        assert one_run.value("select count(*) from pgflow.runs") == 1

    def test_yes_does_not_ask(self, cli: CommandLine, one_run: Engine) -> None:
        cli("flows", "delete", "greet_user", "--yes")

        assert one_run.rows("select from pgflow.flows") == []

    def test_an_unknown_flow_is_an_error(self, cli: CommandLine) -> None:
        said = cli.refused("flows", "delete", "gone", "--yes")

        assert "there is no flow 'gone' in the database" in said

    def test_a_database_that_was_hardly_meant_is_refused(self, bare_cli: CommandLine) -> None:
        said = bare_cli.refused("flows", "delete", "shop", "--yes", "--database-url", REMOTE)

        assert "but the database is on db.example.com: nothing that destroys data is done" in said
        assert "Set PGFLOW_ENV=production, or PGFLOW_ENV=local if its data may be destroyed" in said
        assert "secret" not in said
