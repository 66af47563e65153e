from __future__ import annotations

import pickle
from uuid import UUID

import pytest

from pgflow import errors
from pgflow.errors import (
    Fail,
    FlowConflict,
    FlowDefinitionError,
    FlowNotFound,
    InvalidInput,
    PgflowError,
    RetryAfter,
    RunConflict,
    RunFailed,
    RunNotFound,
)

RUN_ID = UUID("00000000-0000-7000-8000-000000000001")


def test_a_failed_run_says_where_and_why() -> None:
    error = RunFailed("fetch", "404", RUN_ID)

    assert str(error) == f"run {RUN_ID} failed at step 'fetch': 404"
    assert (error.step, error.message, error.run_id) == ("fetch", "404", RUN_ID)


def test_a_failed_run_without_a_step_says_why() -> None:
    assert str(RunFailed(None, "lost", RUN_ID)) == f"run {RUN_ID} failed: lost"


def test_a_delay_that_is_no_number_is_refused_where_it_is_raised() -> None:
    with pytest.raises(TypeError, match="RetryAfter takes a number of seconds, got 'soon'"):
        RetryAfter("soon")  # pyright: ignore[reportArgumentType]  that is the mistake


def test_a_conflict_lists_the_differences() -> None:
    error = FlowConflict("flow 'greet' has another structure", ["Step 'a' removed"])

    assert error.differences == ("Step 'a' removed",)
    assert str(error) == "flow 'greet' has another structure\n- Step 'a' removed"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (RetryAfter(30), "retry after 30 s"),
        (RetryAfter(0.5, "rate limit"), "rate limit (retry after 0.5 s)"),
        (Fail("account closed"), "account closed"),
    ],
)
def test_what_handlers_raise_reads_well(error: Exception, text: str) -> None:
    assert str(error) == text
    assert not isinstance(error, PgflowError)


@pytest.mark.parametrize(
    "error",
    [
        FlowConflict("taken", differences=["a"]),
        RetryAfter(seconds=3, message="later"),
        RunFailed(step="fetch", message="404", run_id=RUN_ID),
        Fail("no"),
    ],
)
def test_errors_travel_between_processes(error: Exception) -> None:
    again = pickle.loads(pickle.dumps(error))

    assert type(again) is type(error)
    assert str(again) == str(error)


@pytest.mark.parametrize(
    ("sqlstate", "expected"),
    [
        ("PF001", FlowNotFound),
        ("PF002", RunNotFound),
        ("PF003", RunConflict),
        ("PF004", FlowConflict),
        ("PF005", FlowDefinitionError),
        ("PF006", InvalidInput),
        ("PF007", RunConflict),
    ],
)
def test_an_sqlstate_of_the_engine_becomes_an_error(
    sqlstate: str, expected: type[PgflowError]
) -> None:
    error = errors.from_sqlstate(sqlstate, "what the engine said")

    assert type(error) is expected
    assert str(error) == "what the engine said"


@pytest.mark.parametrize("sqlstate", ["23503", None, "PF999"])
def test_any_other_sqlstate_is_not_ours(sqlstate: str | None) -> None:
    assert errors.from_sqlstate(sqlstate, "foreign key violation") is None


def test_the_detail_of_a_flow_conflict_becomes_its_differences() -> None:
    error = errors.from_sqlstate("PF004", "mismatch", detail="Step 'a' removed\nStep 'b' removed")

    assert isinstance(error, FlowConflict)
    assert error.differences == ("Step 'a' removed", "Step 'b' removed")


def test_the_hint_of_the_engine_is_what_to_do() -> None:
    told = errors.from_sqlstate("PF003", "run 7 exists already", hint="Use a new one.")
    conflict = errors.from_sqlstate("PF004", "mismatch", hint="Use another slug")

    assert str(told) == "run 7 exists already. Use a new one"
    assert str(conflict) == "mismatch\nAction: Use another slug"


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    classes = [each for each in vars(errors).values() if isinstance(each, type)]
    ours = [each for each in classes if issubclass(each, Exception)]

    assert {each.__name__ for each in ours if each.__name__ not in str(errors.__doc__)} == set()
