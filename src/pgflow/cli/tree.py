"""A run as a tree of its steps: pure text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import click

from pgflow.console import visible
from pgflow.durations import duration
from pgflow.operations import StepProgressRow
from pgflow.statements import RunRow

MARKS: Mapping[str, tuple[str, str]] = {
    "created": ("○", "bright_black"),
    "started": ("●", "cyan"),
    "completed": ("✓", "green"),
    "failed": ("✗", "red"),
    "skipped": ("-", "yellow"),
    "cancelled": ("✗", "yellow"),
}
ENDED = frozenset({"completed", "failed", "cancelled"})

Children = Mapping[str | None, Sequence[StepProgressRow]]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come, and when that was by the database's clock."""

    run: RunRow
    steps: Sequence[StepProgressRow]
    at: datetime

    @property
    def has_ended(self) -> bool:
        return self.run.status in ENDED


def draw(progress: Progress) -> list[str]:
    """The lines of the tree: each step below the last of the steps that it waits for."""
    branches = list(_branches(_children(progress.steps)))
    width = max((len(lead) + len(step.step_slug) for lead, step in branches), default=0)
    return [
        headline(progress),
        *(lead + step_line(step, progress.at, width - len(lead)) for lead, step in branches),
    ]


def headline(progress: Progress) -> str:
    """The run in one line."""
    run = progress.run
    ended = run.completed_at or run.failed_at or run.cancelled_at
    took = duration((ended or progress.at) - run.started_at)
    flow = click.style(run.flow_slug, bold=True)
    is_paused = run.paused_at is not None and run.status == "started"
    status = f"{run.status} (paused)" if is_paused else run.status
    return f"{mark(run.status)} {flow}  {run.run_id}  {status}  {took}"


def step_line(step: StepProgressRow, now: datetime, width: int = 0) -> str:
    """A step in one line."""
    details = " · ".join(_details(step, now))
    return f"{mark(step.status)} {step.step_slug.ljust(width)}  {details}".rstrip()


def mark(status: str) -> str:
    """One coloured character for a status."""
    character, colour = MARKS[status]
    return click.style(character, fg=colour)


def _children(steps: Sequence[StepProgressRow]) -> Children:
    """The steps below each step; those below none are below the run itself."""
    children: dict[str | None, list[StepProgressRow]] = defaultdict(list)
    for step in steps:
        children[step.dependencies[-1] if step.dependencies else None].append(step)
    return children


def _branches(
    children: Children, parent: str | None = None, lead: str = ""
) -> Iterator[tuple[str, StepProgressRow]]:
    siblings = children.get(parent, ())
    for step in siblings:
        is_last = step is siblings[-1]
        yield f"{lead}{'└─ ' if is_last else '├─ '}", step
        yield from _branches(children, step.step_slug, f"{lead}{'   ' if is_last else '│  '}")


def _details(step: StepProgressRow, now: datetime) -> Iterator[str]:
    if step.started_at is not None:
        yield duration((step.ended_at or now) - step.started_at)
    if step.status == "started" and step.queued_tasks and not step.attempts:
        yield "queued"
    if step.step_type == "map" and step.tasks is not None:
        yield f"{step.completed_tasks}/{step.tasks} tasks"
    if step.attempts > 1 or (step.attempts == 1 and step.error_message):
        yield f"attempt {step.attempts}"
    if step.skip_reason:
        yield step.skip_reason.replace("_", " ")
    if step.error_message and step.status != "completed":
        yield click.style(visible(step.error_message.splitlines()[0]), fg="red")
    if len(step.dependencies) > 1 and step.status == "created":
        yield f"waits for {', '.join(step.dependencies)}"
