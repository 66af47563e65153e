"""Postgres goes away and comes back: nobody has to help, nothing is lost, nothing is doubled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from pgflow.testing import PgflowDatabase
from tests.support import fault_flows
from tests.support.engine import Engine
from tests.support.eventually import eventually
from tests.support.figures import Tell
from tests.support.invariants import assert_sound
from tests.support.mortal_server import MortalServer
from tests.support.orders import attempts, orders_at, settle
from tests.support.recoveries import joined
from tests.support.worker_process import Crew, crew_on

pytestmark = pytest.mark.slow

Outage = Callable[[MortalServer], None]


@pytest.fixture
def url(server: MortalServer) -> str:
    """A database with pgflow on a server that may be killed."""
    databases = server.databases()
    databases.create_template()
    url = databases.url_of(databases.template)
    engine = Engine.connect(url)
    fault_flows.prepare(engine)
    engine.close()
    return url


OUTAGES: dict[str, Outage] = {
    "restart, fast": lambda server: server.restart("fast"),
    "restart, immediate": lambda server: server.restart("immediate"),
    "crash of a backend": lambda server: server.crash(),
}


@pytest.mark.parametrize("outage", OUTAGES)
def test_an_outage_loses_nothing_and_doubles_nothing(
    server: MortalServer, url: str, tmp_path: Path, outage: str, tell: Tell
) -> None:
    engine = Engine.connect(url)
    with crew_on(url, tmp_path) as crew:
        for _ in range(2):
            joined(crew, concurrency=4)
        with orders_at(url) as orders:
            for _ in range(3):
                orders.until_more(5)
                engine.close()
                OUTAGES[outage](server)
                engine = Engine.connect(url)
            orders.until_more(5)
        settle(engine, orders)
        tell(_account(f"3 x {outage}", engine, len(orders.started), orders.interruptions))
    assert_sound(engine)
    engine.close()


def test_storms_of_terminated_backends_lose_nothing_and_double_nothing(
    engine: Engine, crew: Crew, pgflow_database: PgflowDatabase, tell: Tell
) -> None:
    for _ in range(2):
        joined(crew, concurrency=4)
    terminated = 0
    with orders_at(pgflow_database.dsn) as orders:
        for _ in range(12):
            orders.until_more(3)
            terminated += _terminate_all(engine)
        orders.until_more(3)

    settle(engine, orders)
    tell(_account(f"{terminated} backends terminated", engine, len(orders.started)))


def test_a_failover_to_a_standby_loses_nothing_and_charges_nobody_an_attempt(
    server: MortalServer, url: str, place: Path, tmp_path: Path, tell: Tell
) -> None:
    standby = server.standby(place / "standby")
    both = _either(url, standby)
    engine = Engine.connect(url)
    with crew_on(both, tmp_path) as crew:
        workers = [joined(crew, concurrency=4) for _ in range(2)]
        run_id = engine.start("stuck", [{"stuck": 1}])
        eventually(lambda: {t["status"] for t in engine.tasks(run_id).values()} == {"started"})
        with orders_at(both) as orders:
            orders.until_more(10)
            engine.close()
            server.stop("immediate")
            standby.promote()
            orders.until_more(20)
        engine = Engine.connect(both)
        standby.until_settled()

        stuck = engine.tasks(run_id).values()
        assert {(task["status"], task["attempts_count"]) for task in stuck} == {("started", 1)}
        assert all(worker.is_alive for worker in workers)
        engine.do("select pgflow.delete_flow_and_data('stuck')")
        settle(engine, orders)
        tell(_account("failover", engine, len(orders.started), orders.interruptions))
    assert_sound(engine)
    engine.close()
    standby.remove()


def _either(url: str, standby: MortalServer) -> str:
    """The same database on whichever of the two servers takes writes."""
    hosts = f"{conninfo_to_dict(url)['host']},{standby.socket_directory}"
    return make_conninfo(url, host=hosts, target_session_attrs="read-write")


def _terminate_all(engine: Engine) -> int:
    return engine.value(
        """select count(pg_terminate_backend(pid)) from pg_stat_activity
        where datname = current_database() and application_name like 'pgflow%%'"""
    )


def _account(what: str, engine: Engine, runs: int, interruptions: int = 0) -> str:
    spread = ", ".join(f"{n} x {count}" for count, n in sorted(attempts(engine).items()))
    return (
        f"{what}: {runs} runs completed, none lost, no effect doubled; tasks by attempts: "
        f"{spread}; starts that had to be repeated: {interruptions}"
    )
