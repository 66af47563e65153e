"""Random flows that real workers run: shapes drawn by a seed, handlers that behave by one.

Everything that a handler does follows from the seed and the identity of its attempt: whoever
checks knows what each task must have returned, whatever happened to the workers.
"""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from pgflow.definition.flow import Flow
from pgflow.definition.step import Step
from pgflow.errors import Fail, RetryAfter
from pgflow.worker import current_task
from tests.support.flow_spec import FlowSpec, StepSpec
from tests.support.jsonb import Json

SCALARS: list[Json] = [None, True, False, 1, "x", {}, {"ok": True}, {"ok": False, "n": 1}]
LISTS: list[Json] = [[], [1], [None, {"ok": True}], ["x", [1], 3]]
OBJECTS: list[Json] = [{}, {"ok": True}, {"ok": False, "n": 1}, {"tags": ["a", "b"]}]

# Where a worker process finds its flows.
STAGE = "CHAOS_STAGE"
# Short enough for leases to run out during a test (seconds).
TIMEOUT = 4


def draw_specs(seed: int, count: int) -> tuple[FlowSpec, ...]:
    """So many flows, the same ones for the same seed."""
    # Workers have no need of it, and start sooner without.
    import hypothesis
    from hypothesis import HealthCheck, Phase, given, settings

    from tests.support.scripts import flows

    found: list[FlowSpec] = []

    @hypothesis.seed(seed)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example],
    )
    @given(flow=flows(max_steps=8))
    def draw(flow: FlowSpec) -> None:
        found.append(flow)

    draw()
    return tuple(_hurried(spec).named(f"random_{n}") for n, spec in enumerate(found))


def _hurried(spec: FlowSpec) -> FlowSpec:
    """The same flow with short delays, and with options that a Python flow may have."""
    steps = tuple(
        replace(
            step,
            required=step.required or None,
            forbidden=step.forbidden or None,
            max_attempts=None if step.max_attempts is None else max(step.max_attempts, 1),
            base_delay=None,
            timeout=None,
            start_delay=None if step.start_delay is None else min(step.start_delay, 1),
        )
        for step in spec.steps
    )
    return replace(
        spec, steps=steps, max_attempts=spec.max_attempts + 1, base_delay=1, timeout=TIMEOUT
    )


