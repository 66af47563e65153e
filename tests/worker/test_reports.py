"""Outcomes on their way to the database."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import errors

from pgflow.statements import TaskRow
from pgflow.worker.attempt import Hand, identity_in, identity_of, wire
from pgflow.worker.outcome import (
    DROPPED,
    LOST,
    RELEASED,
    Outcome,
    completed,
    failed,
    storable,
    timed_out,
)
from pgflow.worker.reports import REPORT_SIZE, Reports
from pgflow.worker.setbacks import Setback, judge
from pgflow.worker.signals import Signals

RUN = UUID("018f0000-0000-7000-8000-000000000000")


@pytest.fixture
def reports() -> Reports:
    return Reports(Hand(), Signals())


@pytest.mark.parametrize(
    ("outcome", "members"),
    [
        (completed('{"a":1}'), {"output": {"a": 1}}),
        (completed("null"), {"output": None}),
        (failed("no"), {"error": "no"}),
        (failed("no", retry=False), {"error": "no", "retry": False}),
        (failed("no", retry_in=1.5), {"error": "no", "retry_in": 1.5}),
        (timed_out(3), {"error": "timed out after 3s"}),
        (RELEASED, {"released": True}),
        (LOST, {"lost": True}),
    ],
)
def test_an_outcome_is_said_in_json(outcome: Outcome, members: dict[str, Any]) -> None:
    said = json.loads(wire(identity_of(_task(7)), outcome))

    identity = {"run_id": str(RUN), "step_slug": "step", "task_index": 7, "attempt": 1}
    assert said == {**identity, **members}
    assert identity_in(said) == identity_of(_task(7))


def test_everything_that_waits_goes_into_one_report(reports: Reports) -> None:
    _say(reports, *(completed(str(number)) for number in range(100)))

    report = reports.take()

    assert len(json.loads(report.json())) == 100
    assert not reports


def test_a_report_is_not_bigger_than_it_may_be_but_holds_at_least_one(reports: Reports) -> None:
    big = completed(json.dumps("x" * REPORT_SIZE))
    small = completed("1")
    _say(reports, small, big, small, small)

    sizes = [len(reports.take()) for _ in range(3)]

    assert sizes == [1, 1, 2]


def test_a_broken_call_puts_its_report_back_in_front_as_uncertain(reports: Reports) -> None:
    _say(reports, completed("1"), completed("2"))
    report = reports.take()
    _say(reports, completed("3"))

    reports.take_back(report, errors.AdminShutdown())

    again = reports.take()
    assert [entry.outcome.output for entry in again] == ["1", "2", "3"]
    assert [entry.outcome.uncertain for entry in again] == [True, True, False]


def test_a_refused_report_is_sent_one_by_one(reports: Reports) -> None:
    _say(reports, completed("1"), completed("2"))

    reports.take_back(reports.take(), errors.UntranslatableCharacter())
    _say(reports, completed("3"), completed("4"))

    assert [len(reports.take()) for _ in range(3)] == [1, 1, 2]


def test_an_outcome_that_is_refused_alone_becomes_a_failure_and_then_nothing(
    reports: Reports,
) -> None:
    _say(reports, completed("1"))

    reports.take_back(reports.take(), errors.ProgramLimitExceeded("too big\nCONTEXT: ours"))
    second = reports.take()
    reports.take_back(second, errors.ProgramLimitExceeded("too big"))

    assert second[0].outcome == failed(
        "InvalidOutput: Postgres does not accept the result: too big", retry=False
    )
    assert not reports


def test_what_interests_nobody_is_not_reported(reports: Reports) -> None:
    _say(reports, DROPPED)

    assert not reports


@pytest.mark.parametrize(
    ("error", "setback"),
    [
        (psycopg.OperationalError, Setback.LOST),
        (psycopg.InterfaceError, Setback.LOST),
        (errors.AdminShutdown, Setback.LOST),
        (errors.CannotConnectNow, Setback.LOST),
        (errors.ConnectionFailure, Setback.LOST),
        (errors.ReadOnlySqlTransaction, Setback.LOST),
        (errors.DeadlockDetected, Setback.PASSING),
        (errors.SerializationFailure, Setback.PASSING),
        (errors.DiskFull, Setback.PASSING),
        (errors.QueryCanceled, Setback.PASSING),
        (errors.LockNotAvailable, Setback.PASSING),
        (errors.InvalidTextRepresentation, Setback.PAYLOAD),
        (errors.ProgramLimitExceeded, Setback.PAYLOAD),
        (errors.UndefinedFunction, Setback.DEPLOYMENT),
        (errors.InsufficientPrivilege, Setback.DEPLOYMENT),
        (errors.CheckViolation, Setback.UNKNOWN),
        (psycopg.ProgrammingError, Setback.UNKNOWN),
    ],
)
def test_an_error_of_the_database_says_how_to_go_on(
    error: Callable[[], psycopg.Error], setback: Setback
) -> None:
    assert judge(error()) is setback


def test_a_text_is_made_storable() -> None:
    assert storable("a\x00b\ud800c") == "ab?c"
    assert len(storable("x" * 20_000)) < 10_050


def _say(reports: Reports, *outcomes: Outcome) -> None:
    for index, outcome in enumerate(outcomes):
        task = _task(index)
        reports.say(task, identity_of(task), outcome)


def _task(index: int) -> TaskRow:
    return TaskRow(
        flow_slug="flow",
        run_id=RUN,
        step_slug="step",
        input="{}",
        msg_id=1,
        task_index=index,
        flow_input=None,
        attempt=1,
        max_attempts=3,
        timeout=60,
    )
