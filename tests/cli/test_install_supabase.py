"""`pgflow install --supabase-path`: a Supabase project gets what it lacks, and nothing else."""

from __future__ import annotations

import difflib
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from pgflow import schema, supabase
from tests.support.commands import CommandLine

CONFIG = """\
# Our project: mind the port.
project_id = "shop"

[db]
port = 54322   # taken by another one otherwise

[db.pooler]
enabled = false  # not yet
# Which mode?
pool_mode = "session"
default_pool_size = 20

[edge_runtime]
enabled = true
policy = "oneshot"     # hot reload

[auth]
site_url = 'http://127.0.0.1:3000'
"""
ENGINES = Path(__file__).parent.parent / "migrations" / "engines"
TODAY = datetime(2026, 3, 1, tzinfo=UTC)


def project(text: str = CONFIG) -> Path:
    directory = Path("supabase")
    directory.mkdir()
    (directory / "config.toml").write_bytes(text.encode())
    return directory


def contents(directory: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in sorted(directory.rglob("*")) if file.is_file()}


def apply(directory: Path, url: str) -> None:
    """What the Supabase CLI does: files in order of their names, to a server that has pgmq."""
    with psycopg.connect(url, autocommit=True) as connection:
        schema.install_pgmq(connection)
        for file in sorted((directory / "migrations").glob("*.sql")):
            connection.execute(file.read_bytes())


def test_a_fresh_project_gets_everything(bare_cli: CommandLine) -> None:
    directory = project("")

    told = bare_cli("install", "--supabase-path", "supabase", "-y").output

    names = [file.name for file in (directory / "migrations").iterdir()]
    assert len(names) == 1
    assert names[0].endswith("_pgflow_install.sql")
    assert (directory / "config.toml").read_text() == (
        '[db.pooler]\nenabled = true\npool_mode = "transaction"\n\n'
        '[edge_runtime]\npolicy = "per_worker"\n'
    )
    assert (directory / "functions" / ".env").read_text() == (
        'EDGE_WORKER_DB_URL="postgresql://postgres.pooler-dev:postgres@pooler:6543/postgres"\n'
    )
    assert "greet_user" in Path("flows/greet_user.py").read_text()
    assert f"create supabase/migrations/{names[0]}: the engine {schema.ENGINE_VERSION}\n" in told
    assert "change supabase/config.toml: db.pooler.enabled, db.pooler.pool_mode, edge" in told
    assert told.endswith("✓ Done. Apply the migrations with: supabase migration up\n")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_settings_change_and_everything_around_them_stays(
    bare_cli: CommandLine, newline: str
) -> None:
    before = CONFIG.replace("\n", newline)
    directory = project(before)

    bare_cli("install", "--supabase-path", "supabase", "--yes")

    after = (directory / "config.toml").read_bytes().decode()
    expected = (
        before.replace("enabled = false  #", "enabled = true  #")
        .replace('"session"', '"transaction"')
        .replace('"oneshot"', '"per_worker"')
    )
    assert after == expected
    assert (directory / "config.toml.backup").read_bytes().decode() == before


def test_missing_tables_are_added_between_what_is_there(bare_cli: CommandLine) -> None:
    before = "[db]\nport = 1\n\n[auth] # mine\nenabled = true\n"
    directory = project(before)

    bare_cli("install", "--supabase-path", "supabase", "-y")

    after = (directory / "config.toml").read_text()
    removed = [
        line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[0] == "-"
    ]
    assert removed == []
    assert supabase.plan(directory) == []


def test_a_second_run_changes_nothing(bare_cli: CommandLine) -> None:
    project()
    bare_cli("install", "--supabase-path", "supabase", "-y")
    before = contents(Path())

    told = bare_cli("install", "--supabase-path", "supabase").output

    assert told == "✓ Everything is in place, nothing to do\n"
    assert contents(Path()) == before


def test_who_says_no_keeps_everything(bare_cli: CommandLine) -> None:
    project()
    before = contents(Path())

    answer = bare_cli.attempt("install", "--supabase-path", "supabase", input="n\n")

    assert answer.exit_code == 1
    assert answer.output.endswith("Write these files? [Y/n]: n\n")
    assert contents(Path()) == before


