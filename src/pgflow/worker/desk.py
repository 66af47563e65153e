"""Where tasks come in and outcomes go out: one exchange with the database."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg

from pgflow import statements
from pgflow.worker.attempt import Attempt, Hand, identity_of
from pgflow.worker.outcome import LOST, RELEASED, Outcome, failed
from pgflow.worker.reports import Report
from pgflow.worker.setbacks import Setback, judge

if TYPE_CHECKING:
    from uuid import UUID

    from pgflow.definition.flow import Flow
    from pgflow.statements import TaskRow
    from pgflow.worker.meter import Observer
    from pgflow.worker.reports import Reports
    from pgflow.worker.session import Session
    from pgflow.worker.slots import Slots
    from pgflow.worker.tracing import Traces


class Desk:
    """Reports outcomes, claims tasks and hands them to the slots."""

    def __init__(
        self,
        *,
        worker_id: UUID,
        flows: Mapping[str, Flow[Any]],
        session: Session,
        hand: Hand,
        reports: Reports,
        slots: Slots,
        meter: Observer,
        traces: Traces | None = None,
    ) -> None:
        self._hand = hand
        self.reports = reports
        self._worker_id = worker_id
        self._flows = flows
        self.session = session
        self._slots = slots
        self._meter = meter
        self._traces = traces
        self.is_in_doubt = False
        # Held during an exchange over another connection: doubts are settled while there is none.
        self.aside = asyncio.Lock()
        self._loop = asyncio.get_running_loop()

    @property
    def is_busy(self) -> bool:
        """Whether anything is in hand, waits to be reported or may come in."""
        return bool(self._hand) or bool(self.reports) or self.aside.locked()

    async def exchange(
        self, report: Report, flow_slugs: Sequence[str], room: int, *, over: Session | None = None
    ) -> list[str]:
        """Report, and claim up to `room` tasks of these flows; returns the flow of each.

        `over` is another connection than the desk's own, for a caller who holds `aside`.
        """
        session = over or self.session
        try:
            if self.is_in_doubt:
                report = await self._settle_doubt(report)
            rows = await session.run(
                statements.report_and_claim(self._worker_id, report.json(), flow_slugs, room)
            )
        except psycopg.Error as error:
            self.reports.take_back(report, error)
            self.is_in_doubt |= room > 0 and judge(error) is Setback.LOST
            raise
        self.reports.confirm(report, {identity_of(row) for row in rows if row.msg_id is None})
        tasks = [row for row in rows if row.msg_id is not None]
        if room > 0:
            self._meter.note_claim(tasks)
        attempts = [one for task in tasks if (one := self._receive(task)) is not None]
        await self._admit(attempts, session)
        return [task.flow_slug for task in tasks]

    async def _settle_doubt(self, report: Report) -> Report:
        """A claim broke off. It may have come through, with tasks that nobody has told us of.

        What it reported is said again first: that waits for a call that is still under way.
        """
        async with self.aside:
            told = statements.report_tasks(self._worker_id, report.json())
            refused = await self.session.run(told)
            self.reports.confirm(report, {identity_of(row) for row in refused})
            held = self._hand.held()
            await self.session.run(statements.hand_back_unheld(self._worker_id, held))
        self.is_in_doubt = False
        return Report()

    def _receive(self, task: TaskRow) -> Attempt | None:
        """The attempt that begins with this claim, if it is one that can be made."""
        if task.attempt > max(task.max_attempts, 1):
            # The last attempt was lost with its worker. The claim asks us to say so.
            return self._decline(replace(task, attempt=task.attempt - 1), LOST)
        step = self._flows[task.flow_slug].steps.get(task.step_slug)
        if step is None:
            unknown = f"this worker's code has no step '{task.step_slug}'. Deploy one that has it"
            return self._decline(task, failed(unknown))
        attempt = Attempt(task, step, deadline=self._loop.time() + task.timeout)
        if attempt.identity in self._hand:
            self._forsake(self._hand[attempt.identity])
        self._hand[attempt.identity] = attempt
        return attempt

    def _forsake(self, attempt: Attempt) -> None:
        """Its run was ended and retried: the attempts of its task count from one again."""
        self._slots.lose(attempt)
        self.reports.withdraw(attempt.identity)

    def _decline(self, task: TaskRow, outcome: Outcome) -> None:
        self.reports.say(task, identity_of(task), outcome)

    async def _admit(self, attempts: list[Attempt], session: Session) -> None:
        wanting = [one for one in attempts if one.step.needs_flow_input]
        if wanting:
            await self._fetch_flow_inputs(wanting, attempts, session)
        if self._traces is not None and attempts:
            await self._traces.assign(attempts)
        self._slots.admit(attempts)

    async def _fetch_flow_inputs(
        self, wanting: list[Attempt], claimed: list[Attempt], session: Session
    ) -> None:
        run_ids = list({attempt.task.run_id for attempt in wanting})
        try:
            rows = await session.run(statements.flow_inputs(run_ids))
        except psycopg.Error:
            for attempt in claimed:
                attempt.outcome = RELEASED
                self.reports.add(attempt)
            raise
        inputs = {row.run_id: row.input for row in rows}
        for attempt in wanting:
            attempt.flow_input = inputs.get(attempt.task.run_id)
