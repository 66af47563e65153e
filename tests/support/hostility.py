"""Everybody does everything at once, for a while, to the same few runs."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, LiteralString
from uuid import UUID

import psycopg

from tests.support.dying import beat, enlist
from tests.support.engine import Engine, Row
from tests.support.flow_spec import FlowSpec, map_over, single
from tests.support.outcomes import Outcome, completed, failed, lost, released

OPTIONS = {"max_attempts": 2, "base_delay": 0, "timeout": 1}
FLOWS = (
    FlowSpec((single("a"), single("b"), single("c", "a", "b")), "diamond", **OPTIONS),
    FlowSpec(
        (single("list"), map_over("each", "list", when_exhausted="skip"), single("sum", "each")),
        "wide",
        **OPTIONS,
    ),
    FlowSpec((map_over("root"), single("end", "root", when_exhausted="skip")), "fan", **OPTIONS),
)
# What may be refused while flows come and go and runs end under one's hands.
EXPECTED = {"PF001", "PF002", "PF003", "PF007", "23503", "42P01"}


@dataclass(slots=True)
class Toll:
    """What was done, what was refused by SQLSTATE, and what went wrong, in the server's words."""

    done: Counter[str] = field(default_factory=Counter[str])
    refused: Counter[str] = field(default_factory=Counter[str])
    troubles: list[str] = field(default_factory=list[str])

    def note(self, act: str, error: psycopg.Error) -> None:
        if error.sqlstate in EXPECTED:
            self.refused[error.sqlstate] += 1
        else:
            diag = error.diag
            self.troubles.append(
                f"{act}: {error.sqlstate} {error}\n{diag.message_detail}\n{diag.context}"
            )

    def __str__(self) -> str:
        refusals = ", ".join(f"{n} x {state}" for state, n in sorted(self.refused.items()))
        return (
            f"{sum(self.done.values())} calls of {len(self.done)} kinds, refused as they may be: "
            f"{refusals or 'none'}, deadlocks and other errors: {len(self.troubles)}"
        )

    def __add__(self, other: Toll) -> Toll:
        return Toll(
            self.done + other.done, self.refused + other.refused, self.troubles + other.troubles
        )


