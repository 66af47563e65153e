"""`pgflow ui`: the playground alone."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from pgflow.cli.commands import Failure, command, database_option
from pgflow.environment import DIRECT_URL_VARIABLE, UI_TOKEN_VARIABLE, URL_VARIABLES

if TYPE_CHECKING:
    from pgflow.environment import DatabaseUrl


@contextmanager
def needed(extra: str) -> Generator[None]:
    """Imports of what only comes with an extra of the package."""
    try:
        yield
    except ModuleNotFoundError as error:
        message = (
            f"{error.name} is not installed. Install it with: pip install 'pgflow-py[{extra}]'"
        )
        raise Failure(message) from error


def direct_url(*, beside: DatabaseUrl) -> str | None:
    """A way past the pooler that a database URL of the environment leads to."""
    return os.environ.get(DIRECT_URL_VARIABLE) if beside.source in URL_VARIABLES else None


@command()
@click.argument("names", nargs=-1, metavar="[FLOWS]...")
@click.option("--allow-actions", is_flag=True, help="Start, cancel, retry, step and edit runs.")
@click.option("--port", type=click.IntRange(0, 65535), help="By default a free one from 7437 on.")
@click.option(
    "--token", envvar=UI_TOKEN_VARIABLE, help="What opens the page; by default a random one."
)
@database_option
def ui(
    *,
    names: tuple[str, ...],
    allow_actions: bool,
    port: int | None,
    token: str | None,
    database: DatabaseUrl,
) -> None:
    """Serve the playground: a page that shows flows, runs, workers and queues of a database.

    It listens on this machine only, and only reads unless --allow-actions is given. With FLOWS
    named, it also shows their code and how that differs from the database.

    \b
    Example:
      pgflow ui
      pgflow ui flows/order.py --database-url postgresql://localhost/shop --allow-actions
    """
    import asyncio

    with needed("web"):
        from pgflow.web.code import Code
        from pgflow.web.playground import Playground
        from pgflow.web.serving import Address, Server

    code = Code(names) if names else None
    if code and not code.load() and code.trouble:
        click.echo(code.trouble.message, err=True)
    playground = Playground(
        database_url=database.value,
        direct_url=direct_url(beside=database),
        code=code,
        allow_actions=allow_actions,
    )
    address = Address.reserve(port, token=token)
    click.echo(f"The playground of {database} is at {address.url}")
    if not allow_actions:
        click.echo("It only reads: start it with --allow-actions to steer runs from the page")
    asyncio.run(Server(playground, address).run_here())
