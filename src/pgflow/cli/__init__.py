"""The command line: arguments in, calls out."""

from __future__ import annotations

import os

import click

from pgflow.cli.commands import LazyGroup, group

# Where each command lives, most wanted first: a module is imported when its command is needed.
COMMANDS = {
    "demo": "demo:demo",
    "dev": "dev:dev",
    "init": "init:init",
    "worker": "worker:worker",
    "ui": "ui:ui",
    "start": "start:start",
    "runs": "runs:runs",
    "explain": "explain:explain",
    "flows": "flows:flows",
    "workers": "workers:workers",
    "db": "db:db",
    "install": "install:install",
    "compile": "compile:compile_flows",
    "deploy": "deploy:deploy",
    "insight": "insight:insight",
    "check": "check:check",
    "cron": "cron:cron",
    "prune": "prune:prune",
    "doctor": "doctor:doctor",
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
