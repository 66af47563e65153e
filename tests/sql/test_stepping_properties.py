"""Whatever people do to runs while workers work: no contradiction, and in the end no run hangs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from tests.support.engine import Engine
from tests.support.flow_spec import FlowSpec
from tests.support.invariants import assert_sound
from tests.support.jsonb import Json
from tests.support.outcomes import completed, failed
from tests.support.scripts import flows

pytestmark = pytest.mark.slow

DEEDS = ("work", "work", "work", "break", "pause", "resume", "release", "edit", "rerun", "cancel")
# Lists serve every step: those that feed a map need one.
OUTPUTS: list[Json] = [[], [1], ["x", "y"], [{"ok": True}, None, 3]]
ENOUGH = 60

deeds = st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 99)), min_size=5, max_size=25)


class Tinkerer:
    """Somebody with a hand in every run, and a worker beside him."""

    def __init__(self, engine: Engine, flow: FlowSpec) -> None:
        self.engine = engine
        self.slug = engine.define(replace(flow, slug=engine.fresh_slug()))
        self.worker = engine.worker()
        self.step_slugs = [step.slug for step in flow.steps]
        self.runs: list[UUID] = [
            engine.value(
                "select run_id from pgflow.start_paused(%(slug)s, '[{\"ok\": true}, 1]')",
                slug=self.slug,
            )
        ]

    def tries(self, deed: str, pick: int) -> None:
        """Much is impossible at the moment: that must be said, and change nothing."""
        try:
            self.does(deed, pick)
        except psycopg.Error as error:
            if error.sqlstate not in ("PF006", "PF007"):
                raise

    def does(self, deed: str, pick: int) -> None:
        run_id = self.runs[pick % len(self.runs)]
        step = self.step_slugs[pick % len(self.step_slugs)]
        output = OUTPUTS[pick % len(OUTPUTS)]
        match deed:
            case "work":
                self.works(output)
            case "break":
                self.breaks()
            case "edit":
                self._calls("edit_step_output", run_id, step, Jsonb(output))
            case "rerun":
                self.runs.append(self._calls("rerun_from_step", run_id, step)["run_id"])
            case "release":
                self._calls("release_step", run_id)
            case _:
                self._calls(f"{deed}_run", run_id)

    def works(self, output: Json = None) -> int:
        tasks = self.engine.claim(self.worker, self.slug, quantity=5)
        wanted: Json = [1] if output is None else output
        self.engine.report(self.worker, *(completed(task, wanted) for task in tasks))
        return len(tasks)

    def breaks(self) -> None:
        tasks = self.engine.claim(self.worker, self.slug, quantity=1)
        self.engine.report(self.worker, *(failed(task) for task in tasks))

    def comes_to_an_end(self) -> None:
        for run_id in self.runs:
            self.tries("resume", self.runs.index(run_id))
        for _ in range(ENOUGH):
            if not self.works():
                self.engine.advance(4000)
                if not self.works():
                    return

    def _calls(self, function: str, *arguments: object) -> dict[str, Any]:
        places = ", ".join(["%s"] * len(arguments))
        query = f"select * from pgflow.{function}({places})".encode()
        row = self.engine.connection.execute(query, arguments).fetchone()
        return row or {}


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(flow=flows(max_steps=6), script=deeds)
def test_no_deed_contradicts_itself_or_leaves_a_run_hanging(
    engine: Engine, flow: FlowSpec, script: list[tuple[str, int]]
) -> None:
    tinkerer = Tinkerer(engine, flow)

    for deed, pick in script:
        tinkerer.tries(deed, pick)
        assert_sound(engine)
    tinkerer.comes_to_an_end()

    assert_sound(engine)
    ends = {engine.run(run_id)["status"] for run_id in tinkerer.runs}
    assert "started" not in ends
