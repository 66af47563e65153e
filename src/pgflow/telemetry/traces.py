"""The trace of a run, from what was written down about it: contexts, and carriers between them."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from uuid import UUID

from opentelemetry import propagate, trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import NonRecordingSpan, SpanContext

from pgflow.telemetry.identity import Ids, span_id_of

Carrier = Mapping[str, str]


def carrier_of(context: Context | None = None) -> Carrier:
    """What carries a context, by default the current one, to another process."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier, context)
    return carrier


def context_of(carrier: Carrier) -> Context:
    """The context that arrives with a carrier."""
    return propagate.extract(carrier, context=Context())


@contextmanager
def within(context: Context) -> Generator[None]:
    """The context is the current one within the block."""
    token = attach(context)
    try:
        yield
    finally:
        detach(token)


def arrived(carrier: Carrier) -> AbstractContextManager[None]:
    """The context that arrives with a carrier is the current one within the block."""
    return within(context_of(carrier))


def span_context_in(context: Context) -> SpanContext:
    return trace.get_current_span(context).get_span_context()


@dataclass(frozen=True, slots=True)
class RunTrace:
    """Where the spans of a run belong after so many retries of it.

    The span in `context` is the one that the run was started in. A run that was started in none
    finds its own first span there: then it is the root.
    """

    run_id: UUID
    retries: int
    context: Context

    @property
    def is_sampled(self) -> bool:
        return span_context_in(self.context).trace_flags.sampled

    def above_run(self) -> Context:
        """The parent of the run's span; a retry stands below the first attempt at the run."""
        first = span_id_of(self.run_id, None, 0)
        if self.retries:
            return self._below(first)
        return Context() if span_context_in(self.context).span_id == first else self.context

    def below(self, step_slug: str | None = None) -> Context:
        """The parent of what belongs to a step, or to the run."""
        return self._below(span_id_of(self.run_id, step_slug, self.retries))

    def ids_of(self, step_slug: str | None) -> Ids:
        trace_id = span_context_in(self.context).trace_id
        return Ids(trace_id, span_id_of(self.run_id, step_slug, self.retries))

    def _below(self, span_id: int) -> Context:
        here = span_context_in(self.context)
        parent = SpanContext(
            here.trace_id,
            span_id,
            is_remote=True,
            trace_flags=here.trace_flags,
            trace_state=here.trace_state,
        )
        return trace.set_span_in_context(NonRecordingSpan(parent), self.context)
