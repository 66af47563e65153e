"""Telemetry that fails, that is missing, or that nobody has asked for."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from opentelemetry import propagate, trace
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import NoOpTracerProvider

from pgflow import AsyncClient, Client, Flow
from pgflow.statements import Statement
from pgflow.telemetry import Telemetry
from pgflow.worker.session import Session
from tests.support.commands import CommandLine
from tests.support.eventually import eventually_async
from tests.telemetry.watch import Watch
from tests.worker.workbench import Workbench

PATHS = ("run trip", "run trip > step pack", "run trip > step pack > attempt pack")

trip: Flow[Any] = Flow("trip")


@trip.step()
def pack() -> str:
    return "packed"


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the sessions of workers run."""
    seen: list[str] = []
    run = Session.run

    async def note(self: Session, statement: Statement[Any]) -> list[Any]:
        seen.append(statement.sql)
        return await run(self, statement)

    monkeypatch.setattr(Session, "run", note)
    return seen


async def test_without_telemetry_there_is_not_one_statement_more(
    bench: Workbench, statements: list[str]
) -> None:
    bench.register(trip)
    async with AsyncClient(bench.dsn) as client:
        with trace.use_span(trace.NonRecordingSpan(trace.SpanContext(1, 1, is_remote=False))):
            await client.start(trip, None)

    tally = await bench.worker(trip).run_until_idle()

    assert tally.completed == 1
    assert not [sql for sql in statements if "trace" in sql or "spans" in sql]
    assert bench.engine.value("select count(*) from pgflow.run_traces") == 0


async def test_a_claimed_batch_costs_one_statement(
    bench: Workbench, watch: Watch, statements: list[str]
) -> None:
    bench.register(trip)
    bench.start_many(trip, 10)

    await bench.worker(trip, telemetry=watch.telemetry).run_until_idle()

    assert len([sql for sql in statements if "trace_runs" in sql]) == 1
    assert watch.tree().paths == sorted([*PATHS] * 10)


def test_working_and_starting_load_no_opentelemetry() -> None:
    program = (
        "import sys; import pgflow.worker, pgflow.client, pgflow.cli.worker, pgflow.asgi\n"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry')]"
    )

    subprocess.run([sys.executable, "-c", program], check=True)


def test_without_the_extra_the_error_names_the_cure() -> None:
    program = "import sys; sys.modules['opentelemetry'] = None; import pgflow.telemetry"

    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert said.stderr.splitlines()[-1] == (
        "ModuleNotFoundError: opentelemetry is not installed. "
        "Install it with: pip install 'pgflow-py[otel]'"
    )


def test_the_command_line_says_what_to_install(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGFLOW_DATABASE_URL", bench.dsn)
    monkeypatch.setenv("PGFLOW_TELEMETRY", "1")
    for name in [name for name in sys.modules if name.startswith("pgflow.telemetry")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)

    said = CommandLine().refused("worker", "pgflow.demo.greet_user", "--once")

    assert said == (
        "Error: opentelemetry is not installed. Install it with: pip install 'pgflow-py[otel]'\n"
    )


async def test_a_database_that_refuses_traces_stops_no_work(
    bench: Workbench, watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    bench.register(trip)
    bench.engine.do("drop table pgflow.run_traces")

    for _ in range(2):
        run_id = bench.start(trip)
        await bench.worker(trip, telemetry=watch.telemetry).run_until_idle()
        assert bench.engine.run(run_id)["status"] == "completed"

    said = [r.getMessage() for r in caplog.records if r.name == "pgflow.telemetry"]
    assert sorted(text.partition(": ")[0] for text in said) == [
        "spans are not collected",
        "tasks are not traced",
    ]
    assert 'relation "pgflow.run_traces" does not exist' in said[0]


class Broken:
    """A provider, a tracer and a span of nobody's making."""

    sampler = id_generator = None

    def get_tracer(self, *_: object) -> Any:
        return self

    def start_span(self, *_: object, **__: object) -> Any:
        raise RuntimeError("out of ink")


async def test_a_tracer_that_raises_stops_no_work(
    bench: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    provider: Any = Broken()
    telemetry = Telemetry(provider)
    bench.register(trip)
    run_id = bench.start(trip)

    await bench.worker(trip, telemetry=telemetry).run_until_idle()

    assert bench.engine.run(run_id)["status"] == "completed"
    said = [r.getMessage() for r in caplog.records if r.name == "pgflow.telemetry"]
    assert "an attempt has no span: out of ink. Said once" in said


async def test_a_provider_that_takes_no_ids_leaves_the_spans_of_runs_to_others(
    bench: Workbench, watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    bench.register(trip)
    bench.start(trip)

    await bench.worker(trip, telemetry=Telemetry(NoOpTracerProvider())).run_until_idle()
    async with bench.worker(trip, telemetry=watch.telemetry):
        await eventually_async(lambda: asyncio.sleep(0, len(watch.tree().spans) == 2))

    assert {span.name for span in watch.tree().spans} == {"run trip", "step pack"}
    assert "runs and steps get no spans. Start with `opentelemetry-instrument`" in caplog.text


def test_a_propagator_that_raises_stops_no_start(
    bench: Workbench,
    watch: Watch,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no stamps")

    monkeypatch.setattr(propagate, "inject", fail)
    bench.register(trip)

    with Client(bench.dsn, telemetry=watch.telemetry) as client:
        run = client.start(trip, None)

    assert run.status == "started"
    assert "a trace is not handed on: no stamps. Said once" in caplog.text


async def test_a_trace_that_does_not_arrive_stops_no_handler(
    bench: Workbench,
    watch: Watch,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("lost at sea")

    monkeypatch.setattr(propagate, "extract", fail)
    bench.register(trip)
    bench.start_many(trip, 3)

    with ThreadPoolExecutor(1) as executor:
        worker = bench.worker(trip, telemetry=watch.telemetry, executor=executor)
        tally = await worker.run_until_idle()

    assert tally.completed == 3
    complaint = "a trace did not arrive where the handler runs: lost at sea"
    assert caplog.text.count(complaint) == 1


async def test_a_run_is_traced_as_a_whole_or_not_at_all(bench: Workbench) -> None:
    watch = Watch(sampler=ParentBased(TraceIdRatioBased(0.5)))
    bench.register(trip)
    bench.start_many(trip, 40)

    await bench.worker(trip, telemetry=watch.telemetry).run_until_idle()

    traces = len(watch.tree().trace_ids)
    assert 5 <= traces <= 35
    assert watch.tree().paths == sorted([*PATHS] * traces)


async def test_what_nobody_reports_is_found_by_a_sweep(bench: Workbench, watch: Watch) -> None:
    bench.register(trip)
    run_id = bench.start(trip)
    carrier = watch.telemetry.tracing.propose(run_id)
    bench.engine.do(
        "select pgflow.trace_runs(array[%(id)s]::uuid[], jsonb_build_array(%(carrier)s::jsonb))",
        id=run_id,
        carrier=json.dumps(carrier),
    )
    bench.engine.cancel(run_id)

    async with bench.worker(trip, telemetry=watch.telemetry):
        await watch.sees("run trip", "run trip > step pack")

    row = bench.engine.row("select exported, is_open from pgflow.run_traces")
    assert (sorted(row["exported"]), row["is_open"]) == (["pack/0", "run/0"], False)


async def test_a_log_says_nothing_when_all_is_well(
    bench: Workbench, watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    bench.register(trip)
    bench.start(trip)

    with caplog.at_level(logging.WARNING):
        await bench.worker(trip, telemetry=watch.telemetry).run_until_idle()

    assert caplog.records == []
