"""A slot is free again when its handler has ended, whatever becomes of the outcome."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import pytest

from pgflow.definition.flow import Flow
from pgflow.worker.mailbox import Mailbox
from tests.worker.workbench import Workbench


@pytest.fixture
def failing_log() -> Iterator[None]:
    """A filter of somebody's logging set-up raises as soon as a failed attempt is logged."""

    def fail(_: logging.LogRecord) -> bool:
        raise RuntimeError("the log is full")

    logger = logging.getLogger("pgflow.worker.executor")
    logger.addFilter(fail)
    yield
    logger.removeFilter(fail)


@pytest.mark.usefixtures("failing_log")
@pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])
async def test_an_error_between_a_handlers_end_and_its_outcome_is_the_outcome(
    bench: Workbench, is_async: bool
) -> None:
    flow = Flow("fragile", input=bool, max_attempts=1)

    def work(shall_fail: bool) -> str:
        if shall_fail:
            raise ValueError("bad luck")
        return "fine"

    async def work_async(shall_fail: bool) -> str:
        return work(shall_fail)

    flow.step(slug="work")(work_async if is_async else work)
    async with bench.worker(flow, concurrency=1):
        failed = await bench.ended(bench.start(flow, True))
        completed = await bench.ended(bench.start(flow, False))

    assert failed["error_message"] == "work: RuntimeError: the log is full"
    assert completed["output"] == {"work": "fine"}


async def test_a_letter_that_cannot_be_received_keeps_no_other() -> None:
    received: list[int] = []
    errors: list[str] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: errors.append(repr(context["exception"]))
    )

    def receive(number: int) -> None:
        if number == 2:
            raise ValueError(number)
        received.append(number)
        if number == 3:
            last.set()

    last = asyncio.Event()
    mailbox = Mailbox(receive)
    for number in (1, 2, 3):
        mailbox.post(number)
    await last.wait()

    assert received == [1, 3]
    assert errors == ["ValueError(2)"]
