"""The command line: arguments in, calls out."""

from __future__ import annotations

import os

import click

from pgflow.cli.commands import LazyGroup, group

# Where each command lives, most wanted first. A module is imported when one of its commands is needed.
COMMANDS = {
    "demo": "demo:demo",
}


@group(cls=LazyGroup, places=COMMANDS)
@click.version_option(package_name="pgflow-py", prog_name="pgflow")
@click.pass_context
def pgflow(context: click.Context) -> None:
    """Workflows that live in Postgres.

    \b
    Example:
      pgflow demo
    """
    if os.environ.get("NO_COLOR"):
        context.color = False


def main() -> None:
    """What the command `pgflow` runs."""
    pgflow(prog_name="pgflow")
