"""The life of a loop, and the small things that loops are made of."""

from __future__ import annotations

import asyncio

import pytest

from pgflow.worker.alarm import Alarm
from pgflow.worker.backoff import Backoff
from pgflow.worker.service import LoopService
from pgflow.worker.signals import Moment


class Ticking(LoopService):
    """Runs until it is stopped, or raises what it is told to raise."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__("ticking")
        self.error = error
        self.is_running = False

    async def _run(self) -> None:
        self.is_running = True
        if self.error is not None:
            raise self.error
        await self._stopping.wait()
        await asyncio.sleep(0)
        self.is_running = False


async def test_stopped_means_finished() -> None:
    service = Ticking()
    service.start()
    await asyncio.sleep(0)
    assert service.is_running

    await service.stop()

    assert not service.is_running


async def test_a_service_can_be_stopped_twice_and_before_its_start() -> None:
    service = Ticking()

    await service.stop()
    service.start()
    await asyncio.gather(service.stop(), service.stop())
    await service.stop()

    assert not service.is_running


async def test_a_service_starts_only_once() -> None:
    service = Ticking()
    service.start()

    with pytest.raises(RuntimeError, match="ticking is started already"):
        service.start()

    await service.stop()


async def test_what_crashed_a_service_is_told_to_who_waits_for_it() -> None:
    service = Ticking(ValueError("broken"))
    service.start()

    with pytest.raises(ValueError, match="broken"):
        await service.finished()


async def test_a_ring_before_the_wait_is_remembered_once() -> None:
    alarm = Alarm()
    alarm.ring()

    first = await alarm.wait(0)
    second = await alarm.wait(0)

    assert (first, second) == (True, False)


async def test_a_ring_wakes_the_sleeper() -> None:
    alarm = Alarm()
    asyncio.get_running_loop().call_soon(alarm.ring)

    assert await alarm.wait(10) is True


async def test_a_hushed_ring_is_forgotten() -> None:
    alarm = Alarm()
    alarm.ring()

    alarm.hush()

    assert await alarm.wait(0) is False


def test_pauses_double_up_to_the_longest_and_begin_anew_after_a_reset() -> None:
    backoff = Backoff(first=1.0, longest=3.0)

    pauses = [backoff.next() for _ in range(4)]
    backoff.reset()

    for pause, expected in zip(pauses, [1, 2, 3, 3], strict=True):
        assert 0.75 * expected <= pause <= 1.25 * expected
    assert backoff.next() <= 1.25


async def test_a_moment_that_does_not_come_says_how_far_it_came() -> None:
    moment = Moment("claimed")
    moment.occur()

    with pytest.raises(TimeoutError) as raised:
        await moment.reaches(2, within=0.01)

    assert str(raised.value) == "claimed happened 1 times in 0.01s, expected 2"
