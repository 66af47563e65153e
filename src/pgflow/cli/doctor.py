"""`pgflow doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pgflow.cli.commands import command, database_option, json_option
from pgflow.cli.output import print_json

if TYPE_CHECKING:
    from pgflow.cli.checkup import Finding
    from pgflow.environment import DatabaseUrl

MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "problem": ("✗", "red")}


@command()
@database_option
@json_option
@click.pass_context
def doctor(context: click.Context, *, database: DatabaseUrl, as_json: bool) -> None:
    """Look for what is wrong with a database and what would mend it.

    Ends with exit code 1 where it finds a problem; warnings are none. It reads every run that is
    stored: on a big database that takes its time.

    \b
    Example:
      pgflow doctor
    """
    import asyncio

    from pgflow.cli.checkup import examine

    findings = asyncio.run(examine(database.value))
    if as_json:
        print_json(findings)
    else:
        click.echo(f"Database {database} ({database.source})")
        click.echo("\n".join(line(finding) for finding in findings))
    context.exit(any(finding.level == "problem" for finding in findings))


def line(finding: Finding) -> str:
    """A finding for people."""
    character, colour = MARKS[finding.level]
    cure = f". {finding.cure}" if finding.cure else ""
    return f"{click.style(character, fg=colour)} {finding.subject}: {finding.text}{cure}"
