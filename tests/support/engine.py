"""A thin hand on the engine's SQL for tests: one connection, plain rows, no opinion."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import count
from typing import Any, LiteralString, Self
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import Diagnostic
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import Jsonb

from tests.support.flow_spec import FlowSpec, StepSpec
from tests.support.jsonb import Json
from tests.support.outcomes import Outcome

Row = dict[str, Any]
TaskKey = tuple[str, int]

_STEP_OPTIONS: dict[str, LiteralString] = {
    "max_attempts": "int",
    "base_delay": "int",
    "timeout": "int",
    "start_delay": "int",
    "step_type": "text",
    "required_input_pattern": "jsonb",
    "forbidden_input_pattern": "jsonb",
    "when_unmet": "text",
    "when_exhausted": "text",
}


class Engine:
    """Drives an engine through its SQL functions and reads its tables back."""

    def __init__(self, connection: psycopg.Connection[DictRow]) -> None:
        self.connection = connection
        self._numbers = count(1)

    @classmethod
    def connect(cls, dsn: str) -> Self:
        return cls(psycopg.Connection[DictRow].connect(dsn, autocommit=True, row_factory=dict_row))

    def close(self) -> None:
        self.connection.close()

    # Plain SQL

    def rows(self, query: LiteralString | sql.Composed, **params: object) -> list[Row]:
        return self.connection.execute(query, params).fetchall()

    def row(self, query: LiteralString | sql.Composed, **params: object) -> Row:
        (row,) = self.rows(query, **params)
        return row

    def value(self, query: LiteralString | sql.Composed, **params: object) -> Any:
        (value,) = self.row(query, **params).values()
        return value

    def do(self, query: LiteralString | sql.Composed, **params: object) -> None:
        self.connection.execute(query, params)

    def error(self, query: LiteralString | sql.Composed, **params: object) -> Diagnostic:
        """Run what must be refused; returns what the server said about it."""
        with pytest.raises(psycopg.Error) as caught:
            self.connection.execute(query, params)
        return caught.value.diag

    # Definition

    def define(self, flow: FlowSpec) -> str:
        """Register the flow step by step; returns its slug."""
        self.do(
            """select pgflow.create_flow(%(slug)s, max_attempts => %(max_attempts)s,
              base_delay => %(base_delay)s, timeout => %(timeout)s)""",
            slug=flow.slug,
            max_attempts=flow.max_attempts,
            base_delay=flow.base_delay,
            timeout=flow.timeout,
        )
        for step in flow.steps:
            self.add_step(flow.slug, step)
        return flow.slug

    def flow(self, *steps: StepSpec, slug: str = "flow", **options: int) -> str:
        return self.define(FlowSpec(steps, slug, **options))

    def add_step(self, flow_slug: str, step: StepSpec) -> Row:
        """Call `add_step` with the options that differ from their defaults."""
        options = _sql_options(step)
        named = sql.SQL("").join(
            sql.SQL(", {} => {}::{}").format(
                sql.Identifier(name), sql.Placeholder(name), sql.SQL(_STEP_OPTIONS[name])
            )
            for name in options
        )
        call = sql.SQL("select * from pgflow.add_step(%(flow)s, %(step)s, %(deps)s::text[]{})")
        return self.row(
            call.format(named), flow=flow_slug, step=step.slug, deps=list(step.deps), **options
        )

    def fresh_slug(self) -> str:
        return f"flow_{next(self._numbers)}"

    # Running

    def start(self, flow_slug: str = "flow", run_input: Json = None, **kwargs: UUID) -> UUID:
        """Start a run; the input is `{}` unless said otherwise."""
        row = self.row(
            "select run_id from pgflow.start_flow(%(slug)s, %(input)s, %(run_id)s::uuid)",
            slug=flow_slug,
            input=Jsonb({} if run_input is None else run_input),
            run_id=kwargs.get("run_id"),
        )
        return row["run_id"]

    def cancel(self, run_id: UUID) -> list[Row]:
        return self.rows("select * from pgflow.cancel_run(%(id)s)", id=run_id)

    def retry(self, run_id: UUID) -> list[Row]:
        return self.rows("select * from pgflow.retry_run(%(id)s)", id=run_id)

    def advance(self, seconds: float) -> None:
        """Move the clock of everything that waits, so that nobody has to."""
        self.do("select pgflow_testing.advance(%(seconds)s)", seconds=seconds)

    # Working, in batches

    def worker(self, function_name: str = "tests") -> UUID:
        """Insert a worker as any client may, by its three required columns."""
        worker_id = uuid4()
        self.do(
            """insert into pgflow.workers (worker_id, queue_name, function_name)
            values (%(id)s, 'flow', %(name)s)""",
            id=worker_id,
            name=function_name,
        )
        return worker_id

    def report_and_claim(
        self,
        worker_id: UUID,
        outcomes: Iterable[Outcome] = (),
        flow_slugs: Sequence[str] = (),
        quantity: int = 0,
    ) -> tuple[list[Row], list[Row]]:
        """Report and claim in one call; returns the claimed tasks and the refused outcomes."""
        rows = self.rows(
            """select * from pgflow.report_and_claim(
              %(worker)s, %(outcomes)s::jsonb, %(flows)s::text[], %(quantity)s)""",
            worker=worker_id,
            outcomes=json.dumps([outcome.wire() for outcome in outcomes]),
            flows=list(flow_slugs),
            quantity=quantity,
        )
        claimed = [row for row in rows if row["msg_id"] is not None]
        return claimed, [row for row in rows if row["msg_id"] is None]

    def claim(self, worker_id: UUID, *flow_slugs: str, quantity: int = 100) -> list[Row]:
        claimed, _ = self.report_and_claim(worker_id, (), flow_slugs or ("flow",), quantity)
        return claimed

    def report(self, worker_id: UUID, *outcomes: Outcome) -> list[Row]:
        """Report outcomes only; returns the refused ones."""
        _, refused = self.report_and_claim(worker_id, outcomes)
        return refused

    # Working, one task at a time

    def start_tasks(self, worker_id: UUID, flow_slug: str, msg_ids: Sequence[int]) -> list[Row]:
        return self.rows(
            "select * from pgflow.start_tasks(%(flow)s, %(ids)s::bigint[], %(worker)s)",
            flow=flow_slug,
            ids=list(msg_ids),
            worker=worker_id,
        )

    def start_step(self, run_id: UUID, step_slug: str, worker_id: UUID | None = None) -> list[Row]:
        """Start every queued task of a step, whether or not its message has fallen due."""
        queued = self.rows(
            """select flow_slug, message_id from pgflow.step_tasks
            where run_id = %(run)s and step_slug = %(step)s and status = 'queued'
            order by task_index""",
            run=run_id,
            step=step_slug,
        )
        ids = [task["message_id"] for task in queued]
        return self.start_tasks(worker_id or self.worker(), queued[0]["flow_slug"], ids)

    def complete(
        self, run_id: UUID, step_slug: str, output: Json = None, *, index: int = 0
    ) -> list[Row]:
        return self.rows(
            "select * from pgflow.complete_task(%(run)s, %(step)s, %(index)s, %(output)s)",
            run=run_id,
            step=step_slug,
            index=index,
            output=Jsonb(output),
        )

    def fail(
        self, run_id: UUID, step_slug: str, message: str = "boom", *, index: int = 0
    ) -> list[Row]:
        return self.rows(
            "select * from pgflow.fail_task(%(run)s, %(step)s, %(index)s, %(message)s)",
            run=run_id,
            step=step_slug,
            index=index,
            message=message,
        )

    def finish(self, run_id: UUID, step_slug: str, *outputs: Json) -> None:
        """Start a step's tasks and complete them with these outputs, in task order."""
        self.start_step(run_id, step_slug)
        for index, output in enumerate(outputs):
            self.complete(run_id, step_slug, output, index=index)

    def exhaust(self, run_id: UUID, step_slug: str, message: str = "boom") -> None:
        """Start and fail a step's first task until it has no attempt left."""
        while self.task(run_id, step_slug)["status"] in ("queued", "started"):
            self.start_step(run_id, step_slug)
            self.fail(run_id, step_slug, message)

    # Reading

    def run(self, run_id: UUID) -> Row:
        return self.row("select * from pgflow.runs where run_id = %(id)s", id=run_id)

    def steps(self, run_id: UUID) -> dict[str, Row]:
        rows = self.rows("select * from pgflow.step_states where run_id = %(id)s", id=run_id)
        return {row["step_slug"]: row for row in rows}

    def step(self, run_id: UUID, step_slug: str) -> Row:
        return self.steps(run_id)[step_slug]

    def statuses(self, run_id: UUID) -> dict[str, str]:
        return {slug: step["status"] for slug, step in self.steps(run_id).items()}

    def tasks(self, run_id: UUID) -> dict[TaskKey, Row]:
        rows = self.rows("select * from pgflow.step_tasks where run_id = %(id)s", id=run_id)
        return {(row["step_slug"], row["task_index"]): row for row in rows}

    def task(self, run_id: UUID, step_slug: str, index: int = 0) -> Row:
        return self.tasks(run_id)[step_slug, index]

    def queue(self, flow_slug: str = "flow") -> dict[int, Row]:
        """The messages waiting for or held by workers, by id."""
        return self._messages("q", flow_slug)

    def archive(self, flow_slug: str = "flow") -> dict[int, Row]:
        return self._messages("a", flow_slug)

    def _messages(self, kind: str, flow_slug: str) -> dict[int, Row]:
        queue = self.value("select pgflow.queue_name(%(slug)s)", slug=flow_slug)
        table = sql.Identifier("pgmq", f"{kind}_{queue}")
        rows = self.rows(sql.SQL("select *, vt > now() as hidden from {}").format(table))
        return {row["msg_id"]: row for row in rows}

    def waits(self, flow_slug: str = "flow") -> dict[int, float]:
        """Seconds until each message can be read; zero when it can be read now."""
        now = self.value("select clock_timestamp()")
        return {
            id_: max((message["vt"] - now).total_seconds(), 0)
            for id_, message in self.queue(flow_slug).items()
        }

    def delay(self, run_id: UUID, step_slug: str, index: int = 0) -> float:
        """Seconds from now until the task's message can be read."""
        task = self.task(run_id, step_slug, index)
        return self.waits(task["flow_slug"])[task["message_id"]]


def about(seconds: float) -> Any:
    """So many seconds from now, of which some may have passed since."""
    earliest, latest = seconds - max(1, min(seconds / 2, 10)), seconds + 1
    return pytest.approx((earliest + latest) / 2, abs=(latest - earliest) / 2)


def _sql_options(step: StepSpec) -> Mapping[str, object]:
    fields = asdict(step)
    fields["required_input_pattern"] = _pattern(fields.pop("required"))
    fields["forbidden_input_pattern"] = _pattern(fields.pop("forbidden"))
    return {
        name: fields[name]
        for name in _STEP_OPTIONS
        if fields[name] is not None and fields[name] != _DEFAULTS.get(name)
    }


def _pattern(pattern: dict[str, Json] | None) -> Jsonb | None:
    return None if pattern is None else Jsonb(pattern)


_DEFAULTS = {"step_type": "single", "when_unmet": "skip", "when_exhausted": "fail"}
