"""Numbers in Prometheus' text format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate

from pgflow.worker.meter import BOUNDS, Histogram, Meter

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits in the queue of a flow: tasks that are due, the age of the oldest, and others."""

    flow_slug: str
    due: int
    lag_seconds: float
    hidden: int


def exposition(meter: Meter, backlogs: Iterable[Backlog] | None, *, is_up: bool) -> str:
    """All metrics as text; without the queues when the database does not tell about them."""
    lines = [*_of_worker(meter), *_of_handlers(meter)]
    lines += _metric("database_up", "gauge", "Whether the database answers.", {"": int(is_up)})
    if backlogs is not None:
        lines += _of_queues(list(backlogs))
    return "\n".join((*lines, ""))


def _of_worker(meter: Meter) -> Iterator[str]:
    yield from _metric("worker_slots", "gauge", "Handlers that can run.", {"": meter.slots})
    yield from _metric("worker_slots_busy", "gauge", "Handlers that run.", {"": meter.busy})
    yield from _metric("claims_total", "counter", "Claims made.", {"": meter.claims})
    claimed = {_labels(flow=flow): count for flow, count in meter.claimed.items()}
    yield from _metric("claimed_tasks_total", "counter", "Tasks claimed.", claimed)
    retries = {_labels(flow=flow): count for flow, count in meter.retries.items()}
    yield from _metric("task_retries_total", "counter", "Attempts beyond the first.", retries)


def _of_handlers(meter: Meter) -> Iterator[str]:
    endings = {
        _labels(flow=flow, step=step, outcome=outcome): count
        for (flow, step, outcome), count in meter.endings.items()
    }
    yield from _metric("tasks_total", "counter", "Attempts that ended, by outcome.", endings)
    yield from _head("task_duration_seconds", "histogram", "How long handlers took.")
    for (flow, step), histogram in meter.seconds.items():
        yield from _buckets(histogram, flow=flow, step=step)


def _buckets(histogram: Histogram, **labels: str) -> Iterator[str]:
    name = "pgflow_task_duration_seconds"
    bounds = (*(f"{bound:g}" for bound in BOUNDS), "+Inf")
    sums = list(accumulate(histogram.counts))
    for bound, count in zip(bounds, sums, strict=True):
        yield f"{name}_bucket{_labels(**labels, le=bound)} {count}"
    yield f"{name}_sum{_labels(**labels)} {histogram.total:.6f}"
    yield f"{name}_count{_labels(**labels)} {sums[-1]}"


def _of_queues(backlogs: list[Backlog]) -> Iterator[str]:
    due = {_labels(flow=each.flow_slug): each.due for each in backlogs}
    yield from _metric("queue_depth", "gauge", "Tasks that wait for a worker.", due)
    hidden = {_labels(flow=each.flow_slug): each.hidden for each in backlogs}
    yield from _metric("queue_hidden", "gauge", "Tasks in work, or due later.", hidden)
    lag = {_labels(flow=each.flow_slug): each.lag_seconds for each in backlogs}
    yield from _metric("queue_lag_seconds", "gauge", "Age of the oldest task that waits.", lag)


def _metric(name: str, kind: str, help: str, values: Mapping[str, object]) -> Iterator[str]:
    yield from _head(name, kind, help)
    for labels, value in values.items():
        yield f"pgflow_{name}{labels} {_number(value)}"


def _head(name: str, kind: str, help: str) -> Iterator[str]:
    yield f"# HELP pgflow_{name} {help}"
    yield f"# TYPE pgflow_{name} {kind}"


def _number(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    return str(value)


def _labels(**labels: str) -> str:
    # Slugs and outcomes hold nothing that would have to be escaped.
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "}"
