"""Where a run is shown as it goes on: a tree that changes in place, or a line a change."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol

import click

from pgflow.cli.tree import Progress, draw, headline, step_line

if TYPE_CHECKING:
    from rich.live import Live

    from pgflow.operations import StepProgressRow


class Screen(Protocol):
    """Where a run is shown."""

    def show(self, progress: Progress) -> None: ...


@contextmanager
def open_screen() -> Generator[Screen]:
    """The best screen that standard output allows, for the length of a block."""
    if not (sys.stdout.isatty() and find_spec("rich")):
        yield Lines()
        return
    from rich.console import Console
    from rich.live import Live

    with Live(console=Console(highlight=False), auto_refresh=False) as live:
        yield LiveTree(live)


class LiveTree:
    """Draws the tree anew in place."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def show(self, progress: Progress) -> None:
        from rich.text import Text

        tree = Text.from_ansi("\n".join(draw(progress)), no_wrap=True, overflow="ellipsis")
        self._live.update(tree, refresh=True)


class Lines:
    """Prints a line for each change of a step, for logs and for terminals without rich."""

    def __init__(self) -> None:
        self._told: dict[str, object] = {}

    def show(self, progress: Progress) -> None:
        if not self._told:
            click.echo(headline(progress))
        width = max((len(step.step_slug) for step in progress.steps), default=0)
        for step in progress.steps:
            if self._told.get(step.step_slug) != _news(step):
                self._told[step.step_slug] = _news(step)
                click.echo(f"  {step_line(step, progress.at, width)}")
        if progress.has_ended:
            click.echo(headline(progress))


def _news(step: StepProgressRow) -> object:
    """What makes another line worth while."""
    return step.status, step.error_message, step.completed_tasks
