"""The rows of a run, from the engine and from the model, in one comparable form.

Where the contract gives a column no meaning in a status, the column is left out: the sizes of a
skipped step, and the countdown of a step that failed or was cancelled.
"""

from __future__ import annotations

from typing import Any, TypeAlias
from uuid import UUID

from tests.support.engine import Engine
from tests.support.jsonb import canonical
from tests.support.model import Run
from tests.support.model_rows import Step, Task

Snapshot: TypeAlias = dict[str, dict[str, Any]]

_WITHOUT_MEANING = {
    "skipped": ("initial_tasks", "remaining_deps"),
    "failed": ("remaining_tasks",),
    "cancelled": ("remaining_tasks",),
}


def of_model(run: Run) -> Snapshot:
    rows: Snapshot = {
        "run": {
            "status": run.status,
            "output": canonical(run.output),
            "error_message": run.error,
            "remaining_steps": run.remaining_steps,
        }
    }
    for step in run.steps.values():
        rows[f"step {step.slug}"] = _specified(_model_step(step))
        for task in step.tasks:
            rows[f"task {step.slug}[{task.index}]"] = _model_task(task)
    return rows


def _model_step(step: Step) -> dict[str, Any]:
    return {
        "status": step.status,
        "initial_tasks": step.initial_tasks,
        "remaining_tasks": step.remaining_tasks,
        "remaining_deps": step.remaining_deps,
        "output": canonical(step.output),
        "error_message": step.error,
        "skip_reason": step.skip_reason,
    }


def _model_task(task: Task) -> dict[str, Any]:
    return {
        "status": task.status,
        "attempts_count": task.attempts,
        "output": canonical(task.output),
        "error_message": task.error,
    }


def of_engine(engine: Engine, run_id: UUID) -> Snapshot:
    rows: Snapshot = {"run": _columns(engine.run(run_id), _RUN)}
    for slug, step in engine.steps(run_id).items():
        rows[f"step {slug}"] = _specified(_columns(step, _STEP))
    for (slug, index), task in engine.tasks(run_id).items():
        rows[f"task {slug}[{index}]"] = _columns(task, _TASK)
    return rows


_RUN = ("status", "output", "error_message", "remaining_steps")
_STEP = (
    "status",
    "initial_tasks",
    "remaining_tasks",
    "remaining_deps",
    "output",
    "error_message",
    "skip_reason",
)
_TASK = ("status", "attempts_count", "output", "error_message")


def _columns(row: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: canonical(row[name]) if name == "output" else row[name] for name in names}


def _specified(step: dict[str, Any]) -> dict[str, Any]:
    dropped = _WITHOUT_MEANING.get(step["status"], ())
    return {name: value for name, value in step.items() if name not in dropped}


def differences(engine: Snapshot, model: Snapshot) -> list[str]:
    """One readable line for each row that is not as the model says."""
    return [
        f"{row}: engine {engine.get(row)}, model {model.get(row)}"
        for row in sorted(engine.keys() | model.keys())
        if engine.get(row) != model.get(row)
    ]
