"""The argument FLOWS, which many commands take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from pgflow.loading import FlowSource

F = TypeVar("F", bound=Callable[..., Any])


def flows_argument(command: F) -> F:
    """Gives a command FLOWS, which it receives as `names`."""
    return click.argument("names", nargs=-1, metavar="[FLOWS]...")(command)


def named_or_configured(names: Sequence[str]) -> tuple[str, ...]:
    """The names given, else those of `[tool.pgflow]`."""
    from pgflow.config import Config

    found = tuple(names) or Config.load().flows
    if not found:
        message = (
            "no flows are named. Name a file, a module or module:object, "
            "or set `flows` in [tool.pgflow] of pyproject.toml"
        )
        raise click.UsageError(message)
    return found


def load_sources(names: Sequence[str]) -> list[FlowSource]:
    """The flows under these names, or under those of `[tool.pgflow]`; a worker can run them."""
    from pgflow.loading import flows_of, load_flows

    sources = load_flows(named_or_configured(names))
    for flow in flows_of(sources):
        flow.prepare()
    return sources
