"""`pgflow check`: whether code and database agree, for CI."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from pgflow.cli.commands import Failure, command, database_option, json_option
from pgflow.cli.output import print_json
from pgflow.cli.sources import flows_argument, load_sources, named_or_configured

if TYPE_CHECKING:
    from pgflow.deployment.compilation import Comparison
    from pgflow.environment import DatabaseUrl


@command()
@flows_argument
@database_option
@json_option
def check(*, names: tuple[str, ...], database: DatabaseUrl, as_json: bool) -> None:
    """Compare flows with the database; exit code 1 where they differ.

    Imports the flows, which checks their definitions, and prints every difference: for CI.

    \b
    Example:
      pgflow check flows/order.py
    """
    import asyncio

    from pgflow.deployment.compilation import compare_all
    from pgflow.loading import flows_of

    wanted = named_or_configured(names)
    found = asyncio.run(compare_all(database.value, flows_of(load_sources(wanted))))
    if as_json:
        print_json([_to_json(each) for each in found])
    else:
        click.echo("\n".join(map(_told, found)))
    if drifted := [each for each in found if each.change != "none"]:
        slugs = ", ".join(each.flow_slug for each in drifted)
        cure = f"{_cure(drifted)} {' '.join(wanted)}"
        raise Failure(f"code and database differ: {slugs}. {cure}")


def _cure(drifted: Sequence[Comparison]) -> str:
    if any(each.change == "structure" for each in drifted):  # which deploy refuses
        return (
            "Another structure needs another slug, or a migration that drops the flow: "
            "pgflow compile --replace"
        )
    return "Deploy with: pgflow deploy"


def _told(found: Comparison) -> str:
    heads = {
        "none": f"✓ Flow '{found.flow_slug}' is as in the database",
        "new": f"✗ Flow '{found.flow_slug}' is not in the database",
        "options": f"✗ Flow '{found.flow_slug}' has other runtime options",
        "structure": f"✗ Flow '{found.flow_slug}' has another structure",
    }
    return "\n- ".join((heads[found.change], *found.differences))


def _to_json(found: Comparison) -> dict[str, Any]:
    return {
        "flowSlug": found.flow_slug,
        "change": found.change,
        "differences": found.differences,
    }
