"""`pgflow compile`: flows as migration files."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pgflow.cli.commands import command
from pgflow.cli.sources import flows_argument, load_sources

if TYPE_CHECKING:
    from pgflow.definition.shape import FlowShape
    from pgflow.deployment.files import MigrationFile
    from pgflow.deployment.migration import Migration
    from pgflow.loading import FlowSource


@command("compile")
@flows_argument
@click.option(
    "--worker",
    "worker_name",
    metavar="NAME",
    help="The worker that may run older code; by default <file name>-worker.",
)
@click.option(
    "--out",
    metavar="PATH",
    help="Where to write: a directory, a .sql file, or - to print; by default `migrations` of "
    "[tool.pgflow], or migrations/.",
)
@click.option(
    "--replace", "replaces", is_flag=True, help="Drop and recreate flows that changed their shape."
)
@click.option(
    "--from-worker",
    "worker_url",
    metavar="URL",
    help="Ask the control plane of a running worker; FLOWS are then the slugs of its flows.",
)
@click.option("--database-url", metavar="URL", help="Where to look for workers with older code.")
def compile_flows(
    *,
    names: tuple[str, ...],
    worker_name: str | None,
    out: str | None,
    replaces: bool,
    worker_url: str | None,
    database_url: str | None,
) -> None:
    """Write migration files that register flows.

    FLOWS are files (flows/order.py), modules (shop.flows) or objects in one (shop.flows:order). A
    migration happens as a whole or not at all, may run twice, and fails where the flow exists with
    another structure. Any tool that runs SQL files can apply it.

    \b
    Example:
      pgflow compile flows/order.py
      pgflow compile order --from-worker http://worker:8080
    """
    from pgflow.deployment.migration import Migration

    if worker_url is not None:
        shapes = _shapes_elsewhere(names, worker_url)
    else:
        sources = load_sources(names)
        _compare_with_workers(sources, worker_name, database_url)
        if not replaces:
            _compare_with_database(sources, database_url)
        shapes = [flow.shape() for source in sources for flow in source.flows]
    _write([Migration(shape, replaces=replaces) for shape in dict.fromkeys(shapes)], out)


def _shapes_elsewhere(slugs: Sequence[str], worker_url: str) -> list[FlowShape]:
    from pgflow.deployment.remote import fetch_shape

    if not slugs:
        message = "no flow is named. --from-worker needs the slug of a flow"
        raise click.UsageError(message)
    return [fetch_shape(worker_url, slug) for slug in slugs]


def _compare_with_workers(
    sources: Sequence[FlowSource], worker_name: str | None, database_url: str | None
) -> None:
    import asyncio

    from pgflow.deployment.staleness import check_workers

    for source in sources:
        name = worker_name or source.worker_name
        if note := asyncio.run(check_workers(database_url, source, name)):
            click.echo(f"Note: {note}", err=True)


def _compare_with_database(sources: Sequence[FlowSource], database_url: str | None) -> None:
    import asyncio

    from pgflow.deployment.compilation import compare_all
    from pgflow.errors import DatabaseUnavailable, EngineMissing
    from pgflow.loading import flows_of

    # A database that is not there was told of when it was asked for workers.
    with suppress(DatabaseUnavailable, EngineMissing):
        for found in asyncio.run(compare_all(database_url, flows_of(sources))):
            if found.change == "structure":
                click.echo(
                    f"Note: the database has flow '{found.flow_slug}' with another structure, so "
                    "this migration will fail there. Use another slug, or --replace",
                    err=True,
                )


def _write(migrations: Sequence[Migration], out: str | None) -> None:
    from pgflow.config import Config
    from pgflow.deployment.files import MigrationsDirectory, write_file
    from pgflow.deployment.migration import join

    if out == "-":
        click.echo(join(migrations), nl=False)
        return
    for migration in migrations:
        click.echo(f"✓ Compiled successfully: {migration.slug} → SQL migration ready")
    if out is not None and out.endswith(".sql"):
        _tell(write_file(Path(out), migrations))
        return
    directory = MigrationsDirectory(Path(out) if out else Config.load().migrations)
    for migration in migrations:
        _tell(directory.add(migration))


def _tell(file: MigrationFile) -> None:
    from pgflow.import_failures import shown

    path = shown(file.path)
    click.echo(f"✓ Created: {path}" if file.is_new else f"✓ Identical: {path} is kept")
    if file.other:
        click.echo(
            f"Note: {shown(file.other)} holds another definition. Where that was applied, the new "
            "one fails: use a different slug, or --replace",
            err=True,
        )
