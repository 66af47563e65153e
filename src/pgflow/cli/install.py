"""`pgflow install`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pgflow.cli.commands import command, find_database, json_option
from pgflow.cli.output import done, print_json

if TYPE_CHECKING:
    from pgflow.schema import Installation


@command()
@click.option("--print", "only_print", is_flag=True, help="Print the SQL and do nothing.")
@click.option("--roles", is_flag=True, help="Also make roles for viewers, clients and workers.")
@click.option(
    "--supabase-path",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Into the Supabase project in DIR, as migration files and settings.",
)
@click.option("-y", "--yes", is_flag=True, help="With --supabase-path: do not ask.")
@click.option("--database-url", metavar="URL", help="The database, found like everywhere else.")
@json_option
def install(
    *,
    database_url: str | None,
    only_print: bool,
    roles: bool,
    supabase_path: Path | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Install the engine into a database, or upgrade it.

    Safe to repeat, and safe to do from several places at once. Needs the right to create schemas,
    not a superuser. --roles makes pgflow_viewer, pgflow_client and pgflow_worker, to be granted
    to the users of your programs.

    \b
    Example:
      pgflow install --database-url postgresql://localhost/shop
      pgflow install --roles
      pgflow install --print > engine.sql
      pgflow install --supabase-path supabase
    """
    from pgflow import schema
    from pgflow.roles import ROLES, compose_roles, install_roles

    if supabase_path:
        _into_supabase(supabase_path, yes=yes)
        return
    if only_print:
        click.echo(script(schema.compose(), compose_roles() if roles else ""))
        return
    url = find_database(database_url).value
    installation = schema.install(url)
    if roles:
        install_roles(url)
    if as_json:
        print_json(installation)
        return
    done(told(installation))
    if roles:
        done(f"Roles {', '.join(ROLES)} are in place: grant them to the users of your programs")


def _into_supabase(project: Path, *, yes: bool) -> None:
    from pgflow import supabase

    changes = supabase.plan(project)
    if not changes:
        done("Everything is in place, nothing to do")
        return
    for change in changes:
        click.echo(f"  {change}")
    if not yes:
        click.confirm("Write these files?", abort=True, default=True)
    for backup in supabase.carry_out(changes):
        click.echo(f"  what config.toml was before is in {backup}")
    done("Done. Apply the migrations with: supabase migration up")


def script(*parts: str) -> str:
    """The parts as one transaction, for psql or a migration tool."""
    needs = "-- Needs pgmq: `create extension pgmq`, or the SQL that the PyPI package pgmq brings."
    return "\n".join((needs, "begin;", *parts, "commit;"))


def told(installation: Installation) -> str:
    """What was done, in a sentence."""
    version, before = installation.engine_version, installation.previous_version
    if not installation.changed:
        return f"Engine {version} is in place, nothing to do"
    if before is None:
        return f"Engine {version} installed"
    migrations = ", ".join(installation.applied)
    if before == version and not migrations:
        return f"Engine {version}: functions and views are up to date now"
    return f"Engine upgraded from {before} to {version}: {migrations or 'functions and views'}"
