"""`pgflow start`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from pgflow.cli.commands import command, database_option, json_option
from pgflow.cli.output import print_json
from pgflow.cli.parameters import json_value, span

if TYPE_CHECKING:
    from datetime import timedelta

    from pgflow.client import Run
    from pgflow.environment import DatabaseUrl


@command()
@click.argument("slug")
@click.option(
    "--input",
    "run_input",
    type=json_value,
    metavar="JSON|@FILE|-",
    default="{}",
    help="The input of the run; - reads it from standard input.",
)
@click.option("--run-id", type=click.UUID, help="The run's id: starting it twice changes nothing.")
@click.option("--delay", type=span, metavar="SPAN", help="Start the first steps later, like 10m.")
@click.option(
    "--paused",
    is_flag=True,
    help="Start no step before `runs step` or `runs resume`; without --run-id, --delay or --wait.",
)
@click.option("--wait", is_flag=True, help="Wait until the run has ended, and print its output.")
@click.option("--watch", is_flag=True, help="Show the steps until the run has ended.")
@click.option(
    "--timeout", type=span, metavar="SPAN", help="Do not --wait or --watch any longer than that."
)
@database_option
@json_option
def start(
    *,
    slug: str,
    run_input: Any,
    run_id: UUID | None,
    delay: timedelta | None,
    paused: bool,
    wait: bool,
    watch: bool,
    timeout: timedelta | None,
    database: DatabaseUrl,
    as_json: bool,
) -> None:
    """Start a run of a flow, and print its run_id.

    \b
    Example:
      pgflow start greet_user --input '{"first_name": "Ada", "last_name": "King"}' --watch
      pgflow start import_orders --input @orders.json --wait
    """
    from pgflow.cli.runs import show_until_end
    from pgflow.client import Client

    message = ""
    if timeout is not None and not (wait or watch):
        message = "--timeout limits the waiting. Give --wait or --watch as well, or leave it out"
    elif paused and wait:
        message = "--paused starts no step, so --wait would wait for nothing. Leave one of them out"
    elif paused and (run_id is not None or delay is not None):
        message = "--paused takes neither --run-id nor --delay. Leave out one or the other"
    if message:
        raise click.UsageError(message)
    with Client(database.value) as client:
        run = client.start(slug, run_input, run_id=run_id, delay=delay, paused=paused)
        seconds = None if timeout is None else timeout.total_seconds()
        if wait and not watch:
            # Whoever ends the waiting must still find the run.
            click.echo(f"Run {run.run_id} of flow '{run.flow_slug}' is {run.status}", err=True)
        if watch:
            show_until_end(database, run.run_id, seconds)
        if wait or watch:
            run.wait(timeout=seconds)
    tell(run, ended=wait or watch, as_json=as_json)


def tell(run: Run[Any], *, ended: bool, as_json: bool) -> None:
    """Prints the run_id of a run, and the output when it has ended."""
    if as_json:
        known = {"run_id": run.run_id, "status": run.status, "created": run.created}
        print_json({**known, "output": run.output} if ended else known)
    elif ended:
        print_json(run.output)
    else:
        click.echo(str(run.run_id))
