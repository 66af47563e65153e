"""The SQL calls around pg_cron as pure values, and its schedules as people say them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from pgflow.statements import Statement

_SPAN = re.compile(r"\s*(\d{1,6})\s*(s|sec|second|m|min|minute|h|hour)s?\s*")
_SECONDS = {"s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600}


@dataclass(frozen=True, slots=True)
class StartedJobRow:
    """The job that asks a worker to work; whether the database has a secret to show to it."""

    job: str
    has_secret: bool


@dataclass(frozen=True, slots=True)
class JobNameRow:
    """A job by its name."""

    job: str


@dataclass(frozen=True, slots=True)
class StoppedJobRow:
    """Whether there was a job to remove."""

    existed: bool


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job of a flow."""

    job: str
    schedule: str
    active: bool
    command: str


@dataclass(frozen=True, slots=True)
class JobRunRow:
    """What became of one run of a job, as far as pg_cron can tell: the answer comes later."""

    job: str
    status: str
    message: str | None
    started_at: datetime | None


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """What a worker answered; no status where it did not answer at all."""

    answered_at: datetime
    status_code: int | None
    answer: str | None


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request that pg_net is to send."""

    request_id: int


def schedule_of(every: str) -> str:
    """The schedule for pg_cron of something that recurs; raises `ValueError` where it has none.

    Example:
        >>> schedule_of("5 seconds"), schedule_of("10 min"), schedule_of("1h")
        ('5 seconds', '*/10 * * * *', '0 * * * *')
    """
    said = _SPAN.fullmatch(every)
    seconds = int(said[1]) * _SECONDS.get(said[2], 3600) if said else 0
    minutes, hours = seconds // 60, seconds // 3600
    if 1 <= seconds < 60:  # noqa: PLR2004  pg_cron counts seconds within a minute only
        return f"{seconds} second{'s' if seconds > 1 else ''}"
    if minutes and seconds == minutes * 60 and 60 % minutes == 0:
        return {1: "* * * * *", 60: "0 * * * *"}.get(minutes, f"*/{minutes} * * * *")
    if hours and seconds == hours * 3600 and 24 % hours == 0:
        return f"0 */{hours} * * *" if hours < 24 else "0 0 * * *"  # noqa: PLR2004  a day
    message = (
        f"'{every}' is nothing that pg_cron can do, expected 1 to 59 seconds, "
        "minutes that divide an hour, or hours that divide a day"
    )
    raise ValueError(message)


def start_worker(
    flow_slug: str, url: str, *, schedule: str, batch_size: int, max_concurrent: int
) -> Statement[StartedJobRow]:
    """Have a one-batch worker work on a flow, again and again."""
    return Statement(
        """select job, has_secret from pgflow.start_cron_worker(
          %(flow_slug)s, %(url)s, %(schedule)s, %(batch_size)s::int, %(max_concurrent)s::int)""",
        StartedJobRow,
        {
            "flow_slug": flow_slug,
            "url": url,
            "schedule": schedule,
            "batch_size": batch_size,
            "max_concurrent": max_concurrent,
        },
    )


def stop_worker(flow_slug: str) -> Statement[StoppedJobRow]:
    return Statement(
        "select pgflow.stop_cron_worker(%(flow_slug)s) as existed",
        StoppedJobRow,
        {"flow_slug": flow_slug},
    )


def invoke_worker(
    flow_slug: str, url: str, *, batch_size: int, max_concurrent: int
) -> Statement[RequestRow]:
    """Ask a one-batch worker for one batch, now."""
    return Statement(
        """select pgflow.invoke_cron_worker(
          %(flow_slug)s, %(url)s, %(batch_size)s::int, %(max_concurrent)s::int) as request_id""",
        RequestRow,
        {
            "flow_slug": flow_slug,
            "url": url,
            "batch_size": batch_size,
            "max_concurrent": max_concurrent,
        },
    )


def schedule_flow(
    flow_slug: str, schedule: str, *, input: str, label: str | None
) -> Statement[JobNameRow]:
    """Start a run of a flow again and again; `input` is raw JSON."""
    return Statement(
        """select pgflow.schedule_flow(
          %(flow_slug)s, %(schedule)s, %(input)s::jsonb, %(label)s::text) as job""",
        JobNameRow,
        {"flow_slug": flow_slug, "schedule": schedule, "input": input, "label": label},
    )


def unschedule_flow(flow_slug: str, *, label: str | None) -> Statement[StoppedJobRow]:
    return Statement(
        "select pgflow.unschedule_flow(%(flow_slug)s, %(label)s::text) as existed",
        StoppedJobRow,
        {"flow_slug": flow_slug, "label": label},
    )


def jobs(flow_slug: str) -> Statement[JobRow]:
    """The jobs of a flow."""
    return Statement(
        "select job, schedule, active, command from pgflow.cron_jobs(%(flow_slug)s)",
        JobRow,
        {"flow_slug": flow_slug},
    )


def job_runs(flow_slug: str) -> Statement[JobRunRow]:
    """The last runs of these jobs, the newest first."""
    return Statement(
        "select job, status, message, started_at from pgflow.cron_job_runs(%(flow_slug)s)",
        JobRunRow,
        {"flow_slug": flow_slug},
    )


def answers(flow_slug: str, *, request_id: int | None = None) -> Statement[AnswerRow]:
    """The last answers of workers, the newest first; or the one to a request, once it is there."""
    return Statement(
        """select answered_at, status_code, answer
        from pgflow.cron_answers(%(flow_slug)s, request_id => %(request_id)s::bigint)""",
        AnswerRow,
        {"flow_slug": flow_slug, "request_id": request_id},
    )
