"""What the driver reports, told as an error of ours wherever the caller can do something about it.

Anything else passes as it is: a deadlock or a serialisation failure in the caller's transaction
must reach the code of his that tries again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import psycopg

from pgflow.environment import redact
from pgflow.errors import (
    DatabaseUnavailable,
    DeploymentError,
    EngineMissing,
    FlowNotFound,
    InvalidInput,
    PgflowError,
    RunNotFound,
    WaitTimeout,
    from_sqlstate,
)
from pgflow.statements import Statement

_FLOW_OF_A_RUN = "runs_flow_slug_fkey"
_SAID_TWICE = re.compile("^connection (failed|is bad): ")
_LOST_CLASSES = ("08", "57P")


@contextmanager
def translated(statement: Statement[Any]) -> Generator[None]:
    """Raise the driver's errors in the block as ours."""
    try:
        yield
    except psycopg.Error as error:
        failure = failure_of(error, statement)
        if failure is None:
            raise
        raise failure from error


def failure_of(error: psycopg.Error, statement: Statement[Any]) -> PgflowError | None:
    """Our error for one of the driver's, if the caller can do something about it."""
    state = error.sqlstate
    if state is None:
        return connection_lost(error) if isinstance(error, psycopg.OperationalError) else None
    if state == "PF001" or error.diag.constraint_name == _FLOW_OF_A_RUN:
        return flow_not_found(statement.params.get("flow_slug"))
    if state == "PF002":
        return run_not_found(statement.params.get("run_id"))
    if state.startswith(_LOST_CLASSES):
        return connection_lost(error)
    if tell := _TELLERS.get(state):
        return tell(error)
    told = error.diag
    return from_sqlstate(state, _reason(error), told.message_detail, told.message_hint)


def flow_not_found(flow_slug: object) -> FlowNotFound:
    return FlowNotFound(
        f"there is no flow {flow_slug!r} in the database. "
        "Deploy it with `pgflow deploy`, or start a worker that serves it"
    )


def run_not_found(run_id: object) -> RunNotFound:
    return RunNotFound(
        f"there is no run {run_id}. If it was started on a connection of yours, commit there first"
    )


def not_ended(run_id: object, timeout: float | None) -> WaitTimeout:
    return WaitTimeout(
        f"run {run_id} has not ended within {timeout:g} s. "
        f"It goes on; what it waits for says: pgflow explain {run_id}"
    )


def unreachable(error: psycopg.Error) -> DatabaseUnavailable:
    return DatabaseUnavailable(
        f"the database cannot be reached: {_reason(error)}. "
        "Look at the database URL and whether the server runs, then try again"
    )


def connection_lost(error: psycopg.Error) -> DatabaseUnavailable:
    return DatabaseUnavailable(
        f"the connection to the database was lost: {_reason(error)}. "
        "Try again; a start that bears a run_id is never done twice"
    )


def forbidden(error: psycopg.Error) -> DeploymentError:
    return DeploymentError(
        f"{_reason(error)}. Grant the user of the database URL pgflow_viewer to read, "
        "pgflow_client to start and steer runs too, or pgflow_worker to work, which "
        "`pgflow install --roles` makes; all else is for the owner of the engine"
    )


def _no_engine(error: psycopg.Error) -> EngineMissing:
    return EngineMissing(
        f"the database has no pgflow engine, or an old one: {_reason(error)}. "
        "Install it with `pgflow install`"
    )


def _unsupported(error: psycopg.Error) -> DeploymentError:
    cure = error.diag.message_hint
    return DeploymentError(f"{_reason(error)}. {cure}" if cure else _reason(error))


def _read_only(error: psycopg.Error) -> DatabaseUnavailable:
    return DatabaseUnavailable(
        f"the database takes no changes here: {_reason(error)}. "
        "Look whether the database URL leads to a standby, or the transaction is read-only"
    )


def _unstorable(error: psycopg.Error) -> InvalidInput:
    return InvalidInput(
        f"the database cannot store the input: {_reason(error)}. "
        "Keep big values elsewhere and start the run with where they are"
    )


_TELLERS: Mapping[str, Callable[[psycopg.Error], PgflowError]] = MappingProxyType(
    {
        "3F000": _no_engine,  # no such schema
        "42P01": _no_engine,  # no such table
        "42883": _no_engine,  # no such function
        "0A000": _unsupported,
        "42501": forbidden,
        "22P05": _unstorable,  # a character that the database's encoding lacks
        "54000": _unstorable,  # more than jsonb holds
        "25006": _read_only,
    }
)


def _reason(error: psycopg.Error) -> str:
    """The first line of what the server says, else of what the driver says."""
    text = error.diag.message_primary or str(error).strip() or type(error).__name__
    return redact(_SAID_TWICE.sub("", text.splitlines()[0])).rstrip(".")
