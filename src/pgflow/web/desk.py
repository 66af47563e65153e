"""What has come in for one page and has not been sent yet, put together.

A thousand runs may end in a second; a page can show that something moved, and the newest of it.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

EVERY_RUN = UUID(int=0)
NEWEST_RUNS = 50
# More steps than that between two looks: the page had better read the run again.
MOST_CHANGES = 500


@dataclass(slots=True, eq=False)
class Desk:
    """`run` is followed step by step; `all_runs` are counted, and the newest listed."""

    run: UUID | None = None
    all_runs: bool = False
    stirred: asyncio.Event = field(default_factory=asyncio.Event)
    _changes: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])
    _newest: deque[Mapping[str, Any]] = field(default_factory=lambda: deque(maxlen=NEWEST_RUNS))
    _counts: Counter[str] = field(default_factory=Counter[str])
    _notices: dict[str, None] = field(default_factory=dict[str, None])

    @property
    def runs(self) -> tuple[UUID, ...]:
        """The runs to be watched."""
        return (*((self.run,) if self.run else ()), *((EVERY_RUN,) if self.all_runs else ()))

    @property
    def follows_steps(self) -> bool:
        return self.run is not None

    def notice(self, event: str) -> None:
        """Something that is not about runs."""
        self._notices[event] = None
        self.stirred.set()

    def hear(self, event: Mapping[str, Any]) -> None:
        """An event of a run or of a step."""
        if self.run is not None and event["run_id"] == str(self.run):
            self._changes.append(_change(event))
            self.stirred.set()
        if self.all_runs and event["event_type"].startswith("run:"):
            self._counts[event["status"]] += 1
            self._newest.append(_run_line(event))
            self.stirred.set()

    def take_notices(self) -> list[str]:
        taken = list(self._notices)
        self._notices.clear()
        return taken

    def take_changes(self) -> list[Mapping[str, Any]]:
        """What has happened to the followed run; it is too much where there is one `refresh`."""
        taken, self._changes = self._changes, []
        if len(taken) > MOST_CHANGES:
            self.notice("too much")
            return []
        return taken

    def take_runs(self) -> Mapping[str, Any] | None:
        """What has happened to all runs together."""
        if not self._counts:
            return None
        statuses = ("started", "completed", "failed", "cancelled")
        taken = {
            "runs": list(self._newest),
            "more": self._counts.total() - len(self._newest),
            "counts": {status: self._counts[status] for status in statuses},
        }
        self._newest.clear()
        self._counts.clear()
        return taken


def _change(event: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "event": event["event_type"],
        "step_slug": event.get("step_slug"),
        "status": event["status"],
        "at": _time(event),
        "error_message": event.get("error_message"),
    }


def _run_line(event: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "run_id": event["run_id"],
        "flow_slug": event.get("flow_slug"),
        "status": event["status"],
        "at": _time(event),
    }


def _time(event: Mapping[str, Any]) -> str | None:
    """When it happened: an event bears the time of its status, and perhaps that of its start."""
    ends = ("completed_at", "failed_at", "cancelled_at", "skipped_at", "started_at")
    return next((event[name] for name in ends if event.get(name)), None)
