"""What a user sees of an error: a sentence, unless he wants to see where it happened."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from pgflow.cli.commands import Group, command, sentence
from pgflow.errors import FlowNotFound
from tests.support.commands import CommandLine
from tests.support.imports import tidy_imports

__all__ = ["tidy_imports"]

FLOW = """
from pgflow import Flow
echo = Flow("echo")
echo.step(slug="same")(lambda: None)
"""


def failing(error: BaseException, *arguments: str) -> Result:
    """A command line whose one command raises this."""

    @command()
    def work() -> None:
        raise error

    return CliRunner().invoke(Group("pgflow", commands=[work]), ["work", *arguments])


def test_an_error_of_ours_is_its_message() -> None:
    result = failing(FlowNotFound("there is no flow 'a'. Deploy it"))

    assert (result.stderr, result.exit_code) == ("Error: there is no flow 'a'. Deploy it\n", 1)


def test_any_other_error_is_its_first_line_and_how_to_see_more() -> None:
    result = failing(KeyError("run_id\nand much more"))

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: KeyError: ")
    assert result.stderr.endswith(". Run it again with --debug to see where\n")


@pytest.mark.parametrize("kind", [FlowNotFound, RuntimeError])
def test_an_error_shows_what_a_terminal_would_obey(kind: type[Exception]) -> None:
    assert r"red \x1b[31m" in sentence(kind("red \x1b[31m"))


def test_a_full_disk_is_told() -> None:
    assert sentence(OSError(errno.ENOSPC, "No space left on device")) == (
        "no space left on device. Make room where the output goes, or write it elsewhere"
    )


def test_debug_lets_the_error_through() -> None:
    result = failing(KeyError("run_id"), "--debug")

    assert isinstance(result.exception, KeyError)


def test_an_interruption_is_no_error() -> None:
    result = failing(KeyboardInterrupt())

    assert result.stderr.strip() == "Aborted!"
    assert result.exit_code == 1


def test_wrong_usage_has_its_own_exit_code() -> None:
    assert failing(click.UsageError("--force needs --dev")).exit_code == 2


@pytest.mark.parametrize("error", [RuntimeError(), OSError(2, "No such file")])
def test_every_error_is_one_line(error: Exception) -> None:
    assert len(sentence(error).splitlines()) == 1


def test_passwords_are_never_shown() -> None:
    said = sentence(RuntimeError("cannot reach postgresql://app:secret@db/shop"))

    assert said.startswith("RuntimeError: cannot reach postgresql://app:***@db/shop")


@pytest.mark.usefixtures("tidy_imports")
@pytest.mark.parametrize(
    "command",
    [
        ("check",),
        ("dev", "flows.py"),
        ("install",),
        ("runs", "list"),
        ("ui",),
        ("worker", "flows.py"),
        ("worker", "flows.py", "--processes", "2"),
        ("worker", "flows.py", "--http", "127.0.0.1:0", "--once-per-request"),
    ],
    ids=" ".join,
)
def test_a_url_that_cannot_be_read_is_a_sentence_without_the_url(
    cli: CommandLine, tmp_path: Path, command: Sequence[str]
) -> None:
    (tmp_path / "flows.py").write_text(FLOW)

    said = cli.refused(*command, "--database-url", "postgresql://app:se cret@host/shop")

    assert said == (
        "Error: the database URL (given explicitly) cannot be read. "
        "Expected postgresql://user:***@host:port/database\n"
    )
