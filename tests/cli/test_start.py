from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from pgflow.testing import PgflowDatabase
from tests.support.commands import CommandLine
from tests.support.engine import Engine
from tests.support.eventually import eventually
from tests.support.greeter import ALICE, fail_to_greet, greet

INPUT = json.dumps(ALICE)


@contextmanager
def worked_on(dsn: str, work: Callable[[Engine, UUID], None]) -> Generator[None]:
    """Somebody waits for a run and works on it, for the length of a block."""

    def serve() -> None:
        engine = Engine.connect(dsn)
        [run] = eventually(lambda: engine.rows("select run_id from pgflow.runs"))
        work(engine, run["run_id"])
        engine.close()

    thread = threading.Thread(target=serve)
    thread.start()
    yield
    thread.join()


@pytest.mark.usefixtures("greeting_engine")
class TestInput:
    def test_it_is_the_text_of_the_option(self, cli: CommandLine, engine: Engine) -> None:
        run_id = UUID(cli("start", "greet_user", "--input", INPUT).output.strip())

        assert engine.run(run_id)["input"] == ALICE

    def test_it_is_read_from_a_file(self, cli: CommandLine, engine: Engine, tmp_path: Path) -> None:
        (tmp_path / "alice.json").write_text(INPUT)

        run_id = UUID(cli("start", "greet_user", "--input", "@alice.json").output.strip())

        assert engine.run(run_id)["input"] == ALICE

    def test_it_is_read_from_standard_input(self, cli: CommandLine, engine: Engine) -> None:
        run_id = UUID(cli("start", "greet_user", "--input", "-", input=INPUT).output.strip())

        assert engine.run(run_id)["input"] == ALICE

    def test_it_is_an_empty_object_where_nothing_is_said(
        self, cli: CommandLine, engine: Engine
    ) -> None:
        run_id = UUID(cli("start", "greet_user").output.strip())

        assert engine.run(run_id)["input"] == {}

    def test_what_is_not_json_is_wrong_usage(self, cli: CommandLine) -> None:
        said = cli.refused("start", "greet_user", "--input", "{name: Ada}", exit_code=2)

        assert "Invalid value for '--input': not JSON: Expecting property name" in said
        assert 'Write it like \'{"name": "Ada"}\', @file.json or -' in said

    def test_what_is_nested_too_deeply_is_wrong_usage(self, cli: CommandLine) -> None:
        said = cli.refused("start", "greet_user", "--input", "-", exit_code=2, input="[" * 100_000)

        assert "Invalid value for '--input': it is nested too deeply" in said

    def test_a_file_that_is_missing_is_wrong_usage(self, cli: CommandLine) -> None:
        said = cli.refused("start", "greet_user", "--input", "@gone.json", exit_code=2)

        assert "cannot read gone.json: No such file or directory" in said


def test_an_unknown_flow_is_an_error_with_a_cure(cli: CommandLine) -> None:
    said = cli.refused("start", "greet_usr")

    assert said.startswith("Error: there is no flow 'greet_usr' in the database. Deploy it with")


def test_a_run_id_starts_one_run_only(cli: CommandLine, greeting_engine: Engine) -> None:
    run_id = str(uuid4())

    first = cli("start", "greet_user", "--input", INPUT, "--run-id", run_id, "--json").json
    second = cli("start", "greet_user", "--input", INPUT, "--run-id", run_id, "--json").json

    assert first == {"run_id": run_id, "status": "started", "created": True}
    assert second == {"run_id": run_id, "status": "started", "created": False}


def test_a_delay_puts_the_first_steps_off(cli: CommandLine, greeting_engine: Engine) -> None:
    run_id = UUID(cli("start", "greet_user", "--delay", "10m").output.strip())

    assert 590 < greeting_engine.delay(run_id, "full_name") < 601


def test_the_longest_delay_can_be_kept(cli: CommandLine, greeting_engine: Engine) -> None:
    run_id = UUID(cli("start", "greet_user", "--delay", "24855d").output.strip())

    assert greeting_engine.delay(run_id, "full_name") > 24854 * 86400


@pytest.mark.usefixtures("greeting_engine")
def test_wait_prints_the_output(cli: CommandLine, pgflow_database: PgflowDatabase) -> None:
    with worked_on(pgflow_database.dsn, greet):
        answer = cli("start", "greet_user", "--input", INPUT, "--wait")

    assert answer.json == {"greeting": "Hello, Alice Smith!"}


@pytest.mark.usefixtures("greeting_engine")
def test_wait_fails_with_the_run(cli: CommandLine, pgflow_database: PgflowDatabase) -> None:
    with worked_on(pgflow_database.dsn, fail_to_greet):
        said = cli.refused("start", "greet_user", "--input", INPUT, "--wait")

    assert "failed at step 'greeting': lost my voice: twice" in said


@pytest.mark.usefixtures("greeting_engine")
def test_wait_ends_at_its_timeout_and_the_run_goes_on(cli: CommandLine, engine: Engine) -> None:
    said = cli.refused("start", "greet_user", "--wait", "--timeout", "0.1s")

    assert "has not ended within 0.1 s" in said
    assert engine.value("select status from pgflow.runs") == "started"


@pytest.mark.usefixtures("greeting_engine")
@pytest.mark.parametrize("how", ["--wait", "--watch"])
def test_a_timeout_of_no_time_does_not_wait(cli: CommandLine, how: str) -> None:
    said = cli.refused("start", "greet_user", how, "--timeout", "0s")

    assert "has not ended within 0 s" in said


@pytest.mark.usefixtures("greeting_engine")
def test_the_run_is_named_before_it_is_waited_for(cli: CommandLine, engine: Engine) -> None:
    said = cli.refused("start", "greet_user", "--wait", "--timeout", "0.1s")

    run_id = engine.value("select run_id from pgflow.runs")
    assert said.startswith(f"Run {run_id} of flow 'greet_user' is started\n")


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--timeout", "1s"], "--timeout limits the waiting. Give --wait or --watch as well"),
        (["--timeout", "0s"], "--timeout limits the waiting. Give --wait or --watch as well"),
        (["--paused", "--wait"], "--paused starts no step, so --wait would wait for nothing"),
        (["--paused", "--run-id", str(UUID(int=7))], "--paused takes neither --run-id nor --delay"),
        (["--paused", "--delay", "0s"], "--paused takes neither --run-id nor --delay"),
    ],
)
def test_options_that_do_not_fit_are_wrong_usage(
    cli: CommandLine, engine: Engine, options: list[str], complaint: str
) -> None:
    said = cli.refused("start", "greet_user", *options, exit_code=2)

    assert complaint in said
    assert engine.value("select count(*) from pgflow.runs") == 0


@pytest.mark.usefixtures("greeting_engine")
def test_watch_ends_at_its_timeout_and_the_run_goes_on(cli: CommandLine, engine: Engine) -> None:
    said = cli.refused("start", "greet_user", "--watch", "--timeout", "0.1s")

    assert "has not ended within 0.1 s. It goes on; what it waits for says: pgflow explain" in said
    assert engine.value("select status from pgflow.runs") == "started"


@pytest.mark.usefixtures("greeting_engine")
def test_watch_shows_the_steps_and_the_output(
    cli: CommandLine, pgflow_database: PgflowDatabase
) -> None:
    with worked_on(pgflow_database.dsn, greet):
        shown = cli("start", "greet_user", "--input", INPUT, "--watch").output

    assert "✓ full_name" in shown
    assert "✓ greeting" in shown
    assert shown.endswith('{\n  "greeting": "Hello, Alice Smith!"\n}\n')
