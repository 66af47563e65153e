"""Why a run is where it is, in words: what holds a step up, and what would help."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from pgflow.durations import duration
from pgflow.operations import ReasonRow
from pgflow.statements import RunRow

# What is inside the braces is filled in by `sentence`.
SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "waiting": "waits for {waits_for}",
        "paused": "the run is paused since {since}. Let it go on with: pgflow runs resume {run_id}",
        "start_delay": "its start is delayed until {due}",
        "retry_due": (
            "attempt {attempt} of {max_attempts} failed ({error}); the next one is due {due}"
        ),
        "waiting_for_slot": (
            "due since {due}, but the workers that serve flow '{flow}' are busy. "
            "Start another worker, or give them more --concurrency"
        ),
        "no_worker": "no worker serves flow '{flow}'. Start one with: pgflow worker FLOWS",
        "workers_draining": (
            "the workers that serve flow '{flow}' were asked to drain and claim nothing any more. "
            "Start another one with: pgflow worker FLOWS"
        ),
        "workers_silent": (
            "the workers that serve flow '{flow}' live but do not answer. "
            "See whether their processes are paused or overloaded: pgflow workers list"
        ),
        "function_disabled": (
            "the worker function that serves flow '{flow}' is disabled. "
            "Set enabled for it in pgflow.worker_functions"
        ),
        "running": (
            "attempt {attempt} of {max_attempts} runs on worker {worker} since {since}, "
            "until {due} at most"
        ),
        "worker_silent": (
            "worker {worker} has it since {since}, lives, but does not answer. Wake or end its "
            "process; once it has been silent for 12 seconds others take over"
        ),
        "worker_dead": (
            "worker {worker} has it since {since} and has died. Any living worker puts it back "
            "into the queue within seconds; see whether there is one: pgflow workers list"
        ),
        "lease_expired": (
            "worker {worker} had it for longer than its timeout. The next worker of flow '{flow}' "
            "with a free slot takes it over: see whether there is one with: pgflow workers list"
        ),
        "inconsistent": "its rows contradict each other. See how with: pgflow doctor",
    }
)


def sentence(reason: ReasonRow, run: RunRow, *, now: datetime | None = None) -> str:
    """What holds up a step, and the cure where somebody can do something."""
    count = f"{reason.tasks} tasks, " if reason.tasks and reason.tasks > 1 else ""
    words = SENTENCES[reason.situation].format(
        flow=run.flow_slug,
        run_id=run.run_id,
        waits_for=", ".join(reason.waits_for),
        worker=reason.worker_id,
        attempt=reason.attempt,
        max_attempts=reason.max_attempts,
        error=(reason.error_message or "without a message").splitlines()[0],
        since=_moment(reason.since, now),
        due=_moment(reason.due_at, now),
    )
    return f"{reason.step_slug}: {count}{words}"


def ending(run: RunRow) -> str | None:
    """Why nothing happens any more; None while the run goes on."""
    carry_on = f"Carry on with: pgflow runs retry {run.run_id}"
    endings = {
        "completed": "The run has completed",
        "failed": f"The run has failed at {run.error_message}. {carry_on}",
        "cancelled": f"The run was cancelled. {carry_on}",
    }
    return endings.get(run.status)


def _moment(moment: datetime | None, now: datetime | None) -> str:
    """A time of day, and how far away that is."""
    if moment is None:
        return "-"
    away = moment - (now or datetime.now(UTC))
    told = f"in {duration(away)}" if away.total_seconds() > 0 else f"{duration(-away)} ago"
    return f"{moment.astimezone():%H:%M:%S} ({told})"
