"""`pgflow db`."""

from __future__ import annotations

import os
from collections.abc import Sequence

import click

from pgflow.cli.commands import group, yes_option
from pgflow.cli.output import done


@group()
def db() -> None:
    """The project's own database: a real PostgreSQL in the directory .pgflow."""


@db.command()
def start() -> None:
    """Start it, and leave it running; print its URL.

    \b
    Example:
      pgflow db start
    """
    from pgflow.embedded import project_database

    click.echo(project_database().start())


@db.command()
def stop() -> None:
    """Stop it, whoever is connected. What it stores stays.

    \b
    Example:
      pgflow db stop
    """
    from pgflow.embedded import project_database

    database = project_database()
    was_running = database.running_url is not None
    database.stop()
    done("The database is stopped" if was_running else "The database does not run")


@db.command()
def url() -> None:
    """Print its URL, for other programs.

    \b
    Example:
      pgflow db url
      psql "$(pgflow db url)"
    """
    click.echo(running_url())


@db.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", metavar="[PSQL ARGUMENTS]...", nargs=-1, type=click.UNPROCESSED)
def psql(*, arguments: Sequence[str]) -> None:
    """Open psql on it, the one that came with it.

    \b
    Example:
      pgflow db psql -c 'select * from pgflow.runs'
    """
    from pgflow.embedded import project_database

    address = running_url()
    program = str(project_database().provider() / "psql")
    os.execv(program, [program, address, *arguments])  # noqa: S606  our own program, no shell


@db.command()
@yes_option
def reset(*, yes: bool) -> None:
    """Stop it and delete everything that it stores.

    \b
    Example:
      pgflow db reset
    """
    from pgflow.embedded import project_database

    database = project_database()
    if not yes:
        click.confirm(f"Delete everything in {database.home}?", abort=True)
    database.reset()
    done("The database is empty; the next start makes a new one")


def running_url() -> str:
    """The URL of the project's database; raises `DatabaseUnavailable` where it does not run."""
    from pgflow.embedded import find_home
    from pgflow.embedded import running_url as find_url
    from pgflow.errors import DatabaseUnavailable

    found = find_url()
    if found is None:
        message = f"the database in {find_home()} does not run. Start it with: pgflow db start"
        raise DatabaseUnavailable(message)
    return found
