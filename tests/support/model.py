"""The engine's semantics as a small, pure reference model.

The model decides what must be true after each action; the engine's SQL is compared with it row by
row. It is written from the SQL contract, never from the SQL, and favours plainness over speed: one
run is a handful of objects, each rule of the contract is one short method.

Time is a number of seconds that only the test moves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, cast
from uuid import UUID

from tests.support.flow_spec import FlowSpec, StepSpec
from tests.support.jsonb import Json, contains, json_type
from tests.support.model_rows import Claim, Step, Task, TaskKey
from tests.support.outcomes import Completed, Failed, Lost, Outcome, Released

LEASE_MARGIN = 2
LONGEST_DELAY = 3600


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

    def startable(self) -> list[TaskKey]:
        """Those that `start_tasks` starts: queued ones whether or not they have fallen due."""
        live = [key for key, task in self.live_tasks() if task.status == "queued"]
        return live + [key for key in self.claimable() if self._may_be_taken_over(key)]

    def is_lost(self, key: TaskKey) -> bool:
        """Its lease has run out and no attempt is left: it is handed out to be reported only."""
        step, task = self._find(key)
        return self._has_expired(task) and task.attempts >= self._max_attempts(step.spec)

    def _may_be_taken_over(self, key: TaskKey) -> bool:
        return self._has_expired(self._find(key)[1]) and not self.is_lost(key)

    def _has_expired(self, task: Task) -> bool:
        return task.status == "started" and task.due <= self.now

    def live_tasks(self) -> Iterator[tuple[TaskKey, Task]]:
        for step in self.steps.values():
            for task in step.tasks:
                if task.is_live:
                    yield (step.slug, task.index), task

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

        Outcomes of one report have no order of their own: completions come first, and each kind
        goes by step and task. Without a worker it is a one-task verb, which does not say who
        reports: any started task will do.
        """
        by_key = sorted(outcomes, key=lambda outcome: outcome.key)
        completions = [outcome for outcome in by_key if isinstance(outcome, Completed)]
        others = [outcome for outcome in by_key if not isinstance(outcome, Completed)]
        refused = self._end_attempts(completions, worker) + self._end_attempts(others, worker)
        self._settle()
        return refused

    def _end_attempts(self, outcomes: Sequence[Outcome], worker: UUID | None) -> list[Outcome]:
        """All tasks end before any step does, and a fatal step before one that is skipped."""
        refused: list[Outcome] = []
        endings: list[StepEnding] = []
        for outcome in outcomes:
            if self._is_held(outcome, worker):
                endings += self._end_attempt(outcome)
            else:
                refused.append(outcome)
        for end_step, step, error in sorted(endings, key=self._is_skip):
            if step.is_open:
                end_step(step, error)
        return refused

    def _is_held(self, outcome: Outcome, worker: UUID | None) -> bool:
        _, task = self._find(outcome.key)
        if task.status != "started" or outcome.attempt not in (None, task.attempts):
            return False
        if isinstance(outcome, Lost):
            return self._has_expired(task)
        return worker in (None, task.holder)

    def _end_attempt(self, outcome: Outcome) -> list[StepEnding]:
        step, task = self._find(outcome.key)
        match outcome:
            case Completed():
                return self._complete_task(step, task, outcome.output)
            case Failed():
                delay = self._retry_delay(step.spec, task.attempts, outcome.retry_in)
                return self._fail_task(step, task, outcome.error, delay if outcome.retry else None)
            case Released():
                return self._release_task(task)
            case Lost():
                return self._lose_task(step, task)

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

    def _fail_task(
        self, step: Step, task: Task, error: str, delay: float | None
    ) -> list[StepEnding]:
        """Without a delay there is no further attempt."""
        task.error = error
        if delay is not None and task.attempts < self._max_attempts(step.spec):
            task.status = "queued"
            task.due = self.now + delay
            return []
        task.status = "failed"
        is_fatal = step.spec.when_exhausted == "fail"
        return [(self._fail_step if is_fatal else self._skip_exhausted, step, error)]

    def _lose_task(self, step: Step, task: Task) -> list[StepEnding]:
        error = f"attempt {task.attempts} was lost: its worker died or held it beyond its time"
        return self._fail_task(step, task, error, delay=0)

    def _retry_delay(self, spec: StepSpec, attempts: int, asked_for: float | None) -> float:
        if asked_for is not None:
            return asked_for
        return min(self._base_delay(spec) * 2 ** (attempts - 1), LONGEST_DELAY)

    def _is_skip(self, ending: StepEnding) -> bool:
        return ending[0] == self._skip_exhausted

    def _skip_exhausted(self, step: Step, error: str) -> None:
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
