"""What really happened: every transition that the database made, every attempt, every effect.

The checks at the end go by this history, not by what the engine says of itself.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias
from uuid import UUID

from tests.support.engine import Engine, Row
from tests.support.flow_spec import FlowSpec
from tests.support.invariants import contradictions
from tests.support.jsonb import canonical
from tests.support.random_flows import Stage, is_transactional, output_of

Key: TypeAlias = tuple[UUID, str, int]

# What may follow what. A task that is started again without being queued was taken over.
RUN_MOVES = {
    ("", "started"),
    ("", "completed"),
    ("", "failed"),
    ("started", "completed"),
    ("started", "failed"),
    ("started", "cancelled"),
    ("failed", "started"),
    ("cancelled", "started"),
}
STEP_MOVES = {
    ("", "created"),
    # a root, with its run
    ("", "started"),
    ("created", "started"),
    ("created", "completed"),
    ("created", "skipped"),
    ("created", "failed"),
    ("created", "cancelled"),
    ("started", "completed"),
    ("started", "failed"),
    ("started", "skipped"),
    ("started", "cancelled"),
    ("failed", "started"),
    ("failed", "created"),
    ("cancelled", "started"),
    ("cancelled", "created"),
}
TASK_MOVES = {
    ("", "queued"),
    ("queued", "started"),
    ("queued", "skipped"),
    ("queued", "cancelled"),
    ("started", "started"),
    ("started", "queued"),
    ("started", "completed"),
    ("started", "failed"),
    ("started", "skipped"),
    ("started", "cancelled"),
    ("failed", "queued"),
    ("cancelled", "queued"),
}

TABLES = """
create table public.transitions (
  number bigint generated always as identity, kind text, run_id uuid, step_slug text,
  task_index int, old text, new text
);
create table public.effects (run_id uuid, step_slug text, task_index int, attempt int);
create table public.deeds (run_id uuid, step_slug text, task_index int, attempt int);

create function public.note_transition() returns trigger language plpgsql as $$
begin
  insert into public.transitions (kind, run_id, step_slug, task_index, old, new) values (
    tg_argv[0], new.run_id, to_jsonb(new) ->> 'step_slug', (to_jsonb(new) ->> 'task_index')::int,
    case when tg_op = 'INSERT' then '' else old.status end, new.status
  );
  return null;
end;
$$;

create trigger note after insert or update of status on pgflow.runs
  for each row execute function public.note_transition('run');
create trigger note after insert or update of status on pgflow.step_states
  for each row execute function public.note_transition('step');
create trigger note after insert or update of status on pgflow.step_tasks
  for each row execute function public.note_transition('task');
"""


def open_ledger(engine: Engine) -> None:
    """From now on the database writes down its own history."""
    engine.connection.execute(TABLES)


@dataclass(frozen=True)
class Ledger:
    """A database whose runs have all ended, and what is known about how it came to that."""

    engine: Engine
    stage: Stage

    def violations(self, started: Iterable[UUID]) -> list[str]:
        """Everything that contradicts what was promised."""
        return [
            *contradictions(self.engine),
            *self._runs(set(started)),
            *self._transitions(),
            *self._attempts(),
            *self._effects(),
            *self._outputs(),
        ]

    @cached_property
    def tasks(self) -> list[Row]:
        return self.engine.rows("select * from pgflow.step_tasks")

    def _runs(self, started: set[UUID]) -> Iterator[str]:
        runs = {row["run_id"]: row for row in self.engine.rows("select * from pgflow.runs")}
        for run_id in started - runs.keys():
            yield f"run {run_id} was confirmed and is not there"
        for run_id in runs.keys() - started:
            yield f"run {run_id} is there and nobody started it"
        for run_id, run in runs.items():
            if run["status"] not in ("completed", "failed", "cancelled"):
                yield f"run {run_id} has not ended: {run['status']}"

    def _transitions(self) -> Iterator[str]:
        rows = self.engine.rows("select * from public.transitions order by number")
        moves = {"run": RUN_MOVES, "step": STEP_MOVES, "task": TASK_MOVES}
        completions: Counter[tuple[Any, ...]] = Counter()
        for row in rows:
            thing = (row["kind"], row["run_id"], row["step_slug"], row["task_index"])
            move = (row["old"], row["new"])
            if move not in moves[row["kind"]] and move[0] != move[1]:
                yield f"{thing} went from {move[0]} to {move[1]}"
            if row["new"] == "completed" and row["old"] != "completed":
                completions[thing] += 1
        for thing, count in completions.items():
            if count > 1:
                yield f"{thing} completed {count} times"

    def _attempts(self) -> Iterator[str]:
        begun = self._begun()
        for task in self.tasks:
            key, count = _key(task), task["attempts_count"]
            # What an operator puts back into the queue is given another attempt.
            allowed = self._max_attempts(task) + task["requeued_count"]
            if count > allowed:
                yield f"task {key} took {count} attempts of {allowed}"
            if task["status"] == "completed" and count not in begun[key]:
                yield f"task {key} completed in attempt {count}, which no handler began"

    def _begun(self) -> dict[Key, set[int]]:
        """The attempts that handlers began, by task."""
        begun: dict[Key, set[int]] = defaultdict(set)
        for line in self.stage.history.read_text().splitlines():
            run_id, step_slug, index, attempt = json.loads(line)
            begun[UUID(run_id), step_slug, index].add(attempt)
        return begun

    def _max_attempts(self, task: Row) -> int:
        spec = self._spec(task)
        own = {step.slug: step.max_attempts for step in spec.steps}[task["step_slug"]]
        return spec.max_attempts if own is None else own

    def _effects(self) -> Iterator[str]:
        effects = Counter(map(_key, self.engine.rows("select * from public.effects")))
        deeds = Counter(map(_key, self.engine.rows("select * from public.deeds")))
        completed = {_key(task) for task in self.tasks if task["status"] == "completed"}
        for key in completed:
            written, what = (effects, "effect") if self._is_transactional(key) else (deeds, "deed")
            if not written[key]:
                yield f"the {what} of completed task {key} is lost"
        for key, count in effects.items():
            if count > 1:
                yield f"the effect of task {key} happened {count} times"
            if key not in completed:
                yield f"the effect of task {key} is there, though it has not completed"
        yield from self._strangers()

    def _strangers(self) -> Iterator[str]:
        """Effects of another attempt than the one that the database took to hold the task."""
        for row in self.engine.rows(
            """select e.*, t.attempts_count from public.effects e
            join pgflow.step_tasks t using (run_id, step_slug, task_index)
            where t.status = 'completed' and e.attempt <> t.attempts_count"""
        ):
            yield (
                f"the effect of task {_key(row)} is that of attempt {row['attempt']}, "
                f"but attempt {row['attempts_count']} held it"
            )

    def _is_transactional(self, key: Key) -> bool:
        return is_transactional(self.stage.seed, *key)

    def _outputs(self) -> Iterator[str]:
        for task in self.tasks:
            expected = self._output(task)
            if task["status"] == "completed" and canonical(task["output"]) != canonical(expected):
                yield f"task {_key(task)} returned {task['output']}, not {expected}"

    def _spec(self, task: Row) -> FlowSpec:
        return next(spec for spec in self.stage.specs if spec.slug == task["flow_slug"])

    def _output(self, task: Row) -> Any:
        spec = self._spec(task)
        step = next(step for step in spec.steps if step.slug == task["step_slug"])
        return output_of(self.stage.seed, spec, step, task["run_id"], task["task_index"])


def _key(row: Row) -> Key:
    return row["run_id"], row["step_slug"], row["task_index"]
