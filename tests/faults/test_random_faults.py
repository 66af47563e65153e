"""Thousands of random runs while everything breaks; afterwards the history is checked.

A failure says its seed: PGFLOW_SOAK_SEED=<seed> plays the same flows and the same faults again,
though not at the same moments.
"""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest

from tests.support import soak
from tests.support.engine import Engine
from tests.support.eventually import eventually
from tests.support.faulty_proxy import proxy_to
from tests.support.figures import Tell
from tests.support.ledger import Ledger, open_ledger
from tests.support.mortal_server import MortalServer
from tests.support.nemesis import Nemesis
from tests.support.orders import Choice, orders_at
from tests.support.random_flows import LISTS, OBJECTS, STAGE, Stage, draw_specs
from tests.support.worker_process import WorkerProcess, crew_on

SECONDS = 20.0
FLOWS = 40
CREW = 4
# Between two starts of each of the two who order runs (seconds).
PAUSE = 0.02
# After the last fault leases, back-offs and the silence of vanished workers have to run out, and
# what has piled up meanwhile has to be worked off.
RECOVERY = 60.0


@pytest.mark.slow
def test_whatever_breaks_nothing_is_lost_and_nothing_is_done_twice(
    server: MortalServer, tmp_path: Path, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed, seconds = soak.seed(), soak.duration(seconds=SECONDS)
    url = _database(server)
    stage = Stage(seed, draw_specs(seed, FLOWS), tmp_path / "history", url)
    stage.save(tmp_path / "stage")
    monkeypatch.setenv(STAGE, str(tmp_path / "stage"))

    with proxy_to(url) as proxy, crew_on(url, tmp_path) as crew:
        chance = Random(seed)

        def hire() -> WorkerProcess:
            route = chance.choice([url, proxy.url])
            flows = "tests.support.random_flows:of_this_process"
            return crew(flows, database_url=route, concurrency=8, shutdown_timeout=2)

        nemesis = Nemesis(seed, server=server, url=url, proxy=proxy, hire=hire, crew=CREW)
        _until_registered(url)
        with (
            orders_at(url, _choice(stage, Random(seed)), pause=PAUSE) as orders,
            orders_at(proxy.url, _choice(stage, Random(seed + 1)), pause=PAUSE) as more_orders,
        ):
            nemesis.rage_until(time.monotonic() + seconds)
        nemesis.relent()
        recovery = _until_all_ended(url, seed, within=RECOVERY + seconds)

    engine = Engine.connect(url)
    ledger = Ledger(engine, stage)
    violations = ledger.violations([*orders.started, *more_orders.started])
    tell(_account(seed, nemesis.faults, ledger))
    tell(f"recovered after {recovery:.0f} s; violations: {len(violations)}")
    engine.close()
    assert not violations, f"seed {seed}\n" + "\n".join(violations[:50])


def _database(server: MortalServer) -> str:
    databases = server.databases()
    databases.create_template()
    url = databases.url_of(databases.template)
    engine = Engine.connect(url)
    open_ledger(engine)
    engine.close()
    return url


def _choice(stage: Stage, chance: Random) -> Choice:
    def choose() -> tuple[UUID, str, Any]:
        spec, run_id = chance.choice(stage.specs), UUID(int=chance.getrandbits(128), version=4)
        return run_id, spec.slug, chance.choice(LISTS if spec.has_root_map else OBJECTS)

    return choose


def _until_registered(url: str) -> None:
    engine = Engine.connect(url)
    flows = "select from pgflow.flows where flow_slug like 'random%%'"
    eventually(lambda: len(engine.rows(flows)) == FLOWS, within=60)
    engine.close()


def _until_all_ended(url: str, seed: int, *, within: float) -> float:
    """How long it took after the last fault (seconds)."""
    began = time.monotonic()
    engine = Engine.connect(url)
    open_runs = "select run_id, flow_slug from pgflow.runs where status = 'started'"
    try:
        eventually(lambda: not engine.rows(open_runs), within=within)
    except AssertionError:
        pytest.fail(f"seed {seed}: runs hang: {engine.rows(open_runs)[:5]}")
    finally:
        engine.close()
    return time.monotonic() - began


def _account(seed: int, faults: Counter[str], ledger: Ledger) -> str:
    statuses = Counter(row["status"] for row in ledger.engine.rows("select * from pgflow.runs"))
    attempts = sum(task["attempts_count"] for task in ledger.tasks)
    return (
        f"random faults, seed {seed}: {sum(faults.values())} faults "
        f"({', '.join(f'{n} x {fault}' for fault, n in faults.most_common())}); "
        f"{statuses.total()} runs of {FLOWS} random flows ({dict(statuses)}), "
        f"{len(ledger.tasks)} tasks, {attempts} attempts"
    )
