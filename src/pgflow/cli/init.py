"""`pgflow init`: a new project."""

from __future__ import annotations

from pathlib import Path

import click

from pgflow.cli.commands import command


@command()
@click.argument(
    "directory", default=".", metavar="[DIR]", type=click.Path(path_type=Path, file_okay=False)
)
def init(directory: Path) -> None:
    """Make a new project with a flow and a test, ready to run.

    \b
    Example:
      pgflow init my_project
    """
    from pgflow.scaffold import create_project

    for path in create_project(directory):
        click.echo(f"✓ Created: {path}")
    enter = "" if directory == Path() else f"cd {directory} && "
    click.echo(f"\nRun it:   {enter}pgflow dev\nTest it:  {enter}pytest")
