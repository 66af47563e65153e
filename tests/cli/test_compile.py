"""`pgflow compile`: migration files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.flow_files import GROWN, PLAIN, write
from tests.support.commands import CommandLine
from tests.support.control_plane import control_plane
from tests.support.engine import Engine
from tests.support.imports import tidy_imports

__all__ = ["tidy_imports"]

pytestmark = pytest.mark.usefixtures("tidy_imports")

STATEMENTS = """\
SELECT pgflow.create_flow('my_flow');
SELECT pgflow.add_step('my_flow', 'fetch');
SELECT pgflow.add_step('my_flow', 'process', ARRAY['fetch']);
"""
COMPILED = "✓ Compiled successfully: my_flow → SQL migration ready\n"
NO_DATABASE = (
    "Note: the database cannot be reached, so running workers were not compared with the code\n"
)


def migrations(directory: str = "migrations") -> list[str]:
    return sorted(f"{directory}/{file.name}" for file in Path(directory).iterdir())


def test_a_migration_is_written_and_named(bare_cli: CommandLine) -> None:
    answer = bare_cli("compile", write("flows/my_flow.py"))

    (path,) = migrations()
    assert answer.output == f"{COMPILED}✓ Created: {path}\n"
    assert answer.errors == NO_DATABASE
    assert path.endswith("_create_my_flow.sql")
    assert STATEMENTS in Path(path).read_text()


def test_a_file_with_several_flows_gives_a_migration_for_each(bare_cli: CommandLine) -> None:
    write("flows.py", 'from pgflow import Flow\na = Flow("a")\nb = Flow("b")\n')

    answer = bare_cli("compile", "flows")

    first, second = migrations()
    assert answer.output == (
        "✓ Compiled successfully: a → SQL migration ready\n"
        "✓ Compiled successfully: b → SQL migration ready\n"
        f"✓ Created: {first}\n✓ Created: {second}\n"
    )


def test_the_same_migration_is_not_written_twice(bare_cli: CommandLine) -> None:
    bare_cli("compile", write("my_flow.py"))

    answer = bare_cli("compile", "my_flow.py")

    (path,) = migrations()
    assert answer.output == f"{COMPILED}✓ Identical: {path} is kept\n"


def test_a_migration_that_differs_is_pointed_out(bare_cli: CommandLine) -> None:
    bare_cli("compile", write("my_flow.py"))

    answer = bare_cli("compile", write("my_flow.py", GROWN))

    older, newer = migrations()
    assert f"✓ Created: {newer}\n" in answer.output
    assert answer.errors.endswith(
        f"Note: {older} holds another definition. Where that was applied, the new one fails: "
        "use a different slug, or --replace\n"
    )


def test_a_migration_that_must_fail_is_told(cli: CommandLine, engine: Engine) -> None:
    cli("deploy", write("my_flow.py"))

    plain = cli("compile", write("my_flow.py", GROWN), "--out", "plain.sql")
    replacing = cli("compile", "my_flow.py", "--replace", "--out", "replacing.sql")

    told = (
        "Note: the database has flow 'my_flow' with another structure, so this migration will "
        "fail there. Use another slug, or --replace\n"
    )
    assert told in plain.errors
    assert told not in replacing.errors


def test_a_replacement_is_asked_for(bare_cli: CommandLine) -> None:
    bare_cli("compile", "--replace", write("my_flow.py"))

    (path,) = migrations()
    assert path.endswith("_replace_my_flow.sql")
    assert "PERFORM pgflow.drop_replaced_flow('my_flow'" in Path(path).read_text()


def test_out_names_a_directory(bare_cli: CommandLine) -> None:
    bare_cli("compile", write("my_flow.py"), "--out", "db/sql")

    assert len(migrations("db/sql")) == 1


def test_out_names_a_file(bare_cli: CommandLine) -> None:
    answer = bare_cli("compile", write("my_flow.py"), "--out", "db/flows.sql")

    assert answer.output == f"{COMPILED}✓ Created: db/flows.sql\n"
    assert STATEMENTS in Path("db/flows.sql").read_text()


def test_out_may_be_the_screen(bare_cli: CommandLine) -> None:
    answer = bare_cli("compile", write("my_flow.py"), "--out", "-")

    assert answer.output.startswith("-- Flow 'my_flow', written by: pgflow compile\n")
    assert STATEMENTS in answer.output
    assert not Path("migrations").exists()


def test_the_project_says_where_flows_and_migrations_are(bare_cli: CommandLine) -> None:
    write("pyproject.toml", '[tool.pgflow]\nflows = ["flows/my_flow.py"]\nmigrations = "db"\n')
    write("flows/my_flow.py")

    bare_cli("compile")

    assert len(migrations("db")) == 1


def test_no_flows_at_all_is_wrong_usage(bare_cli: CommandLine) -> None:
    said = bare_cli.refused("compile", exit_code=2)

    assert said.endswith(
        "Error: no flows are named. Name a file, a module or module:object, or set `flows` in "
        "[tool.pgflow] of pyproject.toml\n"
    )


def test_a_file_with_a_typo_is_one_sentence_and_a_cure(bare_cli: CommandLine) -> None:
    write("my_flow.py", PLAIN.replace("step(fetch)", "step(fecth)"))

    said = bare_cli.refused("compile", "my_flow.py")

    assert said == (
        "Error: my_flow.py cannot be imported: NameError: name 'fecth' is not defined "
        "(my_flow.py, line 11). Did you mean 'fetch'?\n"
    )


def test_a_place_that_cannot_be_written_is_one_sentence_and_a_cure(bare_cli: CommandLine) -> None:
    write("migrations", "a file")

    said = bare_cli.refused("compile", write("my_flow.py"))

    assert said.endswith(
        "Error: migrations cannot be written to migrations: file exists. Name another place with "
        "--out, or as `migrations` in [tool.pgflow]\n"
    )


def live_worker(engine: Engine, name: str) -> None:
    engine.do(
        """insert into pgflow.workers (worker_id, queue_name, function_name, flow_slugs, started_at)
        values (gen_random_uuid(), 'q', %(name)s, '{my_flow}', now() - interval '1 day')""",
        name=name,
    )


def test_an_older_worker_stops_the_compilation(cli: CommandLine, engine: Engine) -> None:
    live_worker(engine, "my_flow-worker")

    said = cli.refused("compile", write("my_flow.py"))

    assert said == ("Error: Worker code changed since startup\nAction: Restart worker and retry\n")
    assert not Path("migrations").exists()


def test_another_worker_can_be_named(cli: CommandLine, engine: Engine) -> None:
    live_worker(engine, "night_shift")

    answer = cli("compile", write("my_flow.py"))
    said = cli.refused("compile", "my_flow.py", "--worker", "night_shift")

    assert answer.errors == (
        "Note: worker 'night_shift' serves my_flow.py with older code. "
        "Restart it once the migration is applied\n"
    )
    assert said.startswith("Error: Worker code changed since startup\n")


def test_the_flow_of_a_worker_elsewhere_is_compiled_without_its_code(
    bare_cli: CommandLine,
) -> None:
    sql = STATEMENTS.splitlines()
    with control_plane({"/flows/my_flow": (200, {"flowSlug": "my_flow", "sql": sql})}) as url:
        answer = bare_cli("compile", "my_flow", "--from-worker", url)

    (path,) = migrations()
    assert answer.output == f"{COMPILED}✓ Created: {path}\n"
    assert STATEMENTS in Path(path).read_text()


def test_a_worker_elsewhere_needs_a_slug(bare_cli: CommandLine) -> None:
    said = bare_cli.refused("compile", "--from-worker", "http://127.0.0.1:1", exit_code=2)

    assert "Error: no flow is named. --from-worker needs the slug of a flow" in said
