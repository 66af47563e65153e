"""What is aimed at, as ratios of what was measured in one run, or as plain figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmarks.contender import LIMIT, LIMIT_PGMQ, OURS

# Medians by workload, metric, contender.
Medians = Mapping[tuple[str, str, str], float]

# Not measured here: the TypeScript implementation, with its own worker, on such a machine.
TYPESCRIPT = {"W1": 1019.0, "W2": 975.0}


@dataclass(frozen=True, slots=True)
class Target:
    """A value found from the medians, and the bound that it should keep. None: not measured."""

    name: str
    value: Callable[[Medians], float | None]
    bound: float
    at_least: bool = True

    def is_met(self, medians: Medians) -> bool | None:
        value = self.value(medians)
        if value is None:
            return None
        return value >= self.bound if self.at_least else value <= self.bound

    def __str__(self) -> str:
        return f"{self.name} {'>=' if self.at_least else '<='} {self.bound:g}"


def plain(workload: str, metric: str) -> Callable[[Medians], float | None]:
    """A figure of ours as it is."""
    return lambda medians: medians.get((workload, metric, OURS.name))


def beside(workload: str, metric: str, other: str) -> Callable[[Medians], float | None]:
    """A figure of ours as a multiple of somebody else's."""
    return lambda medians: _ratio(
        medians.get((workload, metric, OURS.name)), medians.get((workload, metric, other))
    )


def over(workload: str, metric: str, base: str) -> Callable[[Medians], float | None]:
    """A figure of ours as a multiple of another one of ours."""
    return lambda medians: _ratio(
        medians.get((workload, metric, OURS.name)), medians.get((workload, base, OURS.name))
    )


def grown(medians: Medians) -> float | None:
    """Throughput with a history as a share of that without."""
    nothing = medians.get(("W6", "steps/s, nothing stored", OURS.name))
    stored = [
        value
        for (workload, metric, _), value in medians.items()
        if workload == "W6" and metric.endswith("runs stored")
    ]
    return _ratio(min(stored), nothing) if stored else None


def _ratio(value: float | None, base: float | None) -> float | None:
    return None if value is None or not base else value / base


def _beside_typescript(workload: str) -> Callable[[Medians], float | None]:
    steps = plain(workload, "steps/s")
    return lambda medians: _ratio(steps(medians), TYPESCRIPT[workload])


TARGETS = (
    *(
        target
        for workload in ("W1", "W2")
        for target in (
            Target(
                f"{workload} steps/s / TypeScript's documented anchor",
                _beside_typescript(workload),
                12,
            ),
            Target(f"{workload} steps/s / Absurd", beside(workload, "steps/s", "Absurd"), 12),
            Target(f"{workload} steps/s / DBOS", beside(workload, "steps/s", "DBOS"), 25),
            Target(f"{workload} steps/s / PgQueuer", beside(workload, "steps/s", "PgQueuer"), 3),
            Target(
                f"{workload} steps/s / limit with pgmq",
                beside(workload, "steps/s", LIMIT_PGMQ.name),
                0.75,
            ),
        )
    ),
    Target("W1 two workers / one", over("W1", "steps/s, two workers", "steps/s"), 1.2),
    Target(
        "W3 time for 50k / 5k elements",
        over("W3", "fan_out, 50000 x 100 bytes (s)", "fan_out, 5000 x 100 bytes (s)"),
        12,
        at_least=False,
    ),
    Target("W3 10k elements (s)", plain("W3", "fan_out, 10000 x 100 bytes (s)"), 1, at_least=False),
    *(
        Target(f"W4 {name}", plain("W4", f"idle: {name} (ms)"), bound, at_least=False)
        for name, bound in (
            ("start to completed p50", 8),
            ("start to completed p99", 20),
            ("step to next step p50", 1),
            ("step to next step p99", 3),
            ("start to first handler p50", 2),
        )
    ),
    Target("W5 one at a time / limit", beside("W5", "one at a time, runs/s", LIMIT.name), 0.7),
    Target("W5 in bulk, runs/s", plain("W5", "in bulk, runs/s"), 20_000),
    Target("W6 with history / without", grown, 0.9),
    Target(
        "W7 50 busy flows / one", over("W7", "steps/s, 50 busy flows", "steps/s, one flow"), 0.8
    ),
    Target(
        "W7 one busy flow and 49 idle / one",
        over("W7", "steps/s, one busy flow, 49 idle", "steps/s, one flow"),
        0.97,
    ),
    Target("W8 p50 (s)", plain("W8", "kill -9: p50 (s)"), 2, at_least=False),
    Target("W8 most (s)", plain("W8", "kill -9: most (s)"), 5, at_least=False),
    Target("W8 vanished host (s)", plain("W8", "vanished: most (s)"), 15, at_least=False),
    Target("W1 WAL per step (bytes)", plain("W1", "WAL per step (bytes)"), 3200, at_least=False),
    Target(
        "W1 worker CPU per step (us)", plain("W1", "worker CPU per step (us)"), 60, at_least=False
    ),
    Target("idle worker, % of a core", plain("idle", "1 flows: % of a core"), 1, at_least=False),
    Target("idle worker, queries/s", plain("idle", "1 flows: queries/s"), 1, at_least=False),
)
