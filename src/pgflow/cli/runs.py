"""`pgflow runs`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from pgflow.cli.commands import Failure, database_option, fetch, group, json_option
from pgflow.cli.output import done, print_json, print_rows
from pgflow.cli.parameters import json_value, row_count, span

if TYPE_CHECKING:
    from datetime import timedelta

    from pgflow.cli.tree import Progress
    from pgflow.client import Client, Run
    from pgflow.environment import DatabaseUrl

STATUSES = click.Choice(["started", "completed", "failed", "cancelled"])
ENDINGS = {"failed": "failed", "cancelled": "been cancelled"}

run_id_argument = click.argument("run_id", type=click.UUID)
run_ids_argument = click.argument(
    "run_ids", metavar="RUN_ID...", type=click.UUID, nargs=-1, required=True
)


@group()
def runs() -> None:
    """See runs, and steer them."""


@runs.command("list")
@click.option("--flow", metavar="SLUG", help="Of this flow only.")
@click.option("--status", type=STATUSES, help="In this status only.")
@click.option(
    "--since", type=span, metavar="SPAN", help="Started no longer ago than that, e.g. 2h."
)
@click.option("--limit", type=row_count, default=20, show_default=True, help="At most so many.")
@database_option
@json_option
def list_runs(
    *,
    flow: str | None,
    status: str | None,
    since: timedelta | None,
    limit: int,
    database: DatabaseUrl,
    as_json: bool,
) -> None:
    """List the newest runs.

    \b
    Example:
      pgflow runs list --flow greet_user --status failed --since 2h
    """
    from pgflow import operations

    statement = operations.list_runs(flow_slug=flow, status=status, since=since, limit=limit)
    print_rows(fetch(database, statement), as_json=as_json, nothing="No runs.")


@runs.command()
@run_id_argument
@database_option
@json_option
def show(*, run_id: UUID, database: DatabaseUrl, as_json: bool) -> None:
    """Show a run: its steps, how long each took, attempts, errors, input and output.

    \b
    Example:
      pgflow runs show 0199d6a2-7c1e-7b60-a0b6-6b1d5f3c2e11
    """
    from pgflow.cli.run_report import read_report

    report = read_report(database, run_id)
    if as_json:
        print_json(report.as_json())
    else:
        click.echo("\n".join(report.lines()))


@runs.command()
@run_id_argument
@database_option
def watch(*, run_id: UUID, database: DatabaseUrl) -> None:
    """Show the steps of a run as it goes on, until it has ended.

    \b
    Example:
      pgflow runs watch 0199d6a2-7c1e-7b60-a0b6-6b1d5f3c2e11
    """
    progress = show_until_end(database, run_id)
    if progress.run.status != "completed":
        raise Failure(f"run {run_id} has {ENDINGS[progress.run.status]}")


@runs.command()
@run_ids_argument
@database_option
def cancel(*, run_ids: Sequence[UUID], database: DatabaseUrl) -> None:
    """End runs now; workers that hold one of their tasks let go of it.

    \b
    Example:
      pgflow runs cancel 0199d6a2-7c1e-7b60-a0b6-6b1d5f3c2e11
    """
    from pgflow.client import Client

    steer(database, run_ids, Client.cancel)


@runs.command()
@run_ids_argument
@database_option
def retry(*, run_ids: Sequence[UUID], database: DatabaseUrl) -> None:
    """Carry on failed or cancelled runs: what is completed is kept, the rest is tried afresh.

    \b
    Example:
      pgflow runs retry 0199d6a2-7c1e-7b60-a0b6-6b1d5f3c2e11
    """
    from pgflow.client import Client

    with Client(database.value) as client:
        for run_id in run_ids:
            run = client.get_run(run_id)
            if run.status == "started":
                what = f"Run {run_id} of flow '{run.flow_slug}' is in progress"
                click.echo(f"{what}: there is nothing to retry")
            else:
                _tell(client.retry(run_id))


@runs.command()
@run_id_argument
@database_option
def pause(*, run_id: UUID, database: DatabaseUrl) -> None:
    """Let a run start no more steps; what has been started goes on.

    \b
    Example:
      pgflow runs pause 0199d6a2-7c1e-7b60-a0b6-6b1d5f3c2e11
    """
    from pgflow.client import Client

    steer(database, [run_id], Client.pause, now="paused")


@runs.command()
@run_id_argument
@database_option
def resume(*, run_id: UUID, database: DatabaseUrl) -> None:
    """End the pause of a run: everything that is ready starts.

    \b
    Example:
      pgflow runs resume 0199d6a2-7c1e-7b60-a0b6-6b1d5f3c2e11
    """
    from pgflow.client import Client

    steer(database, [run_id], Client.resume)


@runs.command()
@run_id_argument
@click.argument("step", required=False)
@database_option
def step(*, run_id: UUID, step: str | None, database: DatabaseUrl) -> None:
    """Start one ready step of a paused run: the next one, or STEP.

    \b
    Example:
      pgflow runs step 0199d6a2-7c1e-7b60-a0b6-6b1d5f3c2e11
    """
    from pgflow.client import Client

    with Client(database.value) as client:
        released = client.release(run_id, step)
    if released is None:
        message = (
            f"no step of run {run_id} is ready. See what it waits for: pgflow explain {run_id}"
        )
        raise Failure(message)
    done(f"Step '{released}' of run {run_id} goes on")


@runs.command()
@run_id_argument
@click.argument("step")
@click.option("--output", type=json_value, metavar="JSON|@FILE|-", required=True)
@database_option
def edit(*, run_id: UUID, step: str, output: Any, database: DatabaseUrl) -> None:
    """Replace the output of a step of a paused run, before its dependents start.

    \b
    Example:
      pgflow runs edit 0199d6a2-7c1e-7b60-a0b6-6b1d5f3c2e11 website --output @page.json
    """
    from pgflow.client import Client

    with Client(database.value) as client:
        client.edit_output(run_id, step, output)
    done(f"Step '{step}' of run {run_id} has another output")


@runs.command()
@run_id_argument
@click.option("--from", "from_step", metavar="STEP", help="Keep what was done before this step.")
@click.option(
    "--input",
    "new_input",
    metavar="JSON|@FILE|-",
    help="Another input; with --from, an object of those outputs that shall be others.",
)
@click.option("--paused", is_flag=True, help="Start no step before `runs step` or `runs resume`.")
@database_option
def rerun(
    *,
    run_id: UUID,
    from_step: str | None,
    new_input: str | None,
    paused: bool,
    database: DatabaseUrl,
) -> None:
    """Start a new run after the pattern of another one; print its run_id.

    \b
    Example:
      pgflow runs rerun 0199d6a2-7c1e-7b60-a0b6-6b1d5f3c2e11 --from summary
    """
    from pgflow.client import Client

    # That none was given is something else than that it is null.
    given = ... if new_input is None else json_value(new_input)
    with Client(database.value) as client:
        run = client.rerun(run_id, from_step=from_step, input=given, paused=paused)
    click.echo(str(run.run_id))


def steer(
    database: DatabaseUrl,
    run_ids: Sequence[UUID],
    order: Callable[[Client, UUID], Run[Any]],
    *,
    now: str | None = None,
) -> None:
    """Gives the same order to each run, and says how it stands: its status, or what `now` says."""
    from pgflow.client import Client

    with Client(database.value) as client:
        for run_id in run_ids:
            _tell(order(client, run_id), now)


def _tell(run: Run[Any], now: str | None = None) -> None:
    done(f"Run {run.run_id} of flow '{run.flow_slug}' is {now or run.status}")


def show_until_end(database: DatabaseUrl, run_id: UUID, timeout: float | None = None) -> Progress:
    """Shows a run as it goes on, on the best screen that there is; `timeout` is in seconds."""
    import asyncio

    from pgflow.cli.following import follow
    from pgflow.cli.screens import open_screen

    with open_screen() as screen:
        return asyncio.run(follow(database.value, run_id, screen, timeout=timeout))
