"""The signals that end a program."""

from __future__ import annotations

import asyncio
import os
import signal
import threading

import pytest

from pgflow.interrupts import STOP_SIGNALS, obeying_signals


@pytest.mark.parametrize("number", STOP_SIGNALS)
async def test_the_program_is_told_which_signal_came(number: signal.Signals) -> None:
    came = asyncio.get_running_loop().create_future()

    with obeying_signals(came.set_result):
        os.kill(os.getpid(), number)

        assert await came == number


async def test_afterwards_a_signal_does_what_python_makes_of_it() -> None:
    with obeying_signals(print):
        within = [signal.getsignal(number) for number in STOP_SIGNALS]

    after = [signal.getsignal(number) for number in STOP_SIGNALS]
    assert after == [signal.SIG_DFL, signal.default_int_handler]
    assert not set(after) & set(within)


def test_nothing_is_caught_outside_the_main_thread() -> None:
    seen: list[object] = []

    async def look() -> None:
        before = signal.getsignal(signal.SIGTERM)
        with obeying_signals(seen.append):
            seen.append(signal.getsignal(signal.SIGTERM) is before)

    thread = threading.Thread(target=lambda: asyncio.run(look()))
    thread.start()
    thread.join()

    assert seen == [True]
