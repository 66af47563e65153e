"""`pgflow workers`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import click

from pgflow.cli.commands import database_option, fetch, group, json_option
from pgflow.cli.output import done, print_rows

if TYPE_CHECKING:
    from pgflow.environment import DatabaseUrl


@group()
def workers() -> None:
    """See the workers of a database, and ask them to end."""


@workers.command("list")
@click.option("--all", "with_stopped", is_flag=True, help="Also those that have ended.")
@database_option
@json_option
def list_workers(*, with_stopped: bool, database: DatabaseUrl, as_json: bool) -> None:
    """List the workers: alive, draining, silent (they live but do not answer) or dead.

    \b
    Example:
      pgflow workers list
    """
    from pgflow import operations

    statement = operations.list_workers(with_stopped=with_stopped)
    print_rows(fetch(database, statement), as_json=as_json, nothing="No workers.")


@workers.command()
@click.argument("worker_ids", metavar="[WORKER_ID]...", type=click.UUID, nargs=-1)
@click.option("--flow", metavar="SLUG", help="All workers that serve this flow.")
@click.option("--all", "everybody", is_flag=True, help="All workers.")
@database_option
def drain(
    *, worker_ids: Sequence[UUID], flow: str | None, everybody: bool, database: DatabaseUrl
) -> None:
    """Ask workers to finish what they have, claim nothing more, and end.

    \b
    Example:
      pgflow workers drain --flow greet_user
      pgflow workers drain 0199d6a2-7c1e-7b60-a0b6-6b1d5f3c2e11
    """
    from pgflow import operations

    if [bool(worker_ids), flow is not None, everybody].count(True) != 1:
        message = "whom to drain? Give worker ids, or --flow, or --all"
        raise click.UsageError(message)
    asked = fetch(database, operations.drain_workers(worker_ids=worker_ids, flow_slug=flow))
    if not asked:
        message = "there is no such worker. See who works: pgflow workers list"
        raise click.ClickException(message)
    for worker in asked:
        done(f"Worker {worker.worker_id} ({worker.function_name}) was asked to drain")
