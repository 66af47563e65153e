"""`pgflow dev`: everything for development."""

from __future__ import annotations

import click

from pgflow.cli.commands import command
from pgflow.cli.sources import flows_argument, named_or_configured
from pgflow.cli.ui import needed
from pgflow.environment import UI_TOKEN_VARIABLE


@command()
@flows_argument
@click.option("--database-url", metavar="URL", help="Use this database, not an embedded one.")
@click.option("--port", type=click.IntRange(0, 65535), help="By default a free one from 7437 on.")
@click.option(
    "--token", envvar=UI_TOKEN_VARIABLE, help="What opens the page; by default a random one."
)
def dev(
    *, names: tuple[str, ...], database_url: str | None, port: int | None, token: str | None
) -> None:
    """Run everything that it takes to develop flows, and follow the code as it changes.

    A database (embedded, kept in .pgflow, unless one is named), the engine, a worker and the
    playground, where runs are started, watched and stepped through. Flows that changed are brought
    into the database; where their structure has changed, they are dropped with their runs and
    created anew. A broken file is shown, and the last good version goes on.

    \b
    Example:
      pgflow dev flows/order.py
    """
    import asyncio

    with needed("dev"):
        from pgflow.development.studio import Studio, be_quiet, development_database
        from pgflow.web.serving import Address

    wanted = named_or_configured(names)
    be_quiet()
    with development_database(database_url) as database:
        address = Address.reserve(port, token=token)
        asyncio.run(Studio(wanted, database, address, click.echo).run())
    click.echo("Stopped")
