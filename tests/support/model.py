"""The engine's semantics as a small, pure reference model.

The model decides what must be true after each action; the engine's SQL is compared with it row by
row. It is written from the SQL contract, never from the SQL, and favours plainness over speed: one
run is a handful of objects, each rule of the contract is one short method.

Time is a number of seconds that only the test moves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias, cast
from uuid import UUID

from tests.support.flow_spec import FlowSpec, StepSpec
from tests.support.jsonb import Json, contains, json_type
from tests.support.outcomes import Completed, Failed, Outcome, Released

TaskKey: TypeAlias = tuple[str, int]
LEASE_MARGIN = 2
LONGEST_DELAY = 3600


@dataclass(slots=True)
class Task:
    """One unit of work. `due` is when its message shows up: after a delay, or as a lost lease."""

    index: int
    due: float
    status: str = "queued"
    holder: UUID | None = None
    attempts: int = 0
    output: Json = None
    error: str | None = None

    @property
    def is_live(self) -> bool:
        return self.status in ("queued", "started")


@dataclass(slots=True)
class Step:
    """The state of one step in one run. `initial_tasks` is None while a map's size is unknown."""

    spec: StepSpec
    initial_tasks: int | None
    remaining_deps: int
    status: str = "created"
    output: Json = None
    error: str | None = None
    skip_reason: str | None = None
    tasks: list[Task] = field(default_factory=list[Task])

    @property
    def slug(self) -> str:
        return self.spec.slug

    @property
    def is_open(self) -> bool:
        return self.status in ("created", "started")

    @property
    def is_done(self) -> bool:
        """Its dependents no longer wait for it."""
        return self.status in ("completed", "skipped")

    @property
    def is_ready(self) -> bool:
        return self.status == "created" and self.remaining_deps == 0

    @property
    def remaining_tasks(self) -> int | None:
        if self.status in ("created", "skipped"):
            return None
        return sum(task.status != "completed" for task in self.tasks)

    def end_live_tasks(self, status: str) -> None:
        for task in self.tasks:
            if task.is_live:
                task.status = status


@dataclass(frozen=True, slots=True)
class Claim:
    """What a worker is given for a task."""

    step_slug: str
    task_index: int
    input: Json
    flow_input: Json
    attempt: int
    max_attempts: int
    timeout: int


StepEnding: TypeAlias = tuple[Callable[[Step, str], None], Step, str]


