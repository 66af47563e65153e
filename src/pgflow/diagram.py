"""Pictures of a flow's shape, for terminals and for Mermaid. Pure text.

In the picture for terminals every step stands in a row of its own. The output of a step is a rail
that runs down from it to the last step that needs it, and above a step its rails are joined:

    ● website
    ├─╮
    │ ● sentiment
    │ │
    ● │ summary
    ├─╯
    ● save

Where a line passes under a rail without touching it, the rail is drawn: `├─│─╮`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pgflow.definition.shape import FlowShape, StepShape

_SINGLE, _MAP = "●", "◆"
# By the directions in which there is a line: up, down, left, right.
_JOINTS = {
    (True, True, False, False): "│",
    (True, True, False, True): "├",
    (True, True, True, False): "┤",
    (True, True, True, True): "┼",
    (False, True, False, True): "╭",
    (False, True, True, False): "╮",
    (False, True, True, True): "┬",
    (True, False, False, True): "╰",
    (True, False, True, False): "╯",
    (True, False, True, True): "┴",
}


def draw(shape: FlowShape, label: Callable[[StepShape], str] = lambda step: step.slug) -> str:
    """The flow as a picture: a row for each step, with its label, and rows that join rails."""
    rails = _Rails(Counter(slug for step in shape.steps for slug in step.dependencies))
    return "\n".join(row for step in shape.steps for row in rails.rows_of(step, label(step)))


def mermaid(shape: FlowShape) -> str:
    """The flow as a Mermaid flowchart; maps are double boxes, conditional steps are hexagons."""
    ids = {step.slug: f"s{number}" for number, step in enumerate(shape.steps)}
    lines = ["flowchart TD"]
    lines += [f"  {ids[step.slug]}{_node(step)}" for step in shape.steps]
    lines += [
        f"  {ids[dependency]} --> {ids[step.slug]}"
        for step in shape.steps
        for dependency in step.dependencies
    ]
    return "\n".join(lines)


def _node(step: StepShape) -> str:
    text = json.dumps(step.slug)
    if step.step_type == "map":
        return f"[[{text}]]"
    return f"{{{{{text}}}}}" if step.when or step.unless else f"[{text}]"


@dataclass(slots=True)
class _Rails:
    """The columns of the picture, each with the step whose output runs down in it."""

    awaited: Counter[str]
    columns: list[str | None] = field(default_factory=list[str | None])

    def rows_of(self, step: StepShape, label: str) -> Iterator[str]:
        sources = {n for n, slug in enumerate(self.columns) if slug in step.dependencies}
        self.awaited.subtract(step.dependencies)
        ending = {n for n in sources if not self.awaited[self.columns[n] or ""]}
        place = min(ending) if ending else self._free_column()
        if sources:
            yield self._joint_row(sources, ending, place)
        for n in ending:
            self.columns[n] = None
        yield f"{self._step_row(place, _MAP if step.step_type == 'map' else _SINGLE)} {label}"
        self.columns[place] = step.slug if self.awaited[step.slug] else None
        while self.columns and self.columns[-1] is None:
            self.columns.pop()

    def _free_column(self) -> int:
        if None not in self.columns:
            self.columns.append(None)
        return self.columns.index(None)

    def _joint_row(self, sources: set[int], ending: set[int], place: int) -> str:
        joined = sources | {place}
        first, last = min(joined), max(joined)
        row = ""
        for n, rail in enumerate(self.columns):
            crossed = first < n < last
            if n in joined:
                up, down = rail is not None, n == place or n not in ending
                row += _JOINTS[up, down, n > first, n < last]
            else:
                row += "│" if rail else "─" if crossed else " "
            row += "─" if first <= n < last else " "
        return row.rstrip()

    def _step_row(self, place: int, mark: str) -> str:
        rails = ["│" if rail else " " for rail in self.columns]
        rails[place] = mark
        return " ".join(rails).rstrip()
