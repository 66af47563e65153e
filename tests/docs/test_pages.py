"""What README and docs/ show runs, and prints what they say."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import click
import pytest

from pgflow.cli import pgflow
from pgflow.environment import ENVIRONMENT_VARIABLE
from pgflow.testing import PgflowDatabase
from tests.docs.pages import ROOT, Program, blocks

# Made from docstrings, which are fragments; the reference has a test of its own.
GENERATED = ROOT / "docs" / "reference"
PAGES = [
    page
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
    if GENERATED not in page.parents
]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
# The guides need servers of their own; see test_guides.py.
WITH_PYTHON = [page for page in PAGES if page.parent.name != "guides" and blocks(page, "python")]
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", WITH_PYTHON, ids=lambda page: page.stem)
async def test_the_code_of_a_page_runs_and_prints_what_the_page_says(
    page: Path, pgflow_database: PgflowDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGFLOW_DATABASE_URL", pgflow_database.dsn)
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, "local")
    program = Program(page, pgflow_database.dsn, {"pgflow_database": pgflow_database})
    monkeypatch.setitem(sys.modules, program.module.__name__, program.module)

    printed = [(block, await program.run(block)) for block in blocks(page, "python")]

    assert [lines for _, lines in printed] == [block.promised_output for block, _ in printed]


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_the_commands_of_a_page_exist_with_their_options(page: Path) -> None:
    lines = [line for block in blocks(page, "sh") for line in block.text.splitlines()]

    unknown = [line for line in lines if not is_known(line)]

    assert unknown == []


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    targets = LINK.findall(page.read_text("utf-8"))

    assert [target for target in targets if not (page.parent / target).exists()] == []


def is_known(line: str) -> bool:
    """Whether a line of a shell calls `pgflow` as it can be called; other programs pass."""
    words = [word for word in shlex.split(line) if not re.match(r"[A-Z_]+=", word)]
    if words[:1] != ["pgflow"]:
        return True
    command: click.Command = pgflow
    context = click.Context(command)
    for word in words[1:]:
        if not isinstance(command, click.Group):
            break
        found = command.get_command(context, word)
        if found is None:
            return False
        command = found
    known = {name for option in command.params for name in option.opts}
    return known.issuperset(word for word in words if word.startswith("--"))
