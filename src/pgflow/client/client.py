"""Client and AsyncClient: each method runs one statement."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from psycopg import AsyncConnection, Connection
from psycopg_pool import AsyncConnectionPool, ConnectionPool
from typing_extensions import TypeVar

from pgflow.client import requests
from pgflow.client.connections import AsyncDatabase, Database
from pgflow.client.portal import Portal
from pgflow.client.requests import AnyFlow, AnyStep, Delay, Input, RunId, RunStatus
from pgflow.client.runs import AsyncLink, AsyncRun, Link, Run, RunRecord
from pgflow.client.watcher import RunWatcher
from pgflow.definition.flow import Flow
from pgflow.statements import RunRow

if TYPE_CHECKING:
    from pgflow.telemetry import Telemetry

In = TypeVar("In", default=Any)


class Client:
    """Starts runs, finds them and steers them. Threads may share one.

    `database` is a URL or a psycopg pool. Without it counts the first of `PGFLOW_DATABASE_URL`,
    `EDGE_WORKER_DB_URL` and `DATABASE_URL` that is set, else the project's embedded database while
    that runs. Nothing is opened before it is needed. `PGFLOW_DIRECT_URL` may name a way past a
    transaction pooler that the variables lead to, so that waiting needs no polling.

    Every method takes `connection=`, and then takes part in the caller's transaction there. With
    `telemetry`, a `pgflow.telemetry.Telemetry`, runs belong to the trace in which they are started.

    Example:
        with Client() as client, psycopg.connect(url) as connection:
            connection.execute("insert into orders (id) values (7)")
            client.start(order_flow, {"id": 7}, connection=connection)
    """

    def __init__(
        self,
        database: str | ConnectionPool[Any] | None = None,
        *,
        telemetry: Telemetry | None = None,
    ) -> None:
        own = Database(database)
        self._database = own
        self._telemetry = telemetry
        self._link = Link(own, RunWatcher(own.connect), Portal())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections, but not a pool that was given. Whoever waits for a run is told."""
        self._link.close()

    def start(
        self,
        flow: Flow[In] | str,
        input: Input[In],
        *,
        run_id: RunId | None = None,
        delay: Delay = None,
        paused: bool = False,
        connection: Connection[Any] | None = None,
    ) -> Run[In]:
        """Start a run of a flow, given itself or by its slug. The input is validated first.

        `run_id` is an idempotency key: to start with it again returns the run that is there, with
        `created` False, and raises `RunConflict` for another flow or input. `delay` puts off the
        root steps by so many seconds. A run that starts `paused` waits for `release` and `resume`.

        Example:
            run = client.start(order_flow, {"id": 7}, run_id=order.uuid)
        """
        start = requests.start(flow, input, run_id=run_id, delay=delay, paused=paused)
        statement = requests.traced(start, self._telemetry)
        [row] = self._database.fetch(statement, connection)
        return self._run(row, flow)

    def start_many(
        self,
        flow: Flow[In] | str,
        inputs: Iterable[Input[In]],
        *,
        run_ids: Iterable[RunId] | None = None,
        delay: Delay = None,
        connection: Connection[Any] | None = None,
    ) -> list[Run[In]]:
        """Start a run per input, in that order; all of them start or none does.

        Example:
            runs = client.start_many(order_flow, ({"id": id} for id in range(10_000)))
        """
        batches = requests.start_many(flow, inputs, run_ids=run_ids, delay=delay)
        traced = [requests.traced(batch, self._telemetry) for batch in batches]
        rows = self._database.fetch_together(traced, connection)
        return [self._run(row, flow) for row in rows]

    def get_run(
        self,
        run_id: RunId,
        *,
        flow: Flow[In] | None = None,
        connection: Connection[Any] | None = None,
    ) -> Run[In]:
        """The run of that id, else `RunNotFound`. `flow` gives its input and output their types."""
        rows = self._database.fetch(requests.get_run(run_id), connection)
        return self._run(requests.found(rows, run_id, flow), flow)

    def list_runs(
        self,
        flow: Flow[In] | str | None = None,
        *,
        status: RunStatus | None = None,
        limit: int = 100,
        before: RunRecord[Any] | datetime | None = None,
        connection: Connection[Any] | None = None,
    ) -> list[Run[In]]:
        """The newest runs, newest first. The last run of one page is `before` of the next.

        Example:
            page = client.list_runs(order_flow, status="failed", limit=20)
            more = client.list_runs(order_flow, status="failed", limit=20, before=page[-1])
        """
        statement = requests.list_runs(flow=flow, status=status, limit=limit, before=before)
        return [self._run(row, flow) for row in self._database.fetch(statement, connection)]

    def cancel(self, run_id: RunId, *, connection: Connection[Any] | None = None) -> Run[Any]:
        """End a run now; a run that has ended stays as it is. `RunNotFound` for an unknown one."""
        [row] = self._database.fetch(requests.cancel(run_id), connection)
        return self._run(row)

    def retry(self, run_id: RunId, *, connection: Connection[Any] | None = None) -> Run[Any]:
        """Carry on a failed or cancelled run: what completed is kept, the rest is tried afresh.

        `RunConflict` for a run that has completed.
        """
        [row] = self._database.fetch(requests.retry(run_id), connection)
        return self._run(row)

    def pause(self, run_id: RunId, *, connection: Connection[Any] | None = None) -> Run[Any]:
        """Let a run start no more steps; what has been started goes on.

        `RunConflict` for a run that has ended.

        Example:
            client.pause(run.run_id)
            while step := client.release(run.run_id):
                print(step, "goes on")
        """
        [row] = self._database.fetch(requests.pause(run_id), connection)
        return self._run(row)

    def resume(self, run_id: RunId, *, connection: Connection[Any] | None = None) -> Run[Any]:
        """End a pause: everything that is ready starts. `RunConflict` for a run that has ended."""
        [row] = self._database.fetch(requests.resume(run_id), connection)
        return self._run(row)

    def release(
        self,
        run_id: RunId,
        step: AnyStep | None = None,
        *,
        connection: Connection[Any] | None = None,
    ) -> str | None:
        """Start one ready step of a paused run, by default the next in the order of definition.

        The slug of the step; None where nothing is ready. `RunConflict` for a run that is not
        paused, or a named step that is not ready.
        """
        rows = self._database.fetch(requests.release(run_id, step), connection)
        return rows[0].step_slug if rows else None

    def edit_output(
        self,
        run_id: RunId,
        step: AnyStep,
        output: Any,
        *,
        connection: Connection[Any] | None = None,
    ) -> None:
        """Replace the output of a completed step of a paused run, before its dependents start.

        `RunConflict` when it is too late. A step object gives the output its type.
        """
        self._database.fetch(requests.edit_output(run_id, step, output), connection)

    def rerun(
        self,
        run_id: RunId,
        *,
        from_step: AnyStep | None = None,
        input: Any = ...,
        paused: bool = False,
        connection: Connection[Any] | None = None,
    ) -> Run[Any]:
        """Start a new run after the pattern of another one, from the start or from a step.

        From a step, it keeps what the other run has done outside of it and its descendants.
        `input` is the run's input, for a step with dependencies an object of those of their outputs
        that shall be others; left out, all stays as it was.

        Example:
            client.rerun(run_id, from_step="summary", input={"website": {"text": "short"}})
        """
        start = requests.rerun(run_id, step=from_step, input=input, paused=paused)
        statement = requests.traced(start, self._telemetry)
        rows = self._database.fetch(statement, connection)
        return self._run(requests.found(rows, run_id, None))

    def delete_flow_and_data(
        self, flow: AnyFlow, *, connection: Connection[Any] | None = None
    ) -> None:
        """Remove a flow with all its runs, for good. A flow that is not there is no error."""
        self._database.fetch(requests.delete_flow_and_data(flow), connection)

    def _run(self, row: RunRow, flow: Flow[In] | str | None = None) -> Run[In]:
        return Run(self._link, row, flow)


