"""`pgflow deploy`: flows into the database, now."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgflow.environment import Environment
from tests.cli.flow_files import GROWN, PLAIN, TUNED, write
from tests.support.commands import CommandLine
from tests.support.engine import Engine
from tests.support.imports import tidy_imports

__all__ = ["tidy_imports"]

pytestmark = pytest.mark.usefixtures("tidy_imports")


def steps(engine: Engine) -> list[str]:
    rows = engine.rows("select step_slug from pgflow.steps order by step_index")
    return [row["step_slug"] for row in rows]


def test_a_new_flow_is_created(cli: CommandLine, engine: Engine) -> None:
    answer = cli("deploy", write("my_flow.py"))

    assert answer.output == "✓ Flow 'my_flow' created\n"
    assert steps(engine) == ["fetch", "process"]


def test_the_same_flow_again_changes_nothing(cli: CommandLine) -> None:
    cli("deploy", write("my_flow.py"))

    assert cli("deploy", "my_flow.py").output == "✓ Flow 'my_flow' is up to date\n"


def test_options_are_updated_and_runs_kept(cli: CommandLine, engine: Engine) -> None:
    cli("deploy", write("my_flow.py", TUNED.replace("timeout=60", "timeout=30")))
    engine.start("my_flow")

    answer = cli("deploy", write("my_flow.py", TUNED))

    assert answer.output == (
        "✓ Runtime options updated for flow 'my_flow'\n- Step 'process': timeout 30s -> 60s\n"
    )
    assert len(engine.rows("select from pgflow.runs")) == 1


@pytest.mark.parametrize("stage", ["local", "production"])
def test_another_structure_is_refused_everywhere(
    cli: CommandLine, engine: Engine, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    cli("deploy", write("my_flow.py"))
    monkeypatch.setenv("PGFLOW_ENV", stage)

    said = cli.refused("deploy", write("my_flow.py", GROWN))

    assert said == (
        "Error: Flow 'my_flow' structure mismatch\n"
        "- New step 'store' added\n"
        "Action: Use different slug, or --dev --force where the runs of this one may be lost\n"
    )
    assert steps(engine) == ["fetch", "process"]


def test_of_several_flows_all_are_deployed_or_none(cli: CommandLine, engine: Engine) -> None:
    cli("deploy", write("my_flow.py"))
    write("my_flow.py", GROWN)
    write("other.py", PLAIN.replace("my_flow", "other"))

    cli.refused("deploy", "other.py", "my_flow.py")

    assert engine.rows("select flow_slug from pgflow.flows") == [{"flow_slug": "my_flow"}]


def test_force_asks_before_it_drops(cli: CommandLine, engine: Engine) -> None:
    cli("deploy", write("my_flow.py"))
    engine.start("my_flow")
    write("my_flow.py", GROWN)

    said = cli.refused("deploy", "--dev", "--force", "my_flow.py", input="n\n")

    assert "Drop flow 'my_flow' with 1 run, 1 unfinished? [y/N]" in said
    assert steps(engine) == ["fetch", "process"]


@pytest.mark.parametrize("consent", [{"input": "y\n"}, {"yes": "--yes"}], ids=str)
def test_force_drops_and_recreates(
    cli: CommandLine, engine: Engine, consent: dict[str, str]
) -> None:
    cli("deploy", write("my_flow.py"))
    engine.start("my_flow")
    write("my_flow.py", GROWN)

    arguments = ["--dev", "--force", *filter(None, [consent.get("yes")])]
    answer = cli("deploy", *arguments, "my_flow.py", input=consent.get("input"))

    assert answer.output == ("✓ Flow 'my_flow' dropped and recreated\n- New step 'store' added\n")
    assert steps(engine) == ["fetch", "process", "store"]
    assert engine.rows("select from pgflow.runs") == []


def test_force_does_not_ask_where_nothing_is_lost(cli: CommandLine) -> None:
    answer = cli("deploy", "--dev", "--force", write("my_flow.py"))

    assert (answer.output, answer.errors) == ("✓ Flow 'my_flow' created\n", "")


def test_force_alone_is_wrong_usage(cli: CommandLine) -> None:
    said = cli.refused("deploy", "--force", write("my_flow.py"), exit_code=2)

    assert "--force drops flows with their runs. Say --dev too if this is for development" in said


def test_force_is_refused_in_production(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DYNO", "web.1")

    said = cli.refused("deploy", "--dev", "--force", "--yes", write("my_flow.py"))

    assert said == (
        "Error: no flow is dropped: this is production (DYNO is set). "
        "To lose its data, say PGFLOW_ENV=local\n"
    )


def test_force_is_refused_on_an_unexpected_database(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Environment, "expects", lambda *_: False)

    said = cli.refused("deploy", "--dev", "--force", "--yes", write("my_flow.py"))

    assert said.startswith("Error: no flow is dropped: the environment is local (no hosting platf")
    assert "nothing that destroys data is done" in said


def compiled(cli: CommandLine, text: str, *options: str) -> str:
    cli("compile", write("my_flow.py", text), "--out", f"{len(text)}.sql", *options)
    return f"{len(text)}.sql"


def test_a_compiled_file_is_applied(cli: CommandLine, engine: Engine) -> None:
    file = compiled(cli, PLAIN)

    first, second = cli("deploy", file), cli("deploy", file)

    assert first.output == "✓ Flow 'my_flow' created\n"
    assert second.output == "✓ Flow 'my_flow' is up to date\n"
    assert steps(engine) == ["fetch", "process"]


def test_a_compiled_file_of_another_structure_is_refused(cli: CommandLine, engine: Engine) -> None:
    cli("deploy", compiled(cli, PLAIN))

    said = cli.refused("deploy", compiled(cli, GROWN))

    assert said == (
        'Error: flow "my_flow" exists with another structure\n'
        "- Step count differs: 3 vs 2\n"
        "- Step at index 2: missing in second shape (first has 'store')\n"
        "Action: Use another slug, or write the migration with: pgflow compile --replace\n"
    )
    assert steps(engine) == ["fetch", "process"]


def test_a_compiled_replacement_replaces(cli: CommandLine, engine: Engine) -> None:
    cli("deploy", compiled(cli, PLAIN))

    answer = cli("deploy", compiled(cli, GROWN, "--replace"))

    assert answer.output == ("✓ Flow 'my_flow' dropped and recreated\n- New step 'store' added\n")


def test_a_compiled_replacement_waits_for_unfinished_runs(cli: CommandLine, engine: Engine) -> None:
    cli("deploy", compiled(cli, PLAIN))
    engine.start("my_flow")

    said = cli.refused("deploy", compiled(cli, GROWN, "--replace"))

    assert said == (
        'Error: flow "my_flow" cannot be replaced: 1 of its runs are unfinished. '
        "Wait until they end, or cancel them with: pgflow.cancel_run\n"
    )


def test_another_sql_file_is_refused(cli: CommandLine) -> None:
    Path("evil.sql").write_text("drop schema pgflow cascade")

    said = cli.refused("deploy", "evil.sql")

    assert said == (
        "Error: evil.sql defines no flow. Expected a file that `pgflow compile` has written\n"
    )


def test_a_missing_sql_file_is_told(cli: CommandLine) -> None:
    said = cli.refused("deploy", "none.sql")

    assert said == (
        "Error: none.sql cannot be read: no such file or directory. Write it with: pgflow compile\n"
    )


def test_programs_get_json(cli: CommandLine) -> None:
    cli("deploy", write("my_flow.py"))

    answer = cli("deploy", write("my_flow.py", TUNED), "--json")

    assert answer.json == [
        {
            "flowSlug": "my_flow",
            "action": "update",
            "differences": ["Step 'process': timeout inherited -> 60s"],
        }
    ]


def test_a_database_without_the_engine_is_told_with_its_cure(
    bare_cli: CommandLine, empty_database: str
) -> None:
    said = bare_cli.refused("deploy", write("my_flow.py"), "--database-url", empty_database)

    assert said.startswith("Error: the database has no pgflow engine")
    assert "pgflow install" in said
