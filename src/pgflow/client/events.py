"""What happens to a run, told live by a notification or afterwards by its rows: pure."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pgflow.statements import RunRow, StepRow

TERMINAL = frozenset({"completed", "failed", "cancelled"})
_RUN_ID = re.compile(r'"run_id": *"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"')


@dataclass(frozen=True, slots=True)
class RunEvent:
    """One status change of a run, or of one of its steps where `step_slug` is given.

    `event_type` is `run:<status>` or `step:<status>` and `at` the time of the change by the
    database's clock. `output`, as plain JSON, belongs to `completed`, `error_message` to `failed`,
    `skip_reason` to `skipped`.

    Example:
        for event in run.events():
            print(event.step_slug or "run", event.status)
    """

    event_type: str
    run_id: UUID
    step_slug: str | None
    status: str
    at: datetime
    output: Any = None
    error_message: str | None = None
    skip_reason: str | None = None

    @property
    def is_last(self) -> bool:
        """Whether the run ends with it."""
        return self.step_slug is None and self.status in TERMINAL

    @property
    def identity(self) -> tuple[str | None, str]:
        """The same for one change, whether a notification tells of it or the rows do."""
        return (self.step_slug, self.status)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A run as its rows show it; without steps where nobody asked for them."""

    run: RunRow
    steps: Sequence[StepRow] = ()

    @property
    def is_last(self) -> bool:
        return self.run.status in TERMINAL


@dataclass(frozen=True, slots=True)
class Notification:
    """News of a run; without the event where it did not fit, so that the rows must tell."""

    run_id: UUID
    event: RunEvent | None


def notification_from(payload: str) -> Notification | None:
    """Read a payload of the channel; None where it is not one of the engine's."""
    try:
        message = json.loads(payload)
        run_id = UUID(message["run_id"])
        return Notification(run_id, _event_from(run_id, message))
    except (ValueError, LookupError, TypeError, AttributeError):
        cut_off = _RUN_ID.search(payload)
        return Notification(UUID(cut_off[1]), None) if cut_off else None


def _event_from(run_id: UUID, message: dict[str, Any]) -> RunEvent | None:
    if message.get("truncated"):
        return None
    status = message["status"]
    return RunEvent(
        event_type=message["event_type"],
        run_id=run_id,
        step_slug=message.get("step_slug"),
        status=status,
        at=datetime.fromisoformat(message[f"{status}_at"]),
        output=message.get("output"),
        error_message=message.get("error_message"),
        skip_reason=message.get("skip_reason"),
    )


def events_of(snapshot: Snapshot) -> list[RunEvent]:
    """The events that brought a run to where its rows show it, in the order of the contract."""
    run = snapshot.run
    of_steps = [event for step in snapshot.steps for event in _step_events(run.run_id, step)]
    # One transition gives one time to the step that ends and to those that start: the end is first.
    of_steps.sort(key=lambda event: (event.at, event.status == "started"))
    last = [_run_event(run, run.status)] if snapshot.is_last else []
    return [_run_event(run, "started"), *of_steps, *last]


def _run_event(run: RunRow, status: str) -> RunEvent:
    return RunEvent(
        event_type=f"run:{status}",
        run_id=run.run_id,
        step_slug=None,
        status=status,
        at=getattr(run, f"{status}_at"),
        output=_decoded(run.output) if status == "completed" else None,
        error_message=run.error_message if status == "failed" else None,
    )


def _step_events(run_id: UUID, step: StepRow) -> list[RunEvent]:
    return [_step_event(run_id, step, status, at) for status, at in _changes(step)]


def _changes(step: StepRow) -> list[tuple[str, datetime]]:
    changes: list[tuple[str, datetime]] = []
    taskless = step.initial_tasks == 0
    if step.started_at is not None and not taskless:
        changes.append(("started", step.started_at))
    ended_at = step.completed_at or step.failed_at or step.skipped_at
    if ended_at is not None:
        changes.append((step.status, ended_at))
    return changes


def _step_event(run_id: UUID, step: StepRow, status: str, at: datetime) -> RunEvent:
    ended = status != "started"
    return RunEvent(
        event_type=f"step:{status}",
        run_id=run_id,
        step_slug=step.step_slug,
        status=status,
        at=at,
        output=_decoded(step.output) if ended else None,
        error_message=step.error_message if ended else None,
        skip_reason=step.skip_reason if ended else None,
    )


def _decoded(raw: str | bytes | None) -> Any:
    return None if raw is None else json.loads(raw)