class AsyncClient:
    """`Client` for programs that run in an event loop, where it stays.

    `database` is a URL, an `AsyncConnectionPool` of psycopg's, or left out as for `Client`, and
    `telemetry` is the same.

    Example:
        async with AsyncClient() as client:
            run = await client.start(order_flow, {"id": 7})
            print(await run.wait(timeout=60))
    """

    def __init__(
        self,
        database: str | AsyncConnectionPool[Any] | None = None,
        *,
        telemetry: Telemetry | None = None,
    ) -> None:
        own = AsyncDatabase(database)
        self._database = own
        self._telemetry = telemetry
        self._link = AsyncLink(own, RunWatcher(own.connect))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections, but not a pool that was given. Whoever waits for a run is told."""
        await self._link.close()

    async def start(
        self,
        flow: Flow[In] | str,
        input: Input[In],
        *,
        run_id: RunId | None = None,
        delay: Delay = None,
        paused: bool = False,
        connection: AsyncConnection[Any] | None = None,
    ) -> AsyncRun[In]:
        """Start a run, like `Client.start`."""
        start = requests.start(flow, input, run_id=run_id, delay=delay, paused=paused)
        statement = requests.traced(start, self._telemetry)
        [row] = await self._database.fetch(statement, connection)
        return self._run(row, flow)

    async def start_many(
        self,
        flow: Flow[In] | str,
        inputs: Iterable[Input[In]],
        *,
        run_ids: Iterable[RunId] | None = None,
        delay: Delay = None,
        connection: AsyncConnection[Any] | None = None,
    ) -> list[AsyncRun[In]]:
        """Start a run per input, all of them or none, like `Client.start_many`."""
        batches = requests.start_many(flow, inputs, run_ids=run_ids, delay=delay)
        traced = [requests.traced(batch, self._telemetry) for batch in batches]
        rows = await self._database.fetch_together(traced, connection)
        return [self._run(row, flow) for row in rows]

    async def get_run(
        self,
        run_id: RunId,
        *,
        flow: Flow[In] | None = None,
        connection: AsyncConnection[Any] | None = None,
    ) -> AsyncRun[In]:
        """The run of that id, else `RunNotFound`. `flow` gives its input and output their types."""
        rows = await self._database.fetch(requests.get_run(run_id), connection)
        return self._run(requests.found(rows, run_id, flow), flow)

    async def list_runs(
        self,
        flow: Flow[In] | str | None = None,
        *,
        status: RunStatus | None = None,
        limit: int = 100,
        before: RunRecord[Any] | datetime | None = None,
        connection: AsyncConnection[Any] | None = None,
    ) -> list[AsyncRun[In]]:
        """The newest runs, newest first, page by page like `Client.list_runs`."""
        statement = requests.list_runs(flow=flow, status=status, limit=limit, before=before)
        return [self._run(row, flow) for row in await self._database.fetch(statement, connection)]

    async def cancel(
        self, run_id: RunId, *, connection: AsyncConnection[Any] | None = None
    ) -> AsyncRun[Any]:
        """End a run now; a run that has ended stays as it is. `RunNotFound` for an unknown one."""
        [row] = await self._database.fetch(requests.cancel(run_id), connection)
        return self._run(row)

    async def retry(
        self, run_id: RunId, *, connection: AsyncConnection[Any] | None = None
    ) -> AsyncRun[Any]:
        """Carry on a failed or cancelled run, like `Client.retry`."""
        [row] = await self._database.fetch(requests.retry(run_id), connection)
        return self._run(row)

    async def pause(
        self, run_id: RunId, *, connection: AsyncConnection[Any] | None = None
    ) -> AsyncRun[Any]:
        """Let a run start no more steps, like `Client.pause`."""
        [row] = await self._database.fetch(requests.pause(run_id), connection)
        return self._run(row)

    async def resume(
        self, run_id: RunId, *, connection: AsyncConnection[Any] | None = None
    ) -> AsyncRun[Any]:
        """End a pause, like `Client.resume`."""
        [row] = await self._database.fetch(requests.resume(run_id), connection)
        return self._run(row)

    async def release(
        self,
        run_id: RunId,
        step: AnyStep | None = None,
        *,
        connection: AsyncConnection[Any] | None = None,
    ) -> str | None:
        """Start one ready step of a paused run, like `Client.release`."""
        rows = await self._database.fetch(requests.release(run_id, step), connection)
        return rows[0].step_slug if rows else None

    async def edit_output(
        self,
        run_id: RunId,
        step: AnyStep,
        output: Any,
        *,
        connection: AsyncConnection[Any] | None = None,
    ) -> None:
        """Replace the output of a step, like `Client.edit_output`."""
        await self._database.fetch(requests.edit_output(run_id, step, output), connection)

    async def rerun(
        self,
        run_id: RunId,
        *,
        from_step: AnyStep | None = None,
        input: Any = ...,
        paused: bool = False,
        connection: AsyncConnection[Any] | None = None,
    ) -> AsyncRun[Any]:
        """Start a new run after the pattern of another one, like `Client.rerun`."""
        start = requests.rerun(run_id, step=from_step, input=input, paused=paused)
        statement = requests.traced(start, self._telemetry)
        rows = await self._database.fetch(statement, connection)
        return self._run(requests.found(rows, run_id, None))

    async def delete_flow_and_data(
        self, flow: AnyFlow, *, connection: AsyncConnection[Any] | None = None
    ) -> None:
        """Remove a flow with all its runs, for good. A flow that is not there is no error."""
        await self._database.fetch(requests.delete_flow_and_data(flow), connection)

    def _run(self, row: RunRow, flow: Flow[In] | str | None = None) -> AsyncRun[In]:
        return AsyncRun(self._link, row, flow)