def test_what_is_set_already_stays(bare_cli: CommandLine) -> None:
    directory = project()
    (directory / "functions").mkdir()
    environment = directory / "functions" / ".env"
    environment.write_text("A=1\nexport EDGE_WORKER_DB_URL=postgresql://mine\n")
    Path("flows").mkdir()

    bare_cli("install", "--supabase-path", "supabase", "-y")

    assert environment.read_text().endswith("postgresql://mine\n")
    assert list(Path("flows").iterdir()) == []


def test_variables_without_a_last_newline_are_not_glued_together(bare_cli: CommandLine) -> None:
    directory = project()
    (directory / "functions").mkdir()
    (directory / "functions" / ".env").write_text("A=1")

    bare_cli("install", "--supabase-path", "supabase", "-y")

    assert (directory / "functions" / ".env").read_text().startswith("A=1\nEDGE_WORKER_DB_URL=")


def test_an_older_backup_is_kept(bare_cli: CommandLine) -> None:
    directory = project()
    (directory / "config.toml.backup").write_text("older")

    bare_cli("install", "--supabase-path", "supabase", "-y")

    assert (directory / "config.toml.backup").read_text() == "older"
    assert (directory / "config.toml.backup1").read_text() == CONFIG


@pytest.mark.parametrize("newest", ["20240101000000", "20990101000059", "20269999999999"])
def test_the_engine_sorts_after_what_is_there(bare_cli: CommandLine, newest: str) -> None:
    directory = project()
    (directory / "migrations").mkdir()
    theirs = directory / "migrations" / f"{newest}_theirs.sql"
    theirs.write_text("create table theirs ();")

    change = supabase.plan(directory, now=lambda: TODAY)[0]

    assert change.path.name[:14].isdigit()
    assert change.path.name > theirs.name


def test_the_migrations_bring_the_engine_in_order(
    bare_cli: CommandLine, empty_database: str
) -> None:
    directory = project()
    (directory / "migrations").mkdir()
    theirs = directory / "migrations" / "20240101000000_theirs.sql"
    theirs.write_text("create table theirs ();")
    bare_cli("install", "--supabase-path", "supabase", "-y")

    apply(directory, empty_database)

    assert schema.install(empty_database).changed is False


def test_an_engine_is_upgraded_by_another_migration(
    bare_cli: CommandLine, empty_database: str
) -> None:
    directory = project()
    (directory / "migrations").mkdir()
    older = directory / "migrations" / "20260101000000_pgflow_install.sql"
    head = "-- pgflow engine 0.0.1; migrations 1; functions older\n"
    older.write_text(head + (ENGINES / "0001.sql").read_text())

    bare_cli("install", "--supabase-path", "supabase", "-y")
    apply(directory, empty_database)

    names = sorted(file.name[14:] for file in (directory / "migrations").iterdir())
    assert names == ["_pgflow_install.sql", "_pgflow_upgrade.sql"]
    assert schema.install(empty_database).changed is False
    assert supabase.plan(directory) == []


def test_newer_functions_alone_are_a_migration_too(
    bare_cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = project()
    with monkeypatch.context() as past:
        past.setattr(schema, "functions_sha256", lambda: "older")
        supabase.carry_out(supabase.plan(directory, now=lambda: TODAY))

    (change,) = supabase.plan(directory, now=lambda: TODAY)

    assert change.path.name == "20260301000001_pgflow_upgrade.sql"
    assert b"; migrations ; functions " in change.text


def test_a_directory_that_is_no_project_is_refused(bare_cli: CommandLine) -> None:
    said = bare_cli.refused("install", "--supabase-path", "elsewhere")

    assert said == (
        "Error: elsewhere holds no config.toml, expected the directory of a Supabase project. "
        "Make one with: supabase init\n"
    )


def test_broken_settings_are_left_alone(bare_cli: CommandLine) -> None:
    project("[db\n")

    said = bare_cli.refused("install", "--supabase-path", "supabase", "-y")

    assert said.startswith("Error: supabase/config.toml is no valid TOML: ")
    assert not Path("supabase/migrations").exists()