class Run:
    """One run of a flow, from its start to its end, and beyond when it is retried."""

    def __init__(self, flow: FlowSpec, run_input: Json, now: float = 0) -> None:
        self.flow = flow
        self.input = run_input
        self.now = now
        self.status = "started"
        self.output: Json = None
        self.error: str | None = None
        self.steps = {spec.slug: self._new_step(spec) for spec in flow.steps}
        self._settle()

    def _new_step(self, spec: StepSpec) -> Step:
        return Step(spec, self._initial_tasks(spec), remaining_deps=len(spec.deps))

    def _initial_tasks(self, spec: StepSpec) -> int | None:
        if not spec.is_map:
            return 1
        return len(cast("list[Json]", self.input)) if spec.is_root else None

    @property
    def remaining_steps(self) -> int:
        return sum(not step.is_done for step in self.steps.values())

    # Claiming

    def claimable(self) -> list[TaskKey]:
        """Queued tasks whose time has come, and started ones whose lease has run out."""
        return [key for key, task in self.live_tasks() if task.due <= self.now]

    def live_tasks(self) -> Iterator[tuple[TaskKey, Task]]:
        for step in self.steps.values():
            for task in step.tasks:
                if task.is_live:
                    yield (step.slug, task.index), task

    def has_no_attempt_left(self, key: TaskKey) -> bool:
        step, task = self._find(key)
        return task.attempts >= self._max_attempts(step.spec)

    def claim(self, key: TaskKey, worker: UUID) -> Claim:
        step, task = self._find(key)
        task.status = "started"
        task.holder = worker
        task.attempts += 1
        task.due = self.now + self._timeout(step.spec) + LEASE_MARGIN
        return Claim(
            step_slug=step.slug,
            task_index=task.index,
            input=self._task_input(step, task.index),
            flow_input=self.input if step.spec.is_root and not step.spec.is_map else None,
            attempt=task.attempts,
            max_attempts=self._max_attempts(step.spec),
            timeout=self._timeout(step.spec),
        )

    def _task_input(self, step: Step, index: int) -> Json:
        if not step.spec.is_map:
            return self._dependency_outputs(step)
        elements = self.input if step.spec.is_root else self.steps[step.spec.deps[0]].output
        return cast("list[Json]", elements)[index]

    def _dependency_outputs(self, step: Step) -> Json:
        parents = (self.steps[slug] for slug in step.spec.deps)
        return {parent.slug: parent.output for parent in parents if parent.status == "completed"}

    def _max_attempts(self, spec: StepSpec) -> int:
        return self.flow.max_attempts if spec.max_attempts is None else spec.max_attempts

    def _timeout(self, spec: StepSpec) -> int:
        return self.flow.timeout if spec.timeout is None else spec.timeout

    def _base_delay(self, spec: StepSpec) -> int:
        return self.flow.base_delay if spec.base_delay is None else spec.base_delay

    # Reporting

    def report(self, outcomes: Iterable[Outcome], worker: UUID | None = None) -> list[Outcome]:
        """Apply one report and return the outcomes that are refused.

        Completions come before failures, and all tasks end before any step fails: the first step
        whose failure is fatal ends the run for the others. Without a worker it is a one-task verb,
        which does not say who reports: any started task will do.
        """
        refused: list[Outcome] = []
        endings: list[StepEnding] = []
        for outcome in sorted(outcomes, key=lambda outcome: not isinstance(outcome, Completed)):
            if self._is_held(outcome, worker):
                endings += self._end_attempt(outcome)
            else:
                refused.append(outcome)
        for end_step, step, error in endings:
            if step.is_open:
                end_step(step, error)
        self._settle()
        return refused

    def _is_held(self, outcome: Outcome, worker: UUID | None) -> bool:
        _, task = self._find(outcome.key)
        return (
            task.status == "started"
            and worker in (None, task.holder)
            and outcome.attempt in (None, task.attempts)
        )

    def _end_attempt(self, outcome: Outcome) -> list[StepEnding]:
        step, task = self._find(outcome.key)
        match outcome:
            case Completed():
                return self._complete_task(step, task, outcome.output)
            case Failed():
                return self._fail_task(step, task, outcome)
            case Released():
                return self._release_task(task)

    def _complete_task(self, step: Step, task: Task, output: Json) -> list[StepEnding]:
        task.output = output
        wronged = self._map_wronged_by(step, output)
        if wronged is not None:
            return self._violate(step, task, wronged)
        task.status = "completed"
        if all(task.status == "completed" for task in step.tasks):
            outputs = [task.output for task in step.tasks]
            self._complete_step(step, outputs if step.spec.is_map else output)
        return []

    def _map_wronged_by(self, step: Step, output: Json) -> str | None:
        if step.spec.is_map or isinstance(output, list):
            return None
        return next((s.slug for s in self._children(step) if s.spec.is_map), None)

    def _violate(self, step: Step, task: Task, map_slug: str) -> list[StepEnding]:
        produced = json_type(task.output)
        task.status = "failed"
        task.error = f"[TYPE_VIOLATION] Produced {produced} instead of array"
        message = (
            f"[TYPE_VIOLATION] Map step {map_slug} expects array input"
            f" but dependency {step.slug} produced {produced}"
        )
        return [(self._fail_step, step, message)]

    def _fail_task(self, step: Step, task: Task, failure: Failed) -> list[StepEnding]:
        task.error = failure.error
        if failure.retry and task.attempts < self._max_attempts(step.spec):
            task.status = "queued"
            task.due = self.now + self._retry_delay(step.spec, task.attempts, failure.retry_in)
            return []
        task.status = "failed"
        return [(self._exhaust, step, failure.error)]

    def _retry_delay(self, spec: StepSpec, attempts: int, asked_for: float | None) -> float:
        if asked_for is not None:
            return asked_for
        return min(self._base_delay(spec) * 2 ** (attempts - 1), LONGEST_DELAY)

    def _exhaust(self, step: Step, error: str) -> None:
        if step.spec.when_exhausted == "fail":
            self._fail_step(step, error)
            return
        step.error = error
        self._skip(step, "handler_failed")
        if step.spec.when_exhausted == "skip-cascade":
            self._skip_descendants(step)

    def _release_task(self, task: Task) -> list[StepEnding]:
        task.status = "queued"
        task.attempts -= 1
        task.due = self.now
        return []

    # Going on

    def _settle(self) -> None:
        """Judge conditions and complete taskless steps to a fixpoint; then start what is ready."""
        while self.status == "started" and self._pass_judgement():
            pass
        if self.status != "started":
            return
        for step in self._ready_steps():
            self._start_step(step)
        if self.remaining_steps == 0:
            self._complete()

    def _pass_judgement(self) -> bool:
        ready = self._ready_steps()
        unmet = [step for step in ready if not self._condition_is_met(step)]
        taskless = [step for step in ready if step not in unmet and step.initial_tasks == 0]
        fatal = next((step for step in unmet if step.spec.when_unmet == "fail"), None)
        if fatal is not None:
            self._fail_step(fatal, "Condition not met")
            return False
        for step in unmet:
            self._skip_unmet(step)
        for step in taskless:
            self._complete_step(step, [])
        return bool(unmet or taskless)

    def _ready_steps(self) -> list[Step]:
        return [step for step in self.steps.values() if step.is_ready]

    def _condition_is_met(self, step: Step) -> bool:
        spec = step.spec
        judged = self.input if spec.is_root else self._dependency_outputs(step)
        required = spec.required is None or contains(judged, spec.required)
        return required and (spec.forbidden is None or not contains(judged, spec.forbidden))

    def _skip_unmet(self, step: Step) -> None:
        self._skip(step, "condition_unmet")
        if step.spec.when_unmet == "skip-cascade":
            self._skip_descendants(step)

    def _skip_descendants(self, step: Step) -> None:
        for child in self._children(step):
            if child.status == "created":
                self._skip(child, "dependency_skipped")
                self._skip_descendants(child)

    def _skip(self, step: Step, reason: str) -> None:
        step.status = "skipped"
        step.skip_reason = reason
        step.end_live_tasks("skipped")
        for child in self._children(step):
            child.remaining_deps -= 1
            if child.spec.is_map:
                child.initial_tasks = 0

    def _start_step(self, step: Step) -> None:
        assert step.initial_tasks is not None
        due = self.now + (step.spec.start_delay or 0)
        step.status = "started"
        step.tasks = [Task(index, due) for index in range(step.initial_tasks)]

    def _complete_step(self, step: Step, output: Json) -> None:
        step.status = "completed"
        step.output = output
        for child in self._children(step):
            child.remaining_deps -= 1
            if child.spec.is_map:
                child.initial_tasks = len(cast("list[Json]", output))

    def _fail_step(self, step: Step, message: str) -> None:
        step.status = "failed"
        step.error = message
        self._end("failed")
        self.error = f"{step.slug}: {message}"

    def _complete(self) -> None:
        leaves = (step for step in self.steps.values() if not self._children(step))
        self.status = "completed"
        self.output = {
            leaf.slug: leaf.output for leaf in leaves if leaf.status == "completed"
        } or None

    def _end(self, status: str) -> None:
        self.status = status
        for step in self.steps.values():
            if step.is_open:
                step.status = "cancelled"
            step.end_live_tasks("cancelled")

    # Operating

    def cancel(self) -> None:
        if self.status == "started":
            self._end("cancelled")

    def retry(self) -> None:
        """Reopen a failed or cancelled run: what is completed or skipped stays as it is."""
        if self.status not in ("failed", "cancelled"):
            return
        self.status = "started"
        self.error = None
        for step in self.steps.values():
            if step.status in ("failed", "cancelled"):
                self._reopen(step)
        self._settle()

    def _reopen(self, step: Step) -> None:
        step.status = "started" if step.tasks else "created"
        step.error = None
        for task in step.tasks:
            if task.status != "completed":
                task.status, task.attempts, task.output, task.due = "queued", 0, None, self.now

    def _children(self, step: Step) -> list[Step]:
        return [self.steps[spec.slug] for spec in self.flow.children(step.slug)]

    def _find(self, key: TaskKey) -> tuple[Step, Task]:
        step = self.steps[key[0]]
        return step, step.tasks[key[1]]


@dataclass(slots=True)
class Model:
    """Every run of an example and the one clock they share."""

    now: float = 0
    runs: dict[UUID, Run] = field(default_factory=dict[UUID, Run])

    def start(self, run_id: UUID, flow: FlowSpec, run_input: Json) -> Run:
        self.runs[run_id] = Run(flow, run_input, self.now)
        return self.runs[run_id]

    def advance(self, seconds: float) -> None:
        self.now += seconds
        for run in self.runs.values():
            run.now = self.now
