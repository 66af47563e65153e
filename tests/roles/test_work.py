"""Each role can do its job, and is refused another's."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.json import Jsonb

from pgflow import Client, Flow, RunCancelled, Worker, current_task
from pgflow.errors import DeploymentError, PgflowError
from tests.roles.conftest import Member
from tests.support.commands import CommandLine
from tests.support.engine import Engine
from tests.telemetry.watch import Watch

orders = Flow("orders", input=int)


def deploy(engine: Engine) -> None:
    engine.do(
        "select pgflow.ensure_flow_compiled(%(slug)s, %(shape)s)",
        slug=orders.slug,
        shape=Jsonb(orders.shape().to_json()),
    )


@orders.step()
def charge(number: int) -> str:
    with current_task().transaction() as connection:
        connection.execute("insert into charges values (%s)", [number])
    return f"charged {number}"


@pytest.fixture
def worker_url(engine: Engine, member: Member) -> str:
    """A user that works, and may write a table of its own; the flow has been deployed."""
    url = member("pgflow_worker")
    user = sql.Identifier(str(conninfo_to_dict(url)["user"]))
    engine.do("create table charges (number int)")
    engine.do(sql.SQL("grant insert on charges to {}").format(user))
    deploy(engine)
    return url


def work(url: str) -> None:
    asyncio.run(Worker(orders, database_url=url).run_until_idle())


def test_a_worker_works_and_writes_its_own_table(engine: Engine, worker_url: str) -> None:
    run_id = engine.start("orders", 7)

    work(worker_url)

    assert engine.run(run_id)["output"] == {"charge": "charged 7"}
    assert engine.rows("select number from charges") == [{"number": 7}]


def test_a_worker_does_not_deploy(engine: Engine, member: Member) -> None:
    worker = Worker(orders, database_url=member("pgflow_worker"))

    with pytest.raises((PgflowError, psycopg.Error), match="may not deploy it"):
        asyncio.run(worker.run_until_idle())

    assert engine.rows("select from pgflow.flows") == []


@pytest.mark.parametrize("role", ["pgflow_viewer", "pgflow_client"])
def test_who_may_not_work_learns_which_role_does(engine: Engine, member: Member, role: str) -> None:
    deploy(engine)

    with pytest.raises(DeploymentError) as refused:
        work(member(role))

    assert str(refused.value).startswith("permission denied for function register_worker. Grant")
    assert "pgflow_worker to work" in str(refused.value)


def test_who_has_no_role_learns_that_there_are_some(engine: Engine, plain_user: str) -> None:
    with pytest.raises(DeploymentError, match=r"schema pgflow\. Grant .* pgflow_worker to work"):
        work(plain_user)


@pytest.mark.parametrize("role", ["pgflow_viewer", "pgflow_client", "pgflow_worker"])
def test_what_no_role_may_do_is_for_the_owner(member: Member, role: str) -> None:
    answer = CommandLine().refused("prune", "--older-than", "30d", "--database-url", member(role))

    assert answer.startswith("Error: permission denied for ")
    assert answer.endswith("; all else is for the owner of the engine\n")


def test_a_worker_starts_no_runs_and_reads_none(worker_url: str) -> None:
    with psycopg.connect(worker_url, autocommit=True) as connection:
        for forbidden in (
            "select pgflow.start_flow('orders', '7')",
            "select * from pgflow.runs",
            "update pgflow.step_tasks set status = 'completed'",
            "select * from pgmq.q_orders",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(forbidden)


def test_a_client_starts_cancels_retries_and_waits(
    engine: Engine, member: Member, worker_url: str
) -> None:
    with Client(member("pgflow_client")) as client:
        run = client.start(orders, 8)
        client.cancel(run.run_id)
        with pytest.raises(RunCancelled):
            run.wait(timeout=60)
        client.retry(run.run_id)
        work(worker_url)

        assert run.refresh().wait(timeout=60) == {"charge": "charged 8"}
        assert [step.status for step in run.steps()] == ["completed"]
        assert [each.run_id for each in client.list_runs(orders)] == [run.run_id]


def test_a_client_neither_claims_nor_deletes(engine: Engine, member: Member) -> None:
    with psycopg.connect(member("pgflow_client"), autocommit=True) as connection:
        for forbidden in (
            "select pgflow.claim_tasks(gen_random_uuid(), '{orders}', 1)",
            "select pgflow.delete_flow_and_data('orders')",
            "select pgflow.prune_data_older_than('1 second')",
            "select pgflow.create_flow('mine')",
            "delete from pgflow.runs",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(forbidden)


def test_a_doctor_who_may_not_read_says_what_he_did_not_see(engine: Engine, member: Member) -> None:
    shown = CommandLine()("doctor", "--database-url", member("pgflow_worker")).output

    assert shown.endswith(
        "! data: workers, queues and runs were not looked at, because this user may not read. "
        "Let a user with pgflow_viewer, or the owner of the engine, run: pgflow doctor\n"
    )


def test_a_viewer_sees_runs_and_starts_none(engine: Engine, member: Member) -> None:
    deploy(engine)
    run_id = engine.start("orders", 7)

    with psycopg.connect(member("pgflow_viewer"), autocommit=True) as connection:
        assert connection.execute("select run_id from pgflow.runs").fetchall() == [(run_id,)]
        assert connection.execute("select status from pgflow.step_progress").fetchall() == [
            ("started",)
        ]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select pgflow.start_flow('orders', '7')")


def test_who_has_no_role_sees_nothing(engine: Engine, plain_user: str) -> None:
    with psycopg.connect(plain_user) as connection, pytest.raises(psycopg.Error) as refused:
        connection.execute("select * from pgflow.runs")

    assert str(refused.value).startswith("permission denied for schema pgflow")


def test_runs_are_traced_with_the_rights_of_client_and_worker(
    engine: Engine, member: Member, worker_url: str
) -> None:
    watch = Watch()
    with (
        Client(member("pgflow_client"), telemetry=watch.telemetry) as client,
        watch.span("request"),
    ):
        client.start(orders, 7)

    worker = Worker(orders, database_url=worker_url, telemetry=watch.telemetry)
    asyncio.run(worker.run_until_idle())

    assert watch.tree().paths == [
        "request",
        "request > run orders",
        "request > run orders > step charge",
        "request > run orders > step charge > attempt charge",
    ]
