"""The ids of a run's trace and spans: everybody who knows the run knows them without asking."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID


class Ids(NamedTuple):
    """What one span is called."""

    trace_id: int
    span_id: int


def trace_id_of(run_id: UUID) -> int:
    """The trace of a run that nobody has started within a trace of his own.

    Not the run's id itself: samplers take the last bits for a random number, and those of a uuid
    are not.
    """
    return _digest(f"{run_id}", 16)


def span_id_of(run_id: UUID, step_slug: str | None, retries: int) -> int:
    """The span of a run, or of one of its steps, after so many retries of the run."""
    # No step is called "run".
    return _digest(f"{run_id}/{step_slug or 'run'}/{retries}", 8)


def _digest(text: str, length: int) -> int:
    return int.from_bytes(sha256(text.encode()).digest()[:length])


_chosen: ContextVar[Ids | None] = ContextVar("pgflow.chosen_ids", default=None)


@contextmanager
def chosen(ids: Ids) -> Generator[None]:
    """The span that is started within the block has these ids, where `ChosenIds` are in use."""
    token = _chosen.set(ids)
    try:
        yield
    finally:
        _chosen.reset(token)


class ChosenIds:
    """An id generator that asks another one, unless somebody has chosen ids."""

    def __init__(self, others: Any) -> None:
        self._others = others

    def generate_trace_id(self) -> int:
        ids = _chosen.get()
        return self._others.generate_trace_id() if ids is None else ids.trace_id

    def generate_span_id(self) -> int:
        ids = _chosen.get()
        return self._others.generate_span_id() if ids is None else ids.span_id

    def __getattr__(self, name: str) -> Any:
        return getattr(self._others, name)
