from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest

from pgflow import NoCurrentTask, current_task
from pgflow.testing import PgflowDatabase, task_context


def test_a_handler_finds_the_task_that_the_test_describes() -> None:
    run_id = uuid4()

    with task_context(run_id=run_id, flow_slug="order", step_slug="pay", attempt=2):
        task = current_task()

    assert (task.run_id, task.flow_slug, task.step_slug) == (run_id, "order", "pay")
    assert (task.attempt, task.max_attempts, task.task_index) == (2, 3, 0)


def test_the_task_ends_with_the_block() -> None:
    with task_context():
        pass

    with pytest.raises(NoCurrentTask):
        current_task()


def test_the_flow_input_is_a_value_for_a_sync_handler() -> None:
    with task_context(flow_input={"id": 7}) as task:
        assert task.flow_input() == {"id": 7}


async def test_the_flow_input_is_awaited_by_an_async_handler() -> None:
    with task_context(flow_input={"id": 7}) as task:
        assert await task.flow_input() == {"id": 7}


def test_the_transaction_is_that_of_the_test(connection: psycopg.Connection) -> None:
    with connection.transaction(), task_context(connection=connection) as task:
        with task.transaction() as own:
            own.execute("create table charges (id int)")
        raise psycopg.Rollback

    assert connection.execute("select to_regclass('charges')").fetchone() == (None,)


async def test_an_async_handler_gets_an_async_transaction(pgflow_database: PgflowDatabase) -> None:
    connection = await psycopg.AsyncConnection.connect(pgflow_database.dsn)
    async with connection:
        with task_context(connection=connection) as task:
            async with task.transaction() as own:
                assert own is connection


def test_a_transaction_without_a_connection_says_what_to_pass() -> None:
    with (
        task_context() as task,
        pytest.raises(TypeError, match=r"given none\. Pass it connection=<a psycopg.Connection>"),
        task.transaction(),
    ):
        pass
