"""Ids that everybody can tell who knows the run."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from opentelemetry import propagate
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

from pgflow import Flow
from pgflow.telemetry.identity import span_id_of
from tests.telemetry.watch import Watch
from tests.worker.workbench import Workbench

RUN = UUID("0192f0c1-2d3e-7a4b-8c5d-6e7f8091a2b3")
trip: Flow[Any] = Flow("trip")


@trip.step()
async def pack() -> str:
    return "packed"


@pytest.mark.parametrize(("step", "name"), [(None, "run"), ("pack", "pack")])
def test_a_span_id_is_the_beginning_of_a_hash(step: str | None, name: str) -> None:
    expected = sha256(f"{RUN}/{name}/2".encode()).hexdigest()[:16]

    assert f"{span_id_of(RUN, step, 2):016x}" == expected


def test_ids_of_other_spans_come_from_where_they_came_from() -> None:
    watch = Watch()

    tracing = watch.telemetry.tracing

    assert tracing.chooses_ids
    assert isinstance(watch.provider.id_generator, RandomIdGenerator)
    other: Any = watch.provider.get_tracer("program")
    assert other.id_generator is watch.provider.id_generator


async def test_a_second_telemetry_of_a_provider_writes_the_same_tree(bench: Workbench) -> None:
    watch = Watch()
    again = type(watch.telemetry)(watch.provider)
    bench.register(trip)

    for telemetry in (watch.telemetry, again):
        bench.start(trip)
        await bench.worker(trip, telemetry=telemetry).run_until_idle()

    paths = ["run trip", "run trip > step pack", "run trip > step pack > attempt pack"]
    assert watch.tree().paths == sorted(paths * 2)


@pytest.fixture
def no_propagator() -> Iterator[None]:
    """What OTEL_PROPAGATORS=none makes."""
    before = propagate.get_global_textmap()
    propagate.set_global_textmap(CompositePropagator([]))
    yield
    propagate.set_global_textmap(before)


@pytest.mark.usefixtures("no_propagator")
async def test_a_run_is_one_trace_where_no_propagator_carries_it(
    bench: Workbench, watch: Watch
) -> None:
    bench.register(trip)
    bench.start(trip)

    await bench.worker(trip, telemetry=watch.telemetry).run_until_idle()

    assert bench.engine.value("select carrier from pgflow.run_traces") == {}
    assert len(watch.tree().trace_ids) == 1
    assert len(watch.tree().spans) == 3
