"""Spans of runs, steps and attempts, written with a tracer."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
)

from pgflow.telemetry.identity import ChosenIds, chosen, span_id_of, trace_id_of
from pgflow.telemetry.traces import (
    Carrier,
    RunTrace,
    carrier_of,
    context_of,
    span_context_in,
    within,
)

if TYPE_CHECKING:
    from pgflow.statements import TaskRow
    from pgflow.trace_statements import SpanRow

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Tracing:
    """Writes the spans of runs.

    Spans of runs and steps have ids that follow from the run, so that an attempt can name its
    parent before that is written. That takes the tracer of an SDK, which has a generator of ids;
    with another one attempts stand below the span that the run was started in.
    """

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._sampler: Any = getattr(tracer, "sampler", None)
        self.chooses_ids = self._sampler is not None and _choose_ids(tracer)

    def propose(self, run_id: UUID) -> Carrier:
        """The carrier of a run that has none: a trace of its own, and whether it is sampled."""
        if not self.chooses_ids:
            return {}
        return carrier_of(trace.set_span_in_context(self._own_root(run_id), Context()))

    def trace_of(self, run_id: UUID, carrier: Carrier, retries: int) -> RunTrace:
        """The trace that a carrier speaks of; of one that speaks of none, the run's own."""
        context = context_of(carrier)
        if self.chooses_ids and not span_context_in(context).is_valid:
            context = trace.set_span_in_context(self._own_root(run_id), context)
        return RunTrace(run_id, retries, context)

    def begin_attempt(self, task: TaskRow, run: RunTrace) -> Span:
        """Start the span of an attempt, below that of its step."""
        parent = run.below(task.step_slug) if self.chooses_ids else run.context
        return self._tracer.start_span(
            f"attempt {task.step_slug}",
            context=parent,
            kind=SpanKind.CONSUMER,
            attributes=_of_attempt(task),
        )

    def within(self, span: Span, run: RunTrace) -> AbstractContextManager[None]:
        """The span is the current one within the block, with what travels along with the run."""
        return within(trace.set_span_in_context(span, run.context))

    def end_attempt(
        self, span: Span, outcome: str, error: str, exception: BaseException | None
    ) -> None:
        """End the span of an attempt; one that failed says why."""
        span.set_attribute("pgflow.outcome", outcome)
        if outcome == "failed":
            if exception is not None:
                span.record_exception(exception)
            elif ": " in error:
                span.add_event("exception", _described(error))
            span.set_status(Status(StatusCode.ERROR, error))
        span.end()

    def write(self, ended: SpanRow, carrier: Carrier) -> None:
        """Write the span of a run or step that has ended."""
        run = self.trace_of(ended.run_id, carrier, ended.retries)
        if not run.is_sampled:
            return
        is_run = ended.step_slug is None
        with chosen(run.ids_of(ended.step_slug)):
            span = self._tracer.start_span(
                f"run {ended.flow_slug}" if is_run else f"step {ended.step_slug}",
                context=run.above_run() if is_run else run.below(),
                attributes=_of_ended(ended),
                start_time=_nanoseconds(ended.started_at),
            )
        if ended.status == "failed":
            span.set_status(Status(StatusCode.ERROR, ended.error_message))
        span.end(_nanoseconds(ended.ended_at))

    def _own_root(self, run_id: UUID) -> Span:
        """The first span of a run that was started within no trace."""
        trace_id = trace_id_of(run_id)
        verdict = self._sampler.should_sample(Context(), trace_id, "run")
        is_sampled = verdict.decision.is_sampled()
        root = SpanContext(
            trace_id,
            span_id_of(run_id, None, 0),
            is_remote=True,
            trace_flags=TraceFlags(TraceFlags.SAMPLED if is_sampled else TraceFlags.DEFAULT),
            trace_state=verdict.trace_state,
        )
        return NonRecordingSpan(root)


def _choose_ids(tracer: Tracer) -> bool:
    """Put ids of our choice into the spans of this tracer, which nobody else uses."""
    sdk = cast("Any", tracer)
    others = getattr(sdk, "id_generator", None)
    if others is None:
        return False
    if not isinstance(others, ChosenIds):
        sdk.id_generator = ChosenIds(others)
    return True


def _described(error: str) -> Mapping[str, str]:
    """The exception behind the text of an outcome."""
    name, _, text = error.partition(": ")
    return {"exception.type": name, "exception.message": text}


def _of_attempt(task: TaskRow) -> Mapping[str, Any]:
    return {
        "pgflow.flow": task.flow_slug,
        "pgflow.step": task.step_slug,
        "pgflow.run_id": str(task.run_id),
        "pgflow.task_index": task.task_index,
        "pgflow.attempt": task.attempt,
        "messaging.system": "pgmq",
        "messaging.operation.type": "process",
        "messaging.operation.name": "process",
        "messaging.destination.name": task.flow_slug,
        "messaging.message.id": str(task.msg_id),
    }


def _of_ended(ended: SpanRow) -> Mapping[str, Any]:
    said = {
        "pgflow.flow": ended.flow_slug,
        "pgflow.step": ended.step_slug,
        "pgflow.run_id": str(ended.run_id),
        "pgflow.status": ended.status,
        "pgflow.skip_reason": ended.skip_reason,
        "pgflow.tasks": ended.tasks,
        "pgflow.retries": ended.retries or None,
    }
    return {name: value for name, value in said.items() if value is not None}


def _nanoseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND * 1000
