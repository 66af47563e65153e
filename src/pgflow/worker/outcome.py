"""How an attempt ended, and how that is said to the database."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum, auto

from pgflow.errors import Fail, PayloadError, RetryAfter

LONGEST_ERROR = 10_000
LONGEST_DELAY = 10 * 365 * 24 * 3600.0


class Verdict(Enum):
    """What became of an attempt.

    COMMITTED is a completion that the handler's own transaction has carried. RELEASED is handed
    back and costs no attempt. LOST is somebody's last attempt, whose lease ran out. DROPPED
    interests nobody: the task is this worker's no longer. COMMITTED and DROPPED need no report.
    """

    COMPLETED = auto()
    COMMITTED = auto()
    FAILED = auto()
    RELEASED = auto()
    LOST = auto()
    DROPPED = auto()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one attempt. `output` is raw JSON; `retry_in` is in seconds.

    `uncertain` marks an outcome that the database may have counted already: that it refuses to
    count it again is then no news. `fits` is False for a completion that the database is going to
    fail, because a map cannot run over the output: what the handler has written must not stay.
    """

    verdict: Verdict
    output: str = "null"
    error: str = ""
    retry: bool = True
    retry_in: float | None = None
    uncertain: bool = False
    fits: bool = True

    @property
    def may_commit(self) -> bool:
        return self.verdict is Verdict.COMPLETED and self.fits

    @property
    def needs_report(self) -> bool:
        return self.verdict not in (Verdict.COMMITTED, Verdict.DROPPED)

    def wire(self) -> str:
        """The members of its JSON object that say what happened."""
        match self.verdict:
            case Verdict.COMPLETED:
                return f'"output":{self.output}'
            case Verdict.FAILED:
                return self._wire_failure()
            case Verdict.LOST:
                return '"lost":true'
            case _:
                return '"released":true'

    def _wire_failure(self) -> str:
        members: dict[str, object] = {"error": self.error}
        if not self.retry:
            members["retry"] = False
        if self.retry_in is not None:
            members["retry_in"] = self.retry_in
        return json.dumps(members)[1:-1]


LOST = Outcome(Verdict.LOST)
COMMITTED = Outcome(Verdict.COMMITTED)
DROPPED = Outcome(Verdict.DROPPED)
RELEASED = Outcome(Verdict.RELEASED)
UNCERTAIN = Outcome(Verdict.RELEASED, uncertain=True)


def completed(output: str, *, must_be_list: bool = False) -> Outcome:
    fits = not must_be_list or output.startswith("[")
    return Outcome(Verdict.COMPLETED, output, fits=fits)


def failed(
    error: BaseException | str, *, retry: bool = True, retry_in: float | None = None
) -> Outcome:
    text = error if isinstance(error, str) else describe(error)
    return Outcome(Verdict.FAILED, error=storable(text), retry=retry, retry_in=retry_in)


def raised(error: BaseException) -> Outcome:
    """The outcome of an attempt that ended with this exception, whatever it is."""
    if isinstance(error, RetryAfter):
        return failed(error, retry_in=_delay(error.seconds))
    return failed(error, retry=not isinstance(error, Fail | PayloadError))


def _delay(seconds: float) -> float:
    """What the handler asked for, as far as it is a time; not a number counts as no wait."""
    return min(seconds, LONGEST_DELAY) if seconds > 0 else 0.0


def timed_out(seconds: int) -> Outcome:
    return failed(f"timed out after {seconds}s")


def refused_payload(reason: str) -> Outcome:
    """Postgres does not take the result; trying again cannot help."""
    return failed(f"InvalidOutput: Postgres does not accept the result: {reason}", retry=False)


def describe(error: BaseException) -> str:
    """`<type>: <text>` of an exception, even of one that cannot tell its text."""
    name = type(error).__name__
    try:
        text = str(error)
    except BaseException as worse:  # noqa: BLE001 - str() is the handler's code too
        text = f"its text cannot be shown, str() raised {type(worse).__name__}"
    return f"{name}: {text}" if text else name


def storable(text: str) -> str:
    """The text as jsonb and text columns take it: no NUL, no lone surrogate, not endless."""
    clean = text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    if len(clean) <= LONGEST_ERROR:
        return clean
    return f"{clean[:LONGEST_ERROR]} ... ({len(clean)} characters in all)"
