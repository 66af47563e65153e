"""Workers: they claim tasks, run handlers and report, and hold no state that matters."""

from __future__ import annotations

from pgflow.worker.context import TaskContext, current_task
from pgflow.worker.worker import Worker

__all__ = ["TaskContext", "Worker", "current_task"]
