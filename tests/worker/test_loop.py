from __future__ import annotations

import asyncio
import logging

import pytest

from pgflow.worker import loop


async def swallow_cancellation() -> None:
    for _ in range(3):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            continue


async def leave_behind(*, stubborn: bool) -> str:
    endless = swallow_cancellation() if stubborn else asyncio.Event().wait()
    left = asyncio.ensure_future(endless)
    await asyncio.wait([left], timeout=0)
    return "done"


def test_a_coroutine_is_run_to_its_end() -> None:
    assert loop.run(leave_behind(stubborn=False)) == "done"


def test_what_does_not_let_itself_be_cancelled_is_left_behind(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(loop, "PATIENCE", 0.01)

    with caplog.at_level(logging.WARNING, "pgflow.worker"):
        answer = loop.run(leave_behind(stubborn=True))

    assert answer == "done"
    assert "left behind, because it does not let itself be cancelled" in caplog.text
    assert "swallow_cancellation" in caplog.text


def test_an_error_comes_out() -> None:
    async def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        loop.run(fail())
