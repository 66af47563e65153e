"""`pgflow cron`: workers and runs on the schedule of pg_cron."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pgflow.cli.commands import Failure, database_option, fetch, group, json_option
from pgflow.cli.output import done, print_json, print_rows
from pgflow.cli.parameters import json_value

if TYPE_CHECKING:
    from pgflow.cron import AnswerRow
    from pgflow.environment import DatabaseUrl
    from pgflow.statements import Statement

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

ADVICE = (
    "The database has no secret to show: the worker answers only if it needs none. "
    "Put the worker's PGFLOW_AUTH_SECRET into the vault as pgflow_auth_secret, or run: "
    "alter database ... set pgflow.auth_secret = '...'"
)
# The request itself gives up after 25 seconds.
PATIENCE = 30.0
PAUSE = 0.1


def _size_options(command: F) -> F:
    command = click.option(
        "--max-concurrent",
        type=click.IntRange(1, 1000),
        help="Handlers that run at a time; by default 5, or the batch size if that is less.",
    )(command)
    return click.option(
        "--batch-size", type=click.IntRange(1, 1000), default=10, help="Tasks per request."
    )(command)


@group()
def cron() -> None:
    """Have pg_cron ask a worker for batches, or start runs.

    \b
    Example:
      pgflow cron start order --url https://worker.example.com --every '5 seconds'
      pgflow cron schedule report --cron '0 6 * * *'
    """


@cron.command()
@click.argument("flow_slug", metavar="FLOW")
@click.option("--url", required=True, help="The one-batch worker, as the database reaches it.")
@click.option("--every", default="5 seconds", help="Such as '5 seconds' or '1 minute'.")
@_size_options
@database_option
def start(
    *,
    flow_slug: str,
    url: str,
    every: str,
    batch_size: int,
    max_concurrent: int | None,
    database: DatabaseUrl,
) -> None:
    """Create or replace the job that asks a one-batch worker to work on a flow.

    \b
    Example:
      pgflow cron start order --url https://worker.example.com --every '30 seconds'
    """
    from pgflow import cron as calls

    try:
        schedule = calls.schedule_of(every)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--every") from None
    concurrent = max_concurrent or min(5, batch_size)
    statement = calls.start_worker(
        flow_slug, url, schedule=schedule, batch_size=batch_size, max_concurrent=concurrent
    )
    (started,) = _run(database, statement)
    done(f"Job {started.job} asks {url} for up to {batch_size} tasks: {schedule}")
    if not started.has_secret:
        click.echo(ADVICE, err=True)


@cron.command()
@click.argument("flow_slug", metavar="FLOW")
@database_option
def stop(*, flow_slug: str, database: DatabaseUrl) -> None:
    """Remove the job that asks a worker to work on a flow.

    \b
    Example:
      pgflow cron stop order
    """
    from pgflow import cron as calls

    (stopped,) = _run(database, calls.stop_worker(flow_slug))
    job = f"pgflow-{flow_slug}-worker"
    done(f"Job {job} removed" if stopped.existed else f"There is no job {job}, nothing to do")


@cron.command()
@click.argument("flow_slug", metavar="FLOW")
@database_option
@json_option
def status(*, flow_slug: str, database: DatabaseUrl, as_json: bool) -> None:
    """Show the jobs of a flow, their last runs and the last answers of workers.

    Answers that name no flow, such as time-outs, may be those to another flow's requests.

    \b
    Example:
      pgflow cron status order
    """
    from pgflow import cron as calls

    jobs = _run(database, calls.jobs(flow_slug))
    runs = _run(database, calls.job_runs(flow_slug))
    answers = _run(database, calls.answers(flow_slug))
    if as_json:
        print_json({"jobs": jobs, "runs": runs, "answers": answers})
        return
    print_rows(jobs, as_json=False, nothing=f"No jobs of flow '{flow_slug}'.")
    print_rows(runs, as_json=False, nothing="No runs of jobs yet.")
    print_rows(answers, as_json=False, nothing="No answers of workers yet.")


@cron.command()
@click.argument("flow_slug", metavar="FLOW")
@click.option("--url", required=True, help="The one-batch worker, as the database reaches it.")
@_size_options
@database_option
def test(
    *,
    flow_slug: str,
    url: str,
    batch_size: int,
    max_concurrent: int | None,
    database: DatabaseUrl,
) -> None:
    """Have the database send one request now, and show the answer. Needs no pg_cron.

    \b
    Example:
      pgflow cron test order --url https://worker.example.com
    """
    from pgflow import cron as calls

    concurrent = max_concurrent or min(5, batch_size)
    statement = calls.invoke_worker(
        flow_slug, url, batch_size=batch_size, max_concurrent=concurrent
    )
    (request,) = _run(database, statement)
    answer = _await_answer(database, calls.answers(flow_slug, request_id=request.request_id))
    click.echo(answer.answer or "")
    if answer.status_code != 200:  # noqa: PLR2004  nothing else is a batch that was worked on
        said = f"with {answer.status_code}" if answer.status_code else "nothing"
        raise Failure(f"the worker at {url} answered {said}. Look at its log")


@cron.command()
@click.argument("flow_slug", metavar="FLOW")
@click.option("--cron", "schedule", help="When, as five fields: '0 6 * * *' is daily at six.")
@click.option("--input", type=json_value, default="{}", help="JSON, @file.json or -.")
@click.option("--label", help="Tells several schedules of a flow apart.")
@click.option("--remove", is_flag=True, help="Remove the schedule instead.")
@database_option
def schedule(
    *,
    flow_slug: str,
    schedule: str | None,
    input: Any,
    label: str | None,
    remove: bool,
    database: DatabaseUrl,
) -> None:
    """Create or replace the job that starts a run of a flow again and again.

    \b
    Example:
      pgflow cron schedule report --cron '0 6 * * *' --input '{"day": "yesterday"}'
      pgflow cron schedule report --remove
    """
    import json

    from pgflow import cron as calls

    if remove:
        (stopped,) = _run(database, calls.unschedule_flow(flow_slug, label=label))
        done("The schedule was removed" if stopped.existed else "There is none, nothing to do")
        return
    if not schedule:
        message = "when? Give --cron, or --remove"
        raise click.UsageError(message)
    statement = calls.schedule_flow(flow_slug, schedule, input=json.dumps(input), label=label)
    (scheduled,) = _run(database, statement)
    done(f"Job {scheduled.job} starts runs: {schedule}")


def _run(database: DatabaseUrl, statement: Statement[T]) -> list[T]:
    """The rows of a statement, with the right cure for those who may not run it."""
    from pgflow.errors import DeploymentError

    try:
        return fetch(database, statement)
    except DeploymentError as error:
        if getattr(error.__cause__, "sqlstate", None) != "42501":
            raise
        what = str(error.__cause__).splitlines()[0]
        raise Failure(f"{what}. Run it as the owner of the engine") from error


def _await_answer(database: DatabaseUrl, statement: Statement[AnswerRow]) -> AnswerRow:
    deadline = time.monotonic() + PATIENCE
    while not (found := _run(database, statement)):
        if time.monotonic() > deadline:
            message = (
                f"pg_net has sent nothing within {PATIENCE:g} s. "
                "Look whether its background worker runs: select net.worker_restart()"
            )
            raise Failure(message)
        time.sleep(PAUSE)
    return found[0]
