"""`pgflow insight`: what a flow consists of, and how two of them differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import click

from pgflow.cli.commands import command
from pgflow.cli.output import print_json
from pgflow.cli.sources import flows_argument, named_or_configured
from pgflow.cli.tables import table

if TYPE_CHECKING:
    from pgflow.definition.flow import Flow
    from pgflow.definition.shape import FlowOptions, FlowShape, ShapeDiff, StepOptions, StepShape
    from pgflow.deployment.compilation import Comparison
    from pgflow.loading import FlowSource

DEFAULTS = "the engine's defaults"
Format = Literal["text", "json", "mermaid"]


@command()
@flows_argument
@click.option("--format", "form", type=click.Choice(["text", "json", "mermaid"]), default="text")
@click.option("--json", "form", flag_value="json", help="The same as --format json.")
@click.option("--against-db", is_flag=True, help="Show the difference from the database.")
@click.option("--database-url", metavar="URL", help="The database for --against-db.")
def insight(
    *, names: tuple[str, ...], form: Format, against_db: bool, database_url: str | None
) -> None:
    """Show what flows consist of, or how they differ.

    Steps, dependencies, options, conditions, a checksum of the structure, and a picture. With two
    FLOWS of one flow each, or with --against-db, the difference between them.

    \b
    Example:
      pgflow insight flows/order.py
      pgflow insight old/order.py new/order.py
      pgflow insight --against-db flows/order.py
    """
    from pgflow.loading import check_slugs, flows_of, load_sources

    sources = load_sources(named_or_configured(names))
    if form == "mermaid" and (against_db or _pair(sources)):
        raise click.UsageError("a difference has no picture. Choose --format text or json")
    if against_db:
        _show_drift(flows_of(sources), form, database_url)
    elif pair := _pair(sources):
        _show_difference(*pair, form)
    else:
        check_slugs(sources)
        _show_manifests([flow.shape() for flow in flows_of(sources)], form)


def _pair(sources: Sequence[FlowSource]) -> tuple[FlowShape, FlowShape] | None:
    match [source.flows for source in sources]:
        case [(old,), (new,)]:
            return old.shape(), new.shape()
        case _:
            return None


def _show_drift(flows: Sequence[Flow[Any]], form: Format, database_url: str | None) -> None:
    import asyncio

    from pgflow.deployment.compilation import compare_all

    found = asyncio.run(compare_all(database_url, flows))
    if form == "json":
        print_json([_drift_json(each) for each in found])
        return
    for each in found:
        if each.deployed is None:
            click.echo(f"{each.flow_slug} is not in the database")
        else:
            click.echo(_diff_text(f"{each.flow_slug}: database -> code", each.diff))


def _show_difference(old: FlowShape, new: FlowShape, form: Format) -> None:
    diff = old.diff(new)
    if form == "json":
        print_json({"flowSlugs": [old.slug, new.slug], **_diff_json(diff)})
    else:
        click.echo(_diff_text(f"{old.slug} -> {new.slug}", diff))


def _show_manifests(shapes: Sequence[FlowShape], form: Format) -> None:
    from pgflow.diagram import mermaid

    if form == "json":
        print_json([_manifest_json(shape) for shape in shapes])
    else:
        show = mermaid if form == "mermaid" else _manifest_text
        click.echo("\n\n".join(map(show, shapes)))


def _manifest_json(shape: FlowShape) -> dict[str, Any]:
    return {"flowSlug": shape.slug, "checksum": shape.checksum, **shape.to_json()}


def _manifest_text(shape: FlowShape) -> str:
    from pgflow.diagram import draw

    steps = "1 step" if len(shape.steps) == 1 else f"{len(shape.steps)} steps"
    head = [
        f"{click.style(shape.slug, bold=True)}  {steps}",
        f"options   {_options(shape.options) or DEFAULTS}",
        f"checksum  {shape.checksum}",
    ]
    paragraphs = ["\n".join(head)]
    if shape.steps:
        paragraphs += [draw(shape), table([_step_row(step) for step in shape.steps])]
    return "\n\n".join(paragraphs)


def _step_row(step: StepShape) -> dict[str, object]:
    return {
        "step": step.slug,
        "type": step.step_type,
        "after": ", ".join(step.dependencies) or None,
        "options": _options(step.options),
        "conditions": ", ".join(_conditions(step)) or None,
    }


def _options(options: FlowOptions | StepOptions) -> str | None:
    from pgflow.definition.shape import given_options

    given = given_options(options)
    return ", ".join(f"{name} {value}" for name, value in given.items()) or None


def _conditions(step: StepShape) -> Iterable[str]:
    named = {
        "when": step.when,
        "unless": step.unless,
        "when_unmet": step.when_unmet,
        "when_exhausted": step.when_exhausted,
    }
    return (f"{name} {value}" for name, value in named.items() if value is not None)


def _diff_text(title: str, diff: ShapeDiff) -> str:
    lines = (*diff.structure, *diff.options)
    return "\n- ".join((title, *lines)) if lines else f"{title}: no difference"


def _drift_json(found: Comparison) -> dict[str, Any]:
    is_there = found.deployed is not None
    return {"flowSlug": found.flow_slug, "inDatabase": is_there, **_diff_json(found.diff)}


def _diff_json(diff: ShapeDiff) -> dict[str, Any]:
    return {"structure": diff.structure, "options": diff.options}