@dataclass(frozen=True, slots=True)
class Stage:
    """What plays here: the flows, the seed of their handlers, and where these leave their traces.

    `history` is a file to which each attempt adds a line.
    """

    seed: int
    specs: tuple[FlowSpec, ...]
    history: Path
    url: str

    def save(self, file: Path) -> None:
        file.write_bytes(pickle.dumps(self))

    @staticmethod
    def load(file: Path) -> Stage:
        return pickle.loads(file.read_bytes())

    def attempt(self, spec: FlowSpec, step: StepSpec) -> Plan:
        """What the attempt that runs now is to do."""
        task = current_task()
        plan = Plan(self, spec, step, task.run_id, task.task_index, task.attempt)
        self._note(plan)
        return plan

    def _note(self, plan: Plan) -> None:
        line = json.dumps([str(plan.run_id), plan.step.slug, plan.index, plan.attempt])
        # One write of a short line is whole, and outlives the process that made it.
        descriptor = os.open(self.history, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(descriptor, f"{line}\n".encode())
        os.close(descriptor)


@dataclass(frozen=True, slots=True)
class Plan:
    """One attempt at one task: all of it is decided before it begins."""

    stage: Stage
    spec: FlowSpec
    step: StepSpec
    run_id: UUID
    index: int
    attempt: int

    @property
    def _seconds(self) -> float:
        chance = self._chance("seconds", self.attempt)
        length = chance.random()
        if length < 0.005:
            return TIMEOUT + 1
        return chance.uniform(0, 2) if length < 0.05 else chance.choice([0, 0, 0.002, 0.01])

    @property
    def is_transactional(self) -> bool:
        return is_transactional(self.stage.seed, self.run_id, self.step.slug, self.index)

    async def perform(self) -> Json:
        """Do it in the event loop."""
        if self.is_transactional:
            async with current_task().transaction() as connection:
                await connection.execute(_EFFECT, self._key)
        await asyncio.sleep(self._seconds)  # handler
        return self._end()

    def perform_in_thread(self) -> Json:
        if self.is_transactional:
            with current_task().transaction() as connection:
                connection.execute(_EFFECT, self._key)
        else:
            with psycopg.connect(self.stage.url, autocommit=True) as connection:
                connection.execute(_DEED, self._key)
        time.sleep(self._seconds)  # handler
        return self._end()

    def _end(self) -> Json:
        kind = self._chance("ending", self.attempt).random()
        if kind < 0.08:
            raise RuntimeError('boom, it\'s "quoted" \\ and 100% odd; drop table effects; --')
        if kind < 0.1:
            raise RetryAfter(self._chance("wait", self.attempt).choice([0, 0.5, 1]))
        if kind < 0.11:
            raise Fail("never")
        return output_of(self.stage.seed, self.spec, self.step, self.run_id, self.index)

    @property
    def _key(self) -> list[Any]:
        return [self.run_id, self.step.slug, self.index, self.attempt]

    def _chance(self, *what: object) -> random.Random:
        return _chance(self.stage.seed, self.run_id, self.step.slug, self.index, *what)


_EFFECT = "insert into public.effects values (%s, %s, %s, %s)"
_DEED = "insert into public.deeds values (%s, %s, %s, %s)"


def output_of(seed: int, spec: FlowSpec, step: StepSpec, run_id: UUID, index: int) -> Json:
    """What the task returns, in whichever attempt. Rarely no list, where a map wants one."""
    chance = _chance(seed, run_id, step.slug, index, "output")
    feeds_map = any(child.is_map for child in spec.children(step.slug))
    return chance.choice(LISTS if feeds_map and chance.random() < 0.98 else SCALARS + LISTS)


def is_transactional(seed: int, run_id: UUID, step_slug: str, index: int) -> bool:
    """Whether the task writes in its transaction; the others in threads write past it."""
    runs_in_thread = _runs_in_thread(step_slug)
    return not runs_in_thread or _chance(seed, run_id, step_slug, index, "kind").random() < 0.7


def _runs_in_thread(step_slug: str) -> bool:
    return step_slug in "acegik"


def _chance(*what: object) -> random.Random:
    return random.Random(":".join(map(str, what)))


def build(spec: FlowSpec, stage: Stage) -> Flow[Any]:
    """The flow with its handlers."""
    flow: Flow[Any] = Flow(
        spec.slug,
        max_attempts=spec.max_attempts,
        base_delay=spec.base_delay,
        timeout=spec.timeout,
    )
    made: dict[str, Step[..., Any]] = {}
    for step in spec.steps:
        declare: Any = flow.map if step.is_map else flow.step
        decorate = declare(*(made[dep] for dep in step.deps), **_settings(step))
        made[step.slug] = decorate(_handler(spec, step, stage))
    return flow


def _settings(step: StepSpec) -> dict[str, Any]:
    return {
        "slug": step.slug,
        "max_attempts": step.max_attempts,
        "start_delay": step.start_delay,
        "when": step.required,
        "unless": step.forbidden,
        "when_unmet": step.when_unmet,
        "when_exhausted": step.when_exhausted,
    }


def _handler(spec: FlowSpec, step: StepSpec, stage: Stage) -> Callable[..., Any]:
    async def perform(*_: Any) -> Any:
        return await stage.attempt(spec, step).perform()

    def perform_in_thread(*_: Any) -> Any:
        return stage.attempt(spec, step).perform_in_thread()

    return perform_in_thread if _runs_in_thread(step.slug) else perform


def of_this_process() -> list[Flow[Any]]:
    """The flows of a worker process that was told where its stage is."""
    stage = Stage.load(Path(os.environ[STAGE]))
    return [build(spec, stage) for spec in stage.specs]