class Actor:
    """One of many who act at random."""

    def __init__(self, dsn: str, seed: int) -> None:
        self._engine = Engine.connect(dsn)
        self._chance = random.Random(seed)
        self._enlist()
        self._held: list[Row] = []
        self._acts: dict[Callable[[], Any], int] = {
            self.work: 40,
            self.start: 8,
            self.start_again: 3,
            self.start_messages: 4,
            self.end_without_fence: 4,
            self.report_twice: 3,
            self.cancel: 3,
            self.retry: 4,
            self.beat: 8,
            self.let_somebody_die: 1,
            self.let_something_stall: 2,
            self.requeue_stalled: 2,
            self.watch: 2,
            self.prune: 1,
            self.replace_a_flow: 1,
        }

    def act_until(self, deadline: float) -> Toll:
        toll = Toll()
        acts, weights = list(self._acts), list(self._acts.values())
        while time.monotonic() < deadline:
            (act,) = self._chance.choices(acts, weights)
            toll.done[act.__name__] += 1
            try:
                act()
            except psycopg.Error as error:
                toll.note(act.__name__, error)
        self._engine.close()
        return toll

    def _enlist(self) -> None:
        self._worker = enlist(self._engine, *(flow.slug for flow in FLOWS))

    # Acts

    def work(self) -> None:
        """Report some of what is held, in any order, and claim more."""
        self._chance.shuffle(self._held)
        ended, self._held = self._held[:5], self._held[5:]
        flows = self._chance.sample([flow.slug for flow in FLOWS], k=2)
        claimed, _ = self._engine.report_and_claim(
            self._worker, [self._outcome(task) for task in ended], flows, self._chance.randint(0, 8)
        )
        self._held += claimed

    def start(self) -> None:
        flow = self._chance.choice(FLOWS)
        self._engine.start(flow.slug, [1, 2, 3] if flow.has_root_map else {})

    def start_again(self) -> None:
        """Start runs by ids that others use as well, in any order."""
        ids = [UUID(int=number) for number in self._chance.sample(range(1, 20), k=3)]
        self._engine.do("select pgflow.start_flows('diamond', '[1, 1, 1]', %(ids)s)", ids=ids)

    def start_messages(self) -> None:
        flow = self._chance.choice(FLOWS).slug
        messages = list(self._engine.queue(flow))
        picked = self._chance.sample(messages, k=min(6, len(messages)))
        self._held += self._engine.start_tasks(self._worker, flow, picked)

    def end_without_fence(self) -> None:
        if task := self._any("select * from pgflow.step_tasks where status = 'started' limit 50"):
            if self._chance.random() < 0.5:
                self._engine.complete(task["run_id"], task["step_slug"], [1, 2, 3])
            else:
                self._engine.fail(task["run_id"], task["step_slug"])

    def report_twice(self) -> None:
        outcomes = [self._outcome(task) for task in self._held]
        self._engine.report(self._worker, *outcomes, *outcomes)
        self._held = []

    def cancel(self) -> None:
        if run := self._any_run():
            self._engine.cancel(run["run_id"])

    def retry(self) -> None:
        if run := self._any_run():
            self._engine.retry(run["run_id"])

    def beat(self) -> None:
        if beat(self._engine, self._worker) is None:
            self._enlist()

    def let_somebody_die(self) -> None:
        self._engine.do(
            """update pgflow.workers set last_heartbeat_at = now() - interval '13 seconds'
            where worker_id = (select worker_id from pgflow.workers order by random() limit 1)"""
        )

    def let_something_stall(self) -> None:
        """A task seems to have been started long ago. Its run is locked first, like everywhere."""
        if run := self._any_run():
            self._engine.do(
                """with locked as materialized (
                  select run_id from pgflow.runs where run_id = %(id)s for no key update
                )
                update pgflow.step_tasks t
                set queued_at = queued_at - interval '1 hour',
                  started_at = started_at - interval '1 hour'
                from locked l where t.run_id = l.run_id and t.status = 'started'""",
                id=run["run_id"],
            )

    def requeue_stalled(self) -> None:
        self._engine.do("select pgflow.requeue_stalled_tasks()")

    def watch(self) -> None:
        if run := self._any_run():
            watcher = UUID(int=1)
            self._engine.do("select pgflow.watch_run(%(id)s, %(w)s)", id=run["run_id"], w=watcher)

    def prune(self) -> None:
        self._engine.do("select pgflow.prune_data_older_than('5 seconds', 20)")

    def replace_a_flow(self) -> None:
        """Delete a flow with everything, and register it anew."""
        flow = self._chance.choice(FLOWS)
        with self._engine.connection.transaction():
            self._engine.do("select pgflow.delete_flow_and_data(%(slug)s)", slug=flow.slug)
            self._engine.define(flow)

    # Choices

    def _outcome(self, task: Row) -> Outcome:
        if was_lost(task):
            return lost(task)
        kind = self._chance.random()
        if kind < 0.7:
            return completed(task, [1, 2, 3])
        if kind < 0.9:
            return failed(task, retry=kind < 0.85, retry_in=self._chance.choice([None, 0, 0, 1]))
        return released(task)

    def _any(self, query: LiteralString) -> Row | None:
        rows = self._engine.rows(query)
        return self._chance.choice(rows) if rows else None

    def _any_run(self) -> Row | None:
        return self._any("select run_id from pgflow.runs order by run_id desc limit 100")


def was_lost(task: Row) -> bool:
    """Whether the claim only asks its worker to say that the last attempt was lost."""
    return task["attempt"] > task["max_attempts"]


def everybody_acts(dsn: str, *, actors: int, seconds: float, seed: int) -> Toll:
    """So many act for so long; what they did and what went wrong."""
    crowd = [Actor(dsn, seed + number) for number in range(actors)]
    deadline = time.monotonic() + seconds
    with ThreadPoolExecutor(max_workers=actors) as threads:
        return sum(threads.map(lambda actor: actor.act_until(deadline), crowd), Toll())
