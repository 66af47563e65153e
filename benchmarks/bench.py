"""What every workload is given, and what it gives back."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from benchmarks.contender import LIMIT, LIMIT_PGMQ, OURS, Contender
from benchmarks.server import BenchServer

T = TypeVar("T")
Extent = Literal["tiny", "quick", "full"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One measured value of one contender."""

    workload: str
    metric: str
    contender: str
    value: float


@dataclass(frozen=True, slots=True)
class Bench:
    """A server, the systems to compare on it, and how much of everything to do."""

    server: BenchServer
    extent: Extent
    peers: Sequence[Contender] = ()

    def of(self, *, tiny: T, quick: T, full: T) -> T:
        """The amount for this extent."""
        return {"tiny": tiny, "quick": quick, "full": full}[self.extent]

    def interleaved(self, contenders: Sequence[Contender]) -> Iterator[Contender]:
        """Each contender in turn, A B C A B C: what disturbs the machine disturbs all of them."""
        for _ in range(self.of(tiny=1, quick=2, full=3)):
            yield from contenders

    @property
    def everybody(self) -> Sequence[Contender]:
        return (OURS, LIMIT_PGMQ, LIMIT, *self.peers)


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest value that so many percent of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-len(ordered) * percent // 100) - 1))]


def spread(workload: str, name: str, contender: str, seconds: Sequence[float]) -> Iterator[Sample]:
    """Median and tail of latencies, in milliseconds."""
    for label, percent in (("p50", 50), ("p95", 95), ("p99", 99)):
        value = percentile(seconds, percent) * 1000
        yield Sample(workload, f"{name} {label} (ms)", contender, value)


def median(values: Sequence[float]) -> float:
    return statistics.median(values)
