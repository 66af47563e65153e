"""`pgflow flows`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pgflow.cli.commands import (
    check_may_lose_data,
    database_option,
    fetch,
    group,
    json_option,
    yes_option,
)
from pgflow.cli.output import done, print_json, print_rows

if TYPE_CHECKING:
    from pgflow.environment import DatabaseUrl
    from pgflow.operations import FlowOverviewRow


@group()
def flows() -> None:
    """See and delete the flows of a database."""


@flows.command("list")
@database_option
@json_option
def list_flows(*, database: DatabaseUrl, as_json: bool) -> None:
    """List the flows and how much is going on in each.

    \b
    Example:
      pgflow flows list
    """
    from pgflow import operations

    print_rows(fetch(database, operations.list_flows()), as_json=as_json, nothing="No flows.")


@flows.command()
@click.argument("slug")
@database_option
@json_option
def show(*, slug: str, database: DatabaseUrl, as_json: bool) -> None:
    """Show the steps of a flow, with the options that are in force.

    \b
    Example:
      pgflow flows show greet_user
    """
    from pgflow import operations

    flow = find_flow(database, slug)
    steps = fetch(database, operations.step_definitions(slug))
    if as_json:
        print_json({"flow": flow, "steps": steps})
    else:
        print_rows([flow], as_json=False, nothing="")
        click.echo()
        print_rows(steps, as_json=False, nothing="The flow has no steps.")


@flows.command()
@click.argument("slug")
@yes_option
@database_option
def delete(*, slug: str, yes: bool, database: DatabaseUrl) -> None:
    """Delete a flow with its queue and all its runs, for good.

    \b
    Example:
      pgflow flows delete greet_user
    """
    from pgflow import statements

    check_may_lose_data(database)
    flow = find_flow(database, slug)
    if not yes and click.prompt(question(flow)) != slug:
        message = f"that is not '{slug}': nothing was deleted"
        raise click.ClickException(message)
    fetch(database, statements.delete_flow_and_data(slug))
    done(f"Flow '{slug}' and its {flow.runs} runs are deleted")


def question(flow: FlowOverviewRow) -> str:
    """What to ask before a flow is deleted."""
    return (
        f"Flow '{flow.flow_slug}' has {flow.runs} runs, {flow.open_runs} of them unfinished. "
        "Type its slug to delete all that"
    )


def find_flow(database: DatabaseUrl, slug: str) -> FlowOverviewRow:
    """The flow of that slug; raises `FlowNotFound`."""
    from pgflow import operations
    from pgflow.client.failures import flow_not_found

    rows = fetch(database, operations.flow_overview(slug))
    if not rows:
        raise flow_not_found(slug)
    return rows[0]
