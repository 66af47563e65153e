"""What telemetry adds to a worker: traces for what it claims, spans and counts for what it does.

Nothing of this is there in a worker without telemetry. Whatever fails here, the work goes on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Protocol

from pgflow import trace_statements
from pgflow.worker.meter import BOUNDS, ENDINGS
from pgflow.worker.outcome import DROPPED

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from uuid import UUID

    from pgflow.statements import TaskRow
    from pgflow.telemetry import Telemetry
    from pgflow.worker.attempt import Attempt
    from pgflow.worker.meter import Observer
    from pgflow.worker.outcome import Outcome
    from pgflow.worker.places import Finish, Place
    from pgflow.worker.session import Session


class Traces(Protocol):
    """Knows the traces of runs."""

    async def assign(self, attempts: Collection[Attempt]) -> None:
        """Tell attempts which trace their run belongs to; never raises."""
        ...


class RunTraces:
    """Asks the database for the traces of runs, and gives one to each that has none."""

    def __init__(self, session: Session, telemetry: Telemetry) -> None:
        self._session = session
        self._telemetry = telemetry

    async def assign(self, attempts: Collection[Attempt]) -> None:
        try:
            await self._assign(attempts)
        except Exception as error:  # noqa: BLE001 - propagators and samplers are anybody's code
            self._telemetry.complain("tasks are not traced", error)

    async def _assign(self, attempts: Collection[Attempt]) -> None:
        tracing = self._telemetry.tracing
        carriers = {run_id: tracing.propose(run_id) for run_id in _runs_of(attempts)}
        rows = await self._session.run(trace_statements.trace_runs(carriers))
        traces = {
            row.run_id: tracing.trace_of(row.run_id, json.loads(row.carrier), row.retries)
            for row in rows
        }
        for attempt in attempts:
            attempt.trace = traces.get(attempt.task.run_id)


def _runs_of(attempts: Iterable[Attempt]) -> set[UUID]:
    return {attempt.task.run_id for attempt in attempts}


class TracedPlace:
    """Runs attempts in another place, each within a span that is current for its handler."""

    def __init__(self, place: Place, telemetry: Telemetry) -> None:
        self._place = place
        self._telemetry = telemetry
        self._spans: dict[Attempt, Any] = {}

    def attach(self, finish: Finish) -> None:
        self._finish = finish
        self._place.attach(self._finished)

    def begin(self, attempt: Attempt) -> None:
        with self._span_of(attempt):
            self._place.begin(attempt)

    def cancel(self, attempt: Attempt) -> None:
        self._place.cancel(attempt)

    def give_up(self, attempt: Attempt) -> bool:
        # A handler that does not heed the end of its time may never end.
        self._end_span(attempt, attempt.outcome or DROPPED)
        return self._place.give_up(attempt)

    def close(self) -> None:
        for attempt in list(self._spans):
            self._end_span(attempt, attempt.outcome or DROPPED)
        self._place.close()

    def _finished(self, attempt: Attempt, outcome: Outcome) -> None:
        self._end_span(attempt, attempt.outcome or outcome)
        self._finish(attempt, outcome)

    def _span_of(self, attempt: Attempt) -> AbstractContextManager[object]:
        """Starts the span, which is the current one within the block."""
        if attempt.trace is None:
            return nullcontext()
        try:
            tracing = self._telemetry.tracing
            span = self._spans[attempt] = tracing.begin_attempt(attempt.task, attempt.trace)
            return tracing.within(span, attempt.trace)
        except Exception as error:  # noqa: BLE001 - span processors are anybody's code
            self._telemetry.complain("an attempt has no span", error)
            return nullcontext()

    def _end_span(self, attempt: Attempt, outcome: Outcome) -> None:
        span = self._spans.pop(attempt, None)
        if span is None:
            return
        name = ENDINGS.get(outcome.verdict, "dropped")
        exception = _taken_error(attempt)
        try:
            self._telemetry.tracing.end_attempt(span, name, outcome.error, exception)
        except Exception as error:  # noqa: BLE001 - span processors are anybody's code
            self._telemetry.complain("the span of an attempt has no end", error)


def _taken_error(attempt: Attempt) -> BaseException | None:
    context = attempt.context
    if context is None:
        return None
    error, context.error = context.error, None
    return error


class TracedMeter:
    """Counts with telemetry what a meter counts; `touch` is told of each run that has moved on."""

    def __init__(
        self, meter: Observer, telemetry: Telemetry, touch: Callable[[UUID], None] | None
    ) -> None:
        self._meter = meter
        self._telemetry = telemetry
        self._instruments = telemetry.instruments(BOUNDS)
        self._touch = touch

    def enlist(self, slots: Any) -> None:
        self._meter.enlist(slots)
        self._instruments.on_duty.add(slots)

    def dismiss(self, slots: Any) -> None:
        self._meter.dismiss(slots)
        self._instruments.on_duty.discard(slots)

    def note_claim(self, tasks: Collection[TaskRow]) -> None:
        self._meter.note_claim(tasks)
        try:
            self._instruments.note_claim(tasks)
        except Exception as error:  # noqa: BLE001 - a meter provider is anybody's code
            self._telemetry.complain("claims are not counted", error)

    def note_ending(self, task: TaskRow, outcome: Outcome, seconds: float) -> None:
        self._meter.note_ending(task, outcome, seconds)
        if self._touch is not None:
            self._touch(task.run_id)
        if (ending := ENDINGS.get(outcome.verdict)) is None:
            return
        try:
            has_run = ending in ("completed", "failed")
            self._instruments.note_ending(task, ending, seconds if has_run else None)
        except Exception as error:  # noqa: BLE001 - a meter provider is anybody's code
            self._telemetry.complain("tasks are not counted", error)
