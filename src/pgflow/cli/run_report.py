"""One run, with all that people ask about it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from pgflow import operations, statements
from pgflow.cli.commands import fetch
from pgflow.cli.tree import Progress, draw
from pgflow.client.failures import run_not_found
from pgflow.console import visible

if TYPE_CHECKING:
    from pgflow.environment import DatabaseUrl


@dataclass(frozen=True, slots=True)
class RunReport:
    """A run and its steps at one moment."""

    progress: Progress

    def lines(self) -> Iterator[str]:
        """For people."""
        run = self.progress.run
        yield from draw(self.progress)
        yield f"\n{click.style('input ', bold=True)} {visible(run.input)}"
        if run.output is not None:
            yield f"{click.style('output', bold=True)} {visible(run.output)}"
        if run.error_message is not None:
            yield f"{click.style('error ', bold=True)} {visible(run.error_message)}"

    def as_json(self) -> Mapping[str, Any]:
        """For programs."""
        run = self.progress.run
        return {
            "run_id": run.run_id,
            "flow_slug": run.flow_slug,
            "status": run.status,
            "input": json.loads(run.input),
            "output": None if run.output is None else json.loads(run.output),
            "error_message": run.error_message,
            "remaining_steps": run.remaining_steps,
            "started_at": run.started_at,
            "completed_at": run.completed_at,
            "failed_at": run.failed_at,
            "cancelled_at": run.cancelled_at,
            "paused_at": run.paused_at,
            "steps": self.progress.steps,
        }


def read_report(database: DatabaseUrl, run_id: UUID) -> RunReport:
    """The run of that id; raises `RunNotFound`."""
    rows = fetch(database, statements.get_run(run_id))
    if not rows:
        raise run_not_found(run_id)
    steps = fetch(database, operations.step_progress(run_id))
    return RunReport(Progress(rows[0], steps, datetime.now(UTC)))
