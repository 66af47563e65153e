"""`pgflow prune`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from pgflow.cli.commands import check_may_lose_data, command, database_option, json_option
from pgflow.cli.output import done, print_json
from pgflow.cli.parameters import row_count, span

if TYPE_CHECKING:
    from datetime import timedelta

    from pgflow.environment import DatabaseUrl
    from pgflow.operations import PrunedRow


@command()
@click.option("--older-than", type=span, metavar="SPAN", required=True, help="Like 30d, 12h, 2w.")
@click.option(
    "--batch",
    type=row_count,
    default=1000,
    show_default=True,
    help="Runs in one transaction.",
)
@database_option
@json_option
def prune(*, older_than: timedelta, batch: int, database: DatabaseUrl, as_json: bool) -> None:
    """Delete runs that ended longer ago than that, archived messages and workers as well.

    Unfinished runs are never touched. The work is done in short transactions: it may be broken off
    and repeated at any time.

    \b
    Example:
      pgflow prune --older-than 30d
    """
    from pgflow.cli.pruning import NOTHING, added, batches

    check_may_lose_data(database)
    total = NOTHING
    for removed in batches(database, older_than, size=batch):
        total = added(total, removed)
        tell(total)
    if as_json:
        print_json(total)
    else:
        done(
            f"Deleted {total.runs} runs with {total.step_tasks} tasks, "
            f"{total.archived_messages} archived messages, {total.workers} workers"
        )


def tell(total: PrunedRow) -> None:
    """Shows how far it is, where somebody looks."""
    if sys.stderr.isatty():
        click.echo(f"\r{total.runs} runs deleted\r", nl=False, err=True)
