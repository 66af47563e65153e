"""Workflows that live in Postgres: typed Python flows, orchestrated by SQL.

Every public name is here. Each is loaded at its first use, so that defining a flow loads no
database driver, and looking at its shape no pydantic.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pgflow.client import AsyncClient, AsyncRun, Client, Run, RunEvent
    from pgflow.definition.flow import Flow
    from pgflow.definition.shape import FlowShape
    from pgflow.definition.step import Step
    from pgflow.errors import (
        DatabaseUnavailable,
        DatabaseUrlMissing,
        DeploymentError,
        EngineMismatch,
        EngineMissing,
        Fail,
        FlowConflict,
        FlowDefinitionError,
        FlowNotFound,
        InvalidInput,
        InvalidOutput,
        NoCurrentTask,
        PayloadError,
        PgflowError,
        RetryAfter,
        RunCancelled,
        RunConflict,
        RunError,
        RunFailed,
        RunNotFound,
        WaitTimeout,
    )
    from pgflow.worker import TaskContext, Worker, current_task

    __version__: str

__all__ = [
    "AsyncClient",
    "AsyncRun",
    "Client",
    "DatabaseUnavailable",
    "DatabaseUrlMissing",
    "DeploymentError",
    "EngineMismatch",
    "EngineMissing",
    "Fail",
    "Flow",
    "FlowConflict",
    "FlowDefinitionError",
    "FlowNotFound",
    "FlowShape",
    "InvalidInput",
    "InvalidOutput",
    "NoCurrentTask",
    "PayloadError",
    "PgflowError",
    "RetryAfter",
    "Run",
    "RunCancelled",
    "RunConflict",
    "RunError",
    "RunEvent",
    "RunFailed",
    "RunNotFound",
    "Step",
    "TaskContext",
    "WaitTimeout",
    "Worker",
    "__version__",
    "current_task",
]

_HOMES = {
    "AsyncClient": "client",
    "AsyncRun": "client",
    "Client": "client",
    "Flow": "definition.flow",
    "FlowShape": "definition.shape",
    "Run": "client",
    "RunEvent": "client",
    "Step": "definition.step",
    "TaskContext": "worker",
    "Worker": "worker",
    "current_task": "worker",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("importlib.metadata").version("pgflow-py")
    if name not in __all__:
        message = f"module 'pgflow' has no attribute '{name}'"
        raise AttributeError(message)
    home = import_module(f"pgflow.{_HOMES.get(name, 'errors')}")
    globals()[name] = value = getattr(home, name)
    return value


def __dir__() -> list[str]:
    return __all__
