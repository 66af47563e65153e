"""Plays a script on the engine and on the reference model at once and compares them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import groupby
from typing import Any, TypeVar
from uuid import UUID, uuid4

from hypothesis import note

from tests.support import scripts
from tests.support.engine import Engine, Row
from tests.support.flow_spec import FlowSpec
from tests.support.jsonb import Json
from tests.support.model import Model
from tests.support.model_rows import TaskKey
from tests.support.outcomes import Completed, Failed, Outcome, Released, lost
from tests.support.scripts import Action, Ending, Script
from tests.support.snapshots import differences, of_engine, of_model

T = TypeVar("T")
# Scripts move the clock by tens of seconds; playing takes a few (seconds).
TOLERANCE = 8


@dataclass(frozen=True, slots=True)
class Holding:
    """An attempt that some worker was given, whether or not it still holds the task."""

    worker: UUID
    run_id: UUID
    step_slug: str
    task_index: int
    attempt: int


@dataclass(slots=True)
class Player:
    """Two workers and one flow. With `strict`, every row is compared after every action."""

    engine: Engine
    flow: FlowSpec
    strict: bool
    model: Model = field(default_factory=Model)
    workers: list[UUID] = field(default_factory=list[UUID])
    held: list[Holding] = field(default_factory=list[Holding])
    spent: list[Holding] = field(default_factory=list[Holding])

    def play(self, script: Script) -> None:
        """Play the script, then work until nothing is left to do, and compare."""
        self.flow = self.flow.named(self.engine.fresh_slug())
        self.engine.define(self.flow)
        self.workers = [self.engine.worker(), self.engine.worker()]
        self.perform(scripts.StartRun(len(script)))
        for action in script:
            self.perform(action)
        self.drain()
        self.compare()

    def perform(self, action: Action) -> None:
        note(f"- {action}")
        match action:
            case scripts.StartRun(choice):
                self.start_run(choice)
            case scripts.Work(worker, endings, quantity):
                self.work(self.workers[worker], endings, quantity)
            case scripts.StartTasks(worker, picks):
                self.start_tasks(self.workers[worker], picks)
            case scripts.EndOne(choice, ending):
                self.end_one(choice, ending)
            case scripts.Repeat(choice, ending):
                self.repeat(choice, ending)
            case scripts.Advance(seconds):
                self.advance(seconds)
            case scripts.Cancel(choice):
                self.cancel(choice)
            case scripts.Retry(choice):
                self.retry(choice)
        if self.strict:
            self.compare()

    # Actions

    def start_run(self, choice: int) -> None:
        if len(self.model.runs) == 3:
            return
        inputs = scripts.LISTS if self.flow.has_root_map else scripts.OBJECT_INPUTS
        run_input, run_id = pick(inputs, choice), uuid4()
        note(f"    start {run_input}")
        self.engine.start(self.flow.slug, run_input, run_id=run_id)
        self.model.start(run_id, self.flow, run_input)

    def work(self, worker: UUID, endings: Sequence[tuple[int, Ending]], quantity: int) -> list[Row]:
        outcomes = [self.outcome(h, ending) for h, ending in self.take_held(worker, endings)]
        claimed, refused = self.engine.report_and_claim(
            worker, outcomes, [self.flow.slug], quantity
        )
        note(f"    report {outcomes}")
        self.report(worker, outcomes, refused)
        self.check_claims(worker, claimed, quantity)
        return claimed

    def start_tasks(self, worker: UUID, picks: Sequence[int]) -> None:
        wanted = {pick(keys, number) for number in picks if (keys := self.startable())}
        ids = [
            self.engine.task(run_id, step_slug, index)["message_id"]
            for run_id, (step_slug, index) in wanted
        ]
        started = self.engine.start_tasks(worker, self.flow.slug, ids)
        assert {task_of(row) for row in started} == wanted
        for row in started:
            self.check_claim(worker, row)

    def end_one(self, choice: int, ending: scripts.Complete | scripts.Fail) -> None:
        if not self.held:
            return
        holding = self.held.pop(choice % len(self.held))
        self.spent.append(holding)
        outcome = _as_one_task_verb(self.outcome(holding, ending))
        note(f"    {outcome}")
        (task,) = self.say_one(outcome)
        run = self.model.runs[holding.run_id]
        run.report([outcome])
        assert task["status"] == run.steps[holding.step_slug].tasks[holding.task_index].status

    def say_one(self, outcome: Completed | Failed) -> list[Row]:
        task = (outcome.run_id, outcome.step_slug)
        if isinstance(outcome, Completed):
            return self.engine.complete(*task, outcome.output, index=outcome.task_index)
        return self.engine.fail(*task, outcome.error, index=outcome.task_index)

    def repeat(self, choice: int, ending: Ending) -> None:
        if not self.spent:
            return
        holding = pick(self.spent, choice)
        outcomes = [self.outcome(holding, ending)]
        note(f"    repeat {outcomes}")
        refused = self.engine.report(holding.worker, *outcomes)
        self.report(holding.worker, outcomes, refused)

    def advance(self, seconds: int) -> None:
        self.engine.advance(seconds)
        self.model.advance(seconds)

    def cancel(self, choice: int) -> None:
        run_id = pick(list(self.model.runs), choice)
        if self.model.runs[run_id].status == "started":
            self.engine.cancel(run_id)
            self.model.runs[run_id].cancel()

    def retry(self, choice: int) -> None:
        run_id = pick(list(self.model.runs), choice)
        if self.model.runs[run_id].status in ("failed", "cancelled"):
            self.engine.retry(run_id)
            self.model.runs[run_id].retry()

    def drain(self) -> None:
        """Answer whatever is held and claim whatever is there until every run has ended."""
        for _ in range(200):
            for worker in self.workers:
                self.work(worker, [(0, scripts.Complete([1]))] * len(self.held), 50)
            if self.held:
                continue
            if all(run.status != "started" for run in self.model.runs.values()):
                return
            self.advance(4000)
        raise AssertionError("the runs never end")

    # Choices

    def take_held(
        self, worker: UUID, endings: Iterable[tuple[int, Ending]]
    ) -> Iterator[tuple[Holding, Ending]]:
        for number, ending in endings:
            mine = [holding for holding in self.held if holding.worker == worker]
            if mine:
                holding = pick(mine, number)
                self.held.remove(holding)
                self.spent.append(holding)
                yield holding, ending

    def startable(self) -> list[tuple[UUID, TaskKey]]:
        return [(id_, key) for id_, run in self.model.runs.items() for key in run.startable()]

    def outcome(self, holding: Holding, ending: Ending) -> Outcome:
        said: dict[str, Any] = asdict(holding)
        del said["worker"]
        match ending:
            case scripts.Complete(output, fitting):
                fed = self.fitted(holding, output) if fitting else output
                return Completed(**said, output=fed)
            case scripts.Fail(error, retry, retry_in):
                return Failed(**said, error=error, retry=retry, retry_in=retry_in)
            case scripts.Release():
                return Released(**said)

    def fitted(self, holding: Holding, output: Json) -> Json:
        feeds_map = any(child.is_map for child in self.flow.children(holding.step_slug))
        return [output] if feeds_map and not isinstance(output, list) else output

    # Comparison

    def report(self, worker: UUID, outcomes: Sequence[Outcome], refused: Sequence[Row]) -> None:
        by_run = sorted(outcomes, key=lambda outcome: str(outcome.run_id))
        expected: set[tuple[UUID, TaskKey]] = set()
        for run_id, batch in groupby(by_run, key=lambda outcome: outcome.run_id):
            refusals = self.model.runs[run_id].report(batch, worker)
            expected |= {(run_id, outcome.key) for outcome in refusals}
        assert {task_of(row) for row in refused} == expected

    def check_claims(self, worker: UUID, claimed: Sequence[Row], quantity: int) -> None:
        due = {(id_, key) for id_, run in self.model.runs.items() for key in run.claimable()}
        taken = [task_of(row) for row in claimed]
        assert len(taken) == min(quantity, len(due)), f"not claimed: {due - set(taken)}"
        assert set(taken) <= due
        lost_tasks = [row for row in claimed if self.is_lost(row)]
        for row in claimed:
            if row not in lost_tasks:
                self.check_claim(worker, row)
        for row in lost_tasks:
            self.report_lost(worker, row)

    def is_lost(self, row: Row) -> bool:
        run_id, key = task_of(row)
        return self.model.runs[run_id].is_lost(key)

    def report_lost(self, worker: UUID, row: Row) -> None:
        assert row["attempt"] > row["max_attempts"]
        outcome = lost(row)
        note(f"    {outcome}")
        self.report(worker, [outcome], self.engine.report(worker, outcome))

    def check_claim(self, worker: UUID, row: Row) -> None:
        run_id, key = task_of(row)
        expected = asdict(self.model.runs[run_id].claim(key, worker))
        assert {name: row[name] for name in expected} == expected
        note(f"    claimed {key} of {run_id}, attempt {row['attempt']}")
        self.held.append(Holding(worker, run_id, *key, row["attempt"]))

    def compare(self) -> None:
        for run_id, run in self.model.runs.items():
            found = differences(of_engine(self.engine, run_id), of_model(run))
            assert not found, "\n".join(found)
        check_queue(self.engine, self.flow.slug, list(self.model.runs))
        self.compare_due_times()

    def compare_due_times(self) -> None:
        waits = self.engine.waits(self.flow.slug)
        for run_id, run in self.model.runs.items():
            tasks = self.engine.tasks(run_id)
            for key, task in run.live_tasks():
                wait = waits[tasks[key]["message_id"]]
                assert abs(wait - max(task.due - run.now, 0)) < TOLERANCE, f"{key} of {run_id}"


def check_queue(engine: Engine, flow_slug: str, run_ids: Iterable[UUID]) -> None:
    """A message waits for each live task and for nothing else; the others are archived."""
    queue, archive = engine.queue(flow_slug), engine.archive(flow_slug)
    tasks = [task for run_id in run_ids for task in engine.tasks(run_id).values()]
    live = {task["message_id"]: task for task in tasks if task["status"] in ("queued", "started")}
    ended = {task["message_id"] for task in tasks} - live.keys()
    assert {id_: message["message"] for id_, message in queue.items()} == {
        id_: {
            "flow_slug": flow_slug,
            "run_id": str(task["run_id"]),
            "step_slug": task["step_slug"],
            "task_index": task["task_index"],
        }
        for id_, task in live.items()
    }
    assert ended <= archive.keys()


def _as_one_task_verb(outcome: Outcome) -> Completed | Failed:
    """What `complete_task` and `fail_task` can say: neither who reports nor how to retry."""
    if isinstance(outcome, Failed):
        return replace(outcome, attempt=None, retry=True, retry_in=None)
    assert isinstance(outcome, Completed)
    return replace(outcome, attempt=None)


def task_of(row: Row) -> tuple[UUID, TaskKey]:
    return row["run_id"], (row["step_slug"], row["task_index"])


def pick(options: Sequence[T], choice: int) -> T:
    return options[choice % len(options)]
