"""What a worker tells about itself, over real HTTP."""

from __future__ import annotations

import asyncio
import re

import pytest

from pgflow.asgi import cron_worker
from pgflow.asgi.app import control_plane
from pgflow.definition.compile import compile_flow
from pgflow.deployment.remote import fetch_shape
from pgflow.errors import DeploymentError
from tests.asgi.flows import Gate, chain, double, gated
from tests.support.http import served
from tests.worker.workbench import Workbench


async def test_flows_are_listed_with_their_steps(bench: Workbench) -> None:
    async with served(cron_worker([double, chain], database_url=bench.dsn)) as client:
        answer = await client.get("/flows")

    assert answer.json() == {
        "flows": [
            {"flowSlug": "double", "steps": ["twice"]},
            {"flowSlug": "chain", "steps": ["first", "second"]},
        ]
    }


async def test_a_flow_is_told_as_the_sql_that_registers_it(bench: Workbench) -> None:
    async with served(cron_worker([double, chain], database_url=bench.dsn)) as client:
        answer = await client.get("/flows/chain")
        missing = await client.get("/flows/other")

    assert answer.json() == {"flowSlug": "chain", "sql": list(compile_flow(chain.shape()))}
    assert (missing.status_code, missing.json()["error"]) == (
        404,
        "flow 'other' is not served here. Served are: double, chain",
    )


async def test_a_running_worker_is_healthy_and_tells_its_flows(bench: Workbench) -> None:
    async with bench.worker(double) as worker, served(control_plane(worker)) as client:
        health = await client.get("/health")
        flows = await client.get("/flows")
        order = await client.post("/", json={"flow_slug": "double"})

    assert health.json() == {"status": "ok", "database": "ok"}
    assert [flow["flowSlug"] for flow in flows.json()["flows"]] == ["double"]
    assert order.status_code == 404


async def test_metrics_tell_what_the_batches_did(bench: Workbench) -> None:
    bench.register(double)
    for number in (1, 2, -3):
        bench.start(double, number)

    async with served(cron_worker(double, database_url=bench.dsn)) as client:
        await client.post("/", json={"flow_slug": "double", "batch_size": 2})
        await client.post("/", json={"flow_slug": "double", "batch_size": 2})
        bench.start(double, 4)
        answer = await client.get("/metrics")

    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    told = samples(answer.text)
    assert told['pgflow_tasks_total{flow="double",step="twice",outcome="completed"}'] == 2
    assert told['pgflow_tasks_total{flow="double",step="twice",outcome="failed"}'] == 1
    assert told['pgflow_claimed_tasks_total{flow="double"}'] == 3
    assert told["pgflow_claims_total"] >= 2
    labels = '{flow="double",step="twice"'
    assert told[f"pgflow_task_duration_seconds_count{labels}}}"] == 3
    assert told[f'pgflow_task_duration_seconds_bucket{labels},le="+Inf"}}'] == 3
    assert told['pgflow_queue_depth{flow="double"}'] == 1
    assert told['pgflow_queue_hidden{flow="double"}'] == 0
    assert told['pgflow_queue_lag_seconds{flow="double"}'] >= 0
    assert (told["pgflow_worker_slots"], told["pgflow_database_up"]) == (0, 1)


async def test_metrics_of_a_running_worker_tell_its_slots_and_retries(bench: Workbench) -> None:
    gate = Gate()
    attempts: list[int] = []

    def fail_once() -> None:
        attempts.append(1)
        if len(attempts) == 1:
            raise RuntimeError("not yet")

    flow = gated(gate, then=fail_once)
    bench.register(flow)
    run_id = bench.start(flow)
    bench.engine.do("update pgflow.flows set opt_base_delay = 0")
    options = {"concurrency": 3, "compilation": "off"}

    async with bench.worker(flow, **options) as worker, served(control_plane(worker)) as client:
        await bench.sees(lambda: gate.inside == 1)
        busy = samples((await client.get("/metrics")).text)
        gate.opened.set()
        await bench.ended(run_id)
        await bench.sees(lambda: worker.tally.processed == 2)
        done = samples((await client.get("/metrics")).text)

    assert (busy["pgflow_worker_slots"], busy["pgflow_worker_slots_busy"]) == (3, 1)
    assert (done["pgflow_worker_slots_busy"], worker.meter.slots) == (0, 0)
    assert done['pgflow_task_retries_total{flow="gated"}'] == 1
    failed = 'pgflow_tasks_total{flow="gated",step="wait",outcome="failed"}'
    assert done[failed] == 1


async def test_metrics_are_well_formed(bench: Workbench) -> None:
    async with served(cron_worker(double, database_url=bench.dsn)) as client:
        text = (await client.get("/metrics")).text

    names = set(re.findall(r"^# TYPE (\w+) (?:counter|gauge|histogram)$", text, re.MULTILINE))
    assert set(re.findall(r"^# HELP (\w+) \S", text, re.MULTILINE)) == names
    assert {re.sub(r"\{.*", "", sample) for sample in samples(text)} <= names
    assert text.endswith("\n")


async def test_metrics_go_without_queues_where_nobody_may_look(bench: Workbench) -> None:
    bench.engine.do("drop function pgflow.queue_depths()")

    async with served(cron_worker(double, database_url=bench.dsn)) as client:
        answer = await client.get("/metrics")

    told = samples(answer.text)
    assert told["pgflow_database_up"] == 1
    assert not [name for name in told if name.startswith("pgflow_queue")]


@pytest.mark.parametrize("secret", ["", "s3cret"])
async def test_compile_reads_the_flow_of_a_worker_that_runs_elsewhere(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv("PGFLOW_AUTH_SECRET", secret)

    async with served(cron_worker(chain, database_url=bench.dsn)) as client:
        shape = await asyncio.to_thread(fetch_shape, str(client.base_url), "chain")

    assert shape == chain.shape()


async def test_compile_says_when_the_worker_wants_its_secret(bench: Workbench) -> None:
    app = cron_worker(chain, database_url=bench.dsn, auth_secret="s3cret")

    async with served(app) as client:
        url = str(client.base_url)
        with pytest.raises(DeploymentError) as caught:
            await asyncio.to_thread(fetch_shape, url, "chain")

    assert str(caught.value) == (
        f"the worker at {url} wants its secret. Set PGFLOW_AUTH_SECRET to it"
    )


def samples(text: str) -> dict[str, float]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}
