"""Metrics of workers: the facts that `/metrics` tells, through a meter of OpenTelemetry's."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Protocol

from opentelemetry.metrics import CallbackOptions, Meter, Observation

if TYPE_CHECKING:
    from pgflow.statements import TaskRow


class Occupancy(Protocol):
    """Where handlers run: so many at a time, so many now."""

    @property
    def concurrency(self) -> int: ...
    @property
    def running(self) -> int: ...


class Instruments:
    """What is counted and measured; `bounds` are those of the handlers' durations in seconds."""

    def __init__(self, meter: Meter, bounds: Collection[float]) -> None:
        self.on_duty: set[Occupancy] = set()
        self._claims = meter.create_counter("pgflow.claims", "{claim}", "Claims made.")
        self._claimed = meter.create_counter("pgflow.tasks.claimed", "{task}", "Tasks claimed.")
        self._retries = meter.create_counter(
            "pgflow.tasks.retries", "{task}", "Attempts beyond the first."
        )
        self._ended = meter.create_counter(
            "pgflow.tasks", "{task}", "Attempts that ended, by outcome."
        )
        self._seconds = meter.create_histogram(
            "pgflow.task.duration",
            "s",
            "How long handlers took.",
            explicit_bucket_boundaries_advisory=list(bounds),
        )
        meter.create_observable_up_down_counter(
            "pgflow.worker.slots", [self._slots], "{slot}", "Handlers that can run."
        )
        meter.create_observable_up_down_counter(
            "pgflow.worker.slots.busy", [self._busy], "{slot}", "Handlers that run."
        )

    def note_claim(self, tasks: Iterable[TaskRow]) -> None:
        """A claim has brought these."""
        self._claims.add(1)
        for task in tasks:
            flow = {"pgflow.flow": task.flow_slug}
            self._claimed.add(1, flow)
            if task.attempt > 1:
                self._retries.add(1, flow)

    def note_ending(self, task: TaskRow, outcome: str, seconds: float | None) -> None:
        """An attempt has ended so; `seconds` where its handler has come to an end."""
        step = {"pgflow.flow": task.flow_slug, "pgflow.step": task.step_slug}
        self._ended.add(1, {**step, "pgflow.outcome": outcome})
        if seconds is not None:
            self._seconds.record(seconds, step)

    def _slots(self, _: CallbackOptions) -> Iterable[Observation]:
        yield Observation(sum(slots.concurrency for slots in list(self.on_duty)))

    def _busy(self, _: CallbackOptions) -> Iterable[Observation]:
        yield Observation(sum(slots.running for slots in list(self.on_duty)))
