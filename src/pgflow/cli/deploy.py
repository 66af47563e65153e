"""`pgflow deploy`: flows into a database, now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from pgflow.cli.commands import command, database_option, json_option
from pgflow.cli.output import print_json
from pgflow.cli.sources import flows_argument, load_sources, named_or_configured

if TYPE_CHECKING:
    from pgflow.deployment.compilation import Registration
    from pgflow.deployment.deploying import Loss
    from pgflow.environment import DatabaseUrl


@command()
@flows_argument
@click.option("--dev", is_flag=True, help="The database is one for development.")
@click.option("--force", is_flag=True, help="With --dev: drop and recreate what changed its shape.")
@click.option("--yes", is_flag=True, help="Do not ask before runs are lost.")
@database_option
@json_option
def deploy(
    *,
    names: tuple[str, ...],
    dev: bool,
    force: bool,
    yes: bool,
    database: DatabaseUrl,
    as_json: bool,
) -> None:
    """Register flows in the database now, all or none.

    New flows are created, runtime options updated; a changed structure is refused with the
    differences. FLOWS are files, modules, objects in one, or compiled .sql files.

    \b
    Example:
      pgflow deploy flows/order.py
      pgflow deploy --dev --force flows/order.py
    """
    if force and not dev:
        message = "--force drops flows with their runs. Say --dev too if this is for development"
        raise click.UsageError(message)
    wanted = named_or_configured(names)
    scripts = [name for name in wanted if name.endswith(".sql")]
    modules = [name for name in wanted if not name.endswith(".sql")]
    done = [*_apply(database, scripts), *_register(database, modules, force=force, yes=yes)]
    if as_json:
        print_json([_to_json(each) for each in done])
    else:
        click.echo("\n".join(map(str, done)))


def _apply(database: DatabaseUrl, files: Sequence[str]) -> list[Registration]:
    import asyncio

    from pgflow.deployment.deploying import apply_files

    return asyncio.run(apply_files(database.value, files)) if files else []


def _register(
    database: DatabaseUrl, names: Sequence[str], *, force: bool, yes: bool
) -> list[Registration]:
    import asyncio

    from pgflow.deployment.deploying import deploy_flows, losses_of, policy_of_deploy
    from pgflow.loading import flows_of

    if not names:
        return []
    flows = flows_of(load_sources(names))
    policy = policy_of_deploy(database.value, force=force)
    if force and not yes:
        _ask(asyncio.run(losses_of(database.value, flows)))
    return asyncio.run(deploy_flows(database.value, flows, policy))


def _ask(losses: Sequence[Loss]) -> None:
    for loss in losses:
        click.confirm(f"Drop {loss}?", abort=True, err=True)


def _to_json(registration: Registration) -> dict[str, Any]:
    return {
        "flowSlug": registration.flow_slug,
        "action": registration.action,
        "differences": registration.differences,
    }
