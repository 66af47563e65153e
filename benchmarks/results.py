"""What was measured, where, and how it compares: as a table, as Markdown, as JSON."""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from benchmarks.bench import Sample
from benchmarks.contender import OURS
from benchmarks.targets import TARGETS, Medians

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Results:
    """The samples of one run of the benchmarks and the circumstances of it."""

    circumstances: dict[str, object]
    samples: Sequence[Sample]

    def values(self) -> dict[Key, list[float]]:
        """All values by workload, metric and contender, in the order of measuring."""
        values: dict[Key, list[float]] = defaultdict(list)
        for each in self.samples:
            values[each.workload, each.metric, each.contender].append(each.value)
        return dict(values)

    def medians(self) -> Medians:
        return {key: statistics.median(values) for key, values in self.values().items()}

    def to_json(self) -> str:
        rows = [
            {"workload": workload, "metric": metric, "contender": contender, "values": values}
            for (workload, metric, contender), values in self.values().items()
        ]
        targets = [
            {"target": str(target), "value": value, "met": target.is_met(self.medians())}
            for target in TARGETS
            if (value := target.value(self.medians())) is not None
        ]
        document = {**self.circumstances, "targets": targets, "results": rows}
        return json.dumps(document, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Results:
        """Read what `to_json` wrote."""
        document = json.loads(text)
        del document["targets"]
        samples = [
            Sample(row["workload"], row["metric"], row["contender"], value)
            for row in document.pop("results")
            for value in row["values"]
        ]
        return cls(document, samples)

    def to_markdown(self) -> str:
        """Circumstances, targets and medians, ready to be kept."""
        return "\n".join([*self._circumstances(), "", *self._targets(), "", *self._figures(), ""])

    def _circumstances(self) -> Iterator[str]:
        yield "# Benchmark results"
        yield ""
        for name, value in self.circumstances.items():
            yield f"- {name}: {_shown(value)}"

    def _targets(self) -> Iterator[str]:
        if self.circumstances["extent"] == "tiny":
            yield "Measured only to see whether it works: the figures mean nothing."
            return
        yield "| target | measured | |"
        yield "|---|---|---|"
        for target in TARGETS:
            value = target.value(self.medians())
            if value is not None:
                verdict = "met" if target.is_met(self.medians()) else "**missed**"
                yield f"| {target} | {_figure(value)} | {verdict} |"

    def _figures(self) -> Iterator[str]:
        """A row per metric: the median and the range of each contender, and our multiple of it."""
        yield "| workload | metric | contender | median | range | pgflow is |"
        yield "|---|---|---|---|---|---|"
        medians = self.medians()
        for (workload, metric, contender), values in self.values().items():
            ours = medians.get((workload, metric, OURS.name))
            median = medians[workload, metric, contender]
            times = f"{ours / median:.2f} x" if ours and median and contender != OURS.name else ""
            spread = f"{_figure(min(values))} - {_figure(max(values))}" if len(values) > 1 else ""
            cells = (workload, metric, contender, _figure(median), spread, times)
            yield f"| {' | '.join(cells)} |"


def write(results: Results, file: Path) -> None:
    """Keep the results: as JSON, and beside it for reading."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(results.to_json())
    file.with_suffix(".md").write_text(results.to_markdown())


def merged(parts: Sequence[Results]) -> Results:
    """Several runs as one: all their commands and samples, the circumstances of the last."""
    commands = dict.fromkeys(str(part.circumstances["command"]) for part in parts)
    circumstances = {**parts[-1].circumstances, "command": "; ".join(commands)}
    return Results(circumstances, [sample for part in parts for sample in part.samples])


def _figure(value: float) -> str:
    """Three digits, or all of a large number."""
    digits = 3 - len(str(int(abs(value))))
    return f"{value:,.{max(digits, 0)}f}"


def _shown(value: object) -> str:
    if isinstance(value, dict):
        pairs = cast("dict[str, object]", value)
        return ", ".join(f"{key} {item}" for key, item in pairs.items())
    return str(value)
