"""`pgflow explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import click

from pgflow.cli.commands import command, database_option, fetch, json_option
from pgflow.cli.output import print_json

if TYPE_CHECKING:
    from pgflow.environment import DatabaseUrl


@command()
@click.argument("run_id", type=click.UUID)
@database_option
@json_option
def explain(*, run_id: UUID, database: DatabaseUrl, as_json: bool) -> None:
    """Say why a run is where it is, and what would help.

    \b
    Example:
      pgflow explain 0199d6a2-7c1e-7b60-a0b6-6b1d5f3c2e11
    """
    from pgflow import operations, statements
    from pgflow.console import visible
    from pgflow.reasons import ending, sentence

    reasons = fetch(database, operations.explain_run(run_id))
    [run] = fetch(database, statements.look_at_runs([run_id]))
    if as_json:
        print_json({"run_id": run_id, "status": run.status, "reasons": reasons})
    else:
        sentences = [sentence(reason, run) for reason in reasons]
        click.echo(visible(ending(run) or "\n".join(sentences)))
