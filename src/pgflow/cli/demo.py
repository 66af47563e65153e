"""`pgflow demo`."""

from __future__ import annotations

import click

from pgflow.cli.commands import command, find_database


@command()
@click.option(
    "--url", "--database-url", metavar="URL", help="Use this database, not an embedded one."
)
def demo(url: str | None) -> None:
    """Run two sample flows on a real PostgreSQL and show what happens.

    Without --url it starts an embedded PostgreSQL, kept in .pgflow of the current project. With
    --url it installs the engine there, and the flows greet_user and analyze_website stay.

    \b
    Example:
      pgflow demo
      pgflow demo --url postgresql://localhost/scratch
    """
    import asyncio

    from pgflow.cli.tour import show_demo, show_embedded_demo

    if url is None:
        asyncio.run(show_embedded_demo())
    else:
        asyncio.run(show_demo(find_database(url).value))
