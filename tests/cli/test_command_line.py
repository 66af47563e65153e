from __future__ import annotations

import os
import resource
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from pgflow.cli import COMMANDS, pgflow
from pgflow.cli.commands import Group
from tests.support.commands import CommandLine
from tests.support.project import Project

HEAVY = ("asyncio", "psycopg", "pydantic", "rich", "starlette")


def commands(group: click.Group, path: str = "pgflow") -> list[tuple[str, click.Command]]:
    """All commands below a group, with the words that lead to them."""
    found: list[tuple[str, click.Command]] = []
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found.append((f"{path} {name}", command))
        if isinstance(command, click.Group):
            found += commands(command, f"{path} {name}")
    return found


ALL = commands(pgflow)


@pytest.mark.parametrize(("path", "command"), ALL, ids=[path for path, _ in ALL])
def test_help_has_an_example_that_begins_with_the_command(
    path: str, command: click.Command
) -> None:
    if isinstance(command, Group):
        return

    assert f"Example:\n    {path}" in command.get_help(click.Context(command))


@pytest.mark.parametrize(("path", "command"), ALL, ids=[path for path, _ in ALL])
def test_debug_is_an_option_of_every_command(path: str, command: click.Command) -> None:
    assert "--debug" in command.get_help(click.Context(command))


def test_the_help_lists_every_command(bare_cli: CommandLine) -> None:
    shown = bare_cli("--help").output

    assert [name for name in COMMANDS if f"\n  {name} " not in shown] == []


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys; from pgflow.cli import pgflow\n"
        "pgflow(['--help'], standalone_mode=False)\n"
        f"print('loaded', [name for name in {HEAVY} if name in sys.modules])"
    )

    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert shown.stdout.endswith("loaded []\n")


@pytest.mark.slow
def test_help_comes_within_150_ms() -> None:
    took: list[float] = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "pgflow", "--help"], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)

    assert min(took) < 0.15


def test_an_unknown_command_is_wrong_usage_and_the_nearest_is_named(bare_cli: CommandLine) -> None:
    said = bare_cli.refused("dmo", exit_code=2)

    assert "Error: there is no command 'dmo'. Did you mean 'demo'?" in said


def test_a_command_that_resembles_none_gets_the_list(bare_cli: CommandLine) -> None:
    said = bare_cli.refused("xyzzy", exit_code=2)

    assert "Error: there is no command 'xyzzy'. The commands are demo" in said


def test_a_missing_database_is_one_sentence_and_a_cure(bare_cli: CommandLine) -> None:
    said = bare_cli.refused("demo", "--url", "postgresql://nobody:secret@127.0.0.1:1/none")

    assert said.startswith("Error: cannot install the engine: connection failed")
    assert "secret" not in said
    assert "Traceback" not in said


def test_debug_shows_where_it_happened(bare_cli: CommandLine) -> None:
    program = [
        sys.executable,
        "-m",
        "pgflow",
        "demo",
        "--debug",
        "--url",
        "postgresql://127.0.0.1:1/none",
    ]

    shown = subprocess.run(program, capture_output=True, text=True, check=False)

    assert shown.returncode == 1
    assert "Traceback (most recent call last):" in shown.stderr


@pytest.mark.parametrize(("no_color", "is_coloured"), [("", True), ("1", False)])
def test_colours_are_off_where_nobody_wants_them(
    no_color: str, is_coloured: bool, monkeypatch: pytest.MonkeyPatch, project: Project
) -> None:
    monkeypatch.chdir(project.directory)
    monkeypatch.setenv("NO_COLOR", no_color)

    shown = CliRunner().invoke(pgflow, ["db", "stop"], color=True).output

    assert ("\x1b[" in shown) is is_coloured


def test_the_shell_completes_commands() -> None:
    asks = {"_PGFLOW_COMPLETE": "bash_complete", "COMP_WORDS": "pgflow run", "COMP_CWORD": "1"}
    program = [sys.executable, "-m", "pgflow"]

    shown = subprocess.run(
        program, env={**os.environ, **asks}, capture_output=True, text=True, check=False
    )

    assert shown.stdout.splitlines() == ["plain,runs"]
