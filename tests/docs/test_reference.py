"""docs/reference is what the code says now, and leaves nothing out."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

import pgflow
from pgflow.cli import pgflow as program
from tools import reference


@pytest.mark.parametrize("file", reference.pages(), ids=lambda file: file.stem)
def test_a_reference_page_is_up_to_date(file: Path) -> None:
    wanted = reference.pages()[file]

    assert file.read_text("utf-8") == wanted, "renew it with: make docs"


def test_every_command_is_documented() -> None:
    text = (reference.ROOT / "docs/reference/cli.md").read_text("utf-8")
    group = click.Context(program, info_name="pgflow")

    commands = [path for path, _ in reference.walk(program, group)]

    assert commands
    assert [path for path in commands if f"\n## {path}\n" not in text] == []


def test_every_public_name_is_documented() -> None:
    text = (reference.ROOT / "docs/reference/python.md").read_text("utf-8")
    public = [name for name in pgflow.__all__ if not name.startswith("__")]

    assert [name for name in public if f"\n## {name}\n" not in text] == []


def test_an_undocumented_command_shows() -> None:
    @click.group()
    def some() -> None: ...

    @some.command("new")
    def new() -> None:
        """Does something new."""

    page = reference.cli_page(some)

    assert "## pgflow new\n\nDoes something new.\n" in page
    assert "Usage: `pgflow new [OPTIONS]`" in page
