"""Handlers that fail in every way that there is; the worker lives on."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from pgflow.definition.flow import Flow
from pgflow.definition.step import Step
from pgflow.errors import Fail, RetryAfter
from tests.worker.workbench import Workbench


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


class Quiet(Exception):
    pass


ENDINGS = [
    (ValueError("bad luck"), "ValueError: bad luck"),
    (Quiet(), "Quiet"),
    (SystemExit(3), "SystemExit: 3"),
    (KeyboardInterrupt(), "KeyboardInterrupt"),
    (GeneratorExit(), "GeneratorExit"),
    (asyncio.CancelledError("by itself"), "CancelledError: by itself"),
    (StopIteration("end"), "StopIteration: end"),
    (Unspeakable(), "Unspeakable: its text cannot be shown, str() raised RuntimeError"),
    (ValueError("nul \x00 and \ud800"), "ValueError: nul  and ?"),
]


@pytest.mark.parametrize(("error", "message"), ENDINGS, ids=[text for _, text in ENDINGS])
@pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])
async def test_whatever_a_handler_raises_fails_its_attempt_only(
    bench: Workbench, error: BaseException, message: str, is_async: bool
) -> None:
    flow = _raising(error, is_async=is_async, max_attempts=1)
    healthy = _raising(None, is_async=is_async, slug="healthy")

    async with bench.worker(flow, healthy):
        failed = await bench.ended(bench.start(flow))
        completed = await bench.ended(bench.start(healthy))

    # A coroutine cannot end with StopIteration: Python makes a RuntimeError of it.
    if is_async and isinstance(error, StopIteration):
        message = "RuntimeError: coroutine raised StopIteration"
    assert failed["status"] == "failed"
    assert failed["error_message"] == f"fragile: {message}"
    assert completed["status"] == "completed"


async def test_a_very_long_message_is_cut(bench: Workbench) -> None:
    flow = _raising(ValueError("x" * 50_000), max_attempts=1)

    async with bench.worker(flow):
        run = await bench.ended(bench.start(flow))

    assert run["error_message"].endswith("xxx ... (50012 characters in all)")
    assert len(run["error_message"]) < 10_100


async def test_a_failed_attempt_is_made_again_after_its_back_off(bench: Workbench) -> None:
    flow = Flow("flaky", base_delay=60)
    attempts: list[int] = []

    @flow.step()
    async def flaky() -> int:
        attempts.append(len(attempts) + 1)
        if len(attempts) < 3:
            raise ConnectionError("not yet")
        return len(attempts)

    async with bench.worker(flow):
        run_id = bench.start(flow)
        for failures, delay in ((1, 60), (2, 120)):
            await _attempts_made(bench, run_id, failures)
            assert delay / 2 < bench.engine.delay(run_id, "flaky") <= delay
            bench.engine.advance(delay)
        run = await bench.ended(run_id)

    assert run["output"] == {"flaky": 3}
    assert bench.engine.task(run_id, "flaky")["error_message"] == "ConnectionError: not yet"


async def test_fail_ends_the_task_without_another_attempt(bench: Workbench) -> None:
    flow = _raising(Fail("the account is closed"), max_attempts=5)

    async with bench.worker(flow):
        run_id = bench.start(flow)
        run = await bench.ended(run_id)

    assert run["error_message"] == "fragile: Fail: the account is closed"
    assert bench.engine.task(run_id, "fragile")["attempts_count"] == 1


@pytest.mark.parametrize(("seconds", "delay"), [(90, 90), (0.5, 1), (-5, 0), (float("nan"), 0)])
async def test_retry_after_sets_the_time_of_the_next_attempt(
    bench: Workbench, seconds: float, delay: int
) -> None:
    flow = Flow("polite", base_delay=3600, max_attempts=2)
    attempts: list[None] = []

    @flow.step()
    def fetch() -> str:
        attempts.append(None)
        if len(attempts) == 1:
            raise RetryAfter(seconds, "rate limit")
        return "fetched"

    async with bench.worker(flow):
        run_id = bench.start(flow)
        await bench.sees(lambda: bench.engine.task(run_id, "fetch")["error_message"])
        error = bench.engine.task(run_id, "fetch")["error_message"]
        if delay > 1:
            assert delay / 2 < bench.engine.delay(run_id, "fetch") <= delay
            bench.engine.advance(delay)
        run = await bench.ended(run_id)

    assert error.startswith("RetryAfter: rate limit (retry after ")
    assert run["output"] == {"fetch": "fetched"}


async def test_an_input_that_does_not_validate_fails_without_another_attempt(
    bench: Workbench,
) -> None:
    flow = Flow("typed", input=int, max_attempts=5)

    @flow.step()
    def double(number: int) -> int:
        return 2 * number

    async with bench.worker(flow):
        run_id = bench.start(flow, "seven")
        run = await bench.ended(run_id)

    assert run["error_message"].startswith("double: InvalidInput: ")
    assert "number" in run["error_message"]
    assert bench.engine.task(run_id, "double")["attempts_count"] == 1


@pytest.mark.parametrize("result", [float("nan"), object(), "nul \x00", "\ud800", {1, 2}])
async def test_a_result_that_is_not_json_fails_without_another_attempt(
    bench: Workbench, result: Any
) -> None:
    flow = Flow("strange", max_attempts=5)

    @flow.step()
    def strange() -> Any:
        return result

    async with bench.worker(flow):
        run_id = bench.start(flow)
        run = await bench.ended(run_id)

    assert run["error_message"].startswith("strange: InvalidOutput: result of step 'strange'")
    assert bench.engine.task(run_id, "strange")["attempts_count"] == 1


async def test_what_is_wrong_with_a_payload_is_logged_without_a_traceback(
    bench: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    flow = Flow("typed", input=int, max_attempts=3)

    @flow.step()
    def double(number: int) -> int:
        return 2 * number

    async with bench.worker(flow):
        await bench.ended(bench.start(flow, "seven"))

    (record,) = [one for one in caplog.records if one.name == "pgflow.worker.executor"]
    assert record.getMessage().startswith("failed, and is not tried again: InvalidInput: ")
    assert record.exc_info is None


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("bad luck"), "attempt 1 of 1 failed: ValueError: bad luck"),
        (Fail("closed"), "failed, and is not tried again: Fail: closed"),
    ],
)
async def test_what_a_handler_raises_is_logged_with_its_traceback(
    bench: Workbench, caplog: pytest.LogCaptureFixture, error: Exception, told: str
) -> None:
    flow = _raising(error, max_attempts=1)

    async with bench.worker(flow):
        await bench.ended(bench.start(flow))

    (record,) = [one for one in caplog.records if one.name == "pgflow.worker.executor"]
    assert record.getMessage() == told
    assert record.exc_info is not None
    assert record.exc_info[1] is error


async def test_a_result_that_only_postgres_refuses_does_no_harm_to_its_batch(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = Flow("batch", input=list[int], max_attempts=5)
    together = asyncio.Event()

    @flow.map(when_exhausted="skip")
    async def same(number: int) -> int:
        await together.wait()
        return number

    encode = Step[[int], list[int]].encode

    def encode_wrongly(step: Step[..., Any], result: Any) -> str:
        return '"\\u0000"' if result == 3 else encode(step, result)

    monkeypatch.setattr(Step, "encode", encode_wrongly)
    async with bench.worker(flow) as worker:
        run_id = bench.start(flow, [1, 2, 3, 4, 5])
        await worker.signals.claimed.reaches(1)
        together.set()
        await bench.ended(run_id)

    tasks = [bench.engine.task(run_id, "same", index) for index in range(5)]
    assert [task["output"] for task in tasks] == [1, 2, None, 4, 5]
    assert tasks[2]["error_message"] == (
        "InvalidOutput: Postgres does not accept the result: unsupported Unicode escape sequence"
    )
    assert tasks[2]["attempts_count"] == 1


async def test_a_step_that_the_code_does_not_have_fails_with_the_cure(bench: Workbench) -> None:
    deployed = Flow("deployed")
    deployed.step(slug="old_name")(lambda: None)
    code = Flow("deployed")
    code.step(slug="new_name")(lambda: None)
    bench.register(deployed)

    async with bench.worker(code, compilation="off"):
        run_id = bench.start(deployed)
        await bench.sees(lambda: bench.engine.task(run_id, "old_name")["error_message"])

    assert bench.engine.task(run_id, "old_name")["error_message"] == (
        "this worker's code has no step 'old_name'. Deploy one that has it"
    )


def _raising(
    error: BaseException | None, *, is_async: bool = True, slug: str = "raising", **options: int
) -> Flow[Any]:
    flow = Flow(slug, **options)

    async def fragile_async() -> str:
        return fragile()

    def fragile() -> str:
        if error is not None:
            raise error
        return "fine"

    flow.step(slug="fragile")(fragile_async if is_async else fragile)
    return flow


async def _attempts_made(bench: Workbench, run_id: UUID, count: int) -> None:
    def made() -> bool:
        (task,) = bench.engine.tasks(run_id).values()
        return (task["status"], task["attempts_count"]) == ("queued", count)

    await bench.sees(made)
