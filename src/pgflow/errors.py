"""Everything that pgflow raises, grouped by what the reader of the error can do about it.

    PgflowError
    ├── FlowDefinitionError         mend the definition; raised when the flow is imported
    ├── PayloadError                mend the value
    │   ├── InvalidInput            an input does not validate
    │   └── InvalidOutput           a result is not JSON or does not match its annotation
    ├── DeploymentError             mend the deployment
    │   ├── EngineMissing           the database has no engine
    │   ├── EngineMismatch          the engine is too old or too new for this package
    │   ├── FlowNotFound            nobody registered a flow of that slug
    │   └── FlowConflict            the slug is taken by a flow of another structure
    ├── RunError                    look at the run
    │   ├── RunFailed
    │   ├── RunCancelled
    │   ├── RunNotFound
    │   └── RunConflict             the run is not what the call takes it for
    ├── DatabaseUnavailable         try again, or look at the URL
    │   └── DatabaseUrlMissing      nobody said which database
    ├── WaitTimeout                 wait longer
    └── NoCurrentTask               `current_task()` was called outside a worker

Handlers raise `Fail` and `RetryAfter` to tell the worker what to do. They are no `PgflowError`, so
`except PgflowError` in a handler never swallows them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from uuid import UUID


class PgflowError(Exception):
    """The root of every error that pgflow raises."""


class FlowDefinitionError(PgflowError):
    """A flow is declared wrongly; the message names flow, step and the cure."""


class PayloadError(PgflowError):
    """A value cannot travel as JSON of the declared type. Never retried: it cannot get better."""


class InvalidInput(PayloadError):
    """The input of a run or of a step does not validate."""


class InvalidOutput(PayloadError):
    """The result of a handler is not JSON, or does not match the handler's annotation."""


class DeploymentError(PgflowError):
    """Database, engine and code do not belong together."""


class EngineMissing(DeploymentError):
    """The database has no pgflow engine."""


class EngineMismatch(DeploymentError):
    """The engine in the database is too old or too new for this package."""


class FlowNotFound(DeploymentError):
    """No flow of that slug is registered in the database."""


class FlowConflict(DeploymentError):
    """The slug is registered with another structure; `differences` lists how it differs.

    `action` is what to do about it, where there is something better than a new slug.
    """

    def __init__(
        self, message: str, differences: Iterable[str] = (), action: str | None = None
    ) -> None:
        super().__init__(message, tuple(differences), action)

    @property
    def differences(self) -> tuple[str, ...]:
        return self.args[1]

    @property
    def action(self) -> str | None:
        return self.args[2]

    def __str__(self) -> str:
        told = "\n- ".join((self.args[0], *self.differences))
        return f"{told}\nAction: {self.action}" if self.action else told


class RunError(PgflowError):
    """Something about one run."""


class RunFailed(RunError):
    """The run failed for good: `step` is where, `message` is why."""

    def __init__(self, step: str | None, message: str, run_id: UUID | str) -> None:
        super().__init__(step, message, run_id)
        self.step = step
        self.message = message
        self.run_id = run_id

    def __str__(self) -> str:
        place = f" at step '{self.step}'" if self.step else ""
        return f"run {self.run_id} failed{place}: {self.message}"


class RunCancelled(RunError):
    """The run was cancelled before it could complete."""


class RunNotFound(RunError):
    """There is no run of that id."""


class RunConflict(RunError):
    """The run_id belongs to another flow or input, or the run's status does not allow the call."""


class DatabaseUnavailable(PgflowError):
    """The database cannot be reached. The message never shows a password."""


class DatabaseUrlMissing(DatabaseUnavailable):
    """No database URL was given and none was found."""


class WaitTimeout(PgflowError, TimeoutError):
    """The run did not end within the time that the caller was ready to wait. It goes on."""


class NoCurrentTask(PgflowError, LookupError):
    """There is no task here: this code does not run inside a handler."""


class Fail(Exception):
    """Raise in a handler to fail the task for good: no attempt that is left will be made.

    Example:
        >>> raise Fail("the customer has closed the account")
        Traceback (most recent call last):
        ...
        pgflow.errors.Fail: the customer has closed the account
    """


class RetryAfter(Exception):
    """Raise in a handler to have the task tried again after `seconds`, not after the usual delay.

    It costs an attempt like any other failure; the last attempt fails for good. Made for services
    that say when to come back (a `Retry-After` header).

    Example:
        >>> raise RetryAfter(30, "rate limit")
        Traceback (most recent call last):
        ...
        pgflow.errors.RetryAfter: rate limit (retry after 30 s)
    """

    def __init__(self, seconds: float, message: str | None = None) -> None:
        super().__init__(seconds, message)
        self.seconds = _number(seconds)
        self.message = message

    def __str__(self) -> str:
        delay = f"retry after {self.seconds:g} s"
        return f"{self.message} ({delay})" if self.message else delay


def _number(seconds: object) -> float:
    if not isinstance(seconds, int | float):
        raise TypeError(f"RetryAfter takes a number of seconds, got {seconds!r}")
    return seconds


SQLSTATES: Mapping[str, type[PgflowError]] = MappingProxyType(
    {
        "PF001": FlowNotFound,
        "PF002": RunNotFound,
        "PF003": RunConflict,
        "PF004": FlowConflict,
        "PF005": FlowDefinitionError,
        "PF006": InvalidInput,
        "PF007": RunConflict,
    }
)
"""The engine's own SQLSTATEs and the error that each becomes in Python."""


def from_sqlstate(
    sqlstate: str | None, message: str, detail: str | None = None, hint: str | None = None
) -> PgflowError | None:
    """The error that the engine means by an SQLSTATE of its own; None for any other SQLSTATE.

    The lines of `detail` become the differences of a `FlowConflict`, `hint` is what to do.
    """
    match SQLSTATES.get(sqlstate or ""):
        case None:
            return None
        case error if error is FlowConflict:
            return FlowConflict(message, (detail or "").splitlines(), hint)
        case error:
            return error(f"{message}. {hint.rstrip('.')}" if hint else message)
