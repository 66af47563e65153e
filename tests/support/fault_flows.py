"""Flows for workers that are going to be killed, paused and cut off.

What their handlers do in the transaction of their task stands in the table `effects`.
"""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any, TypedDict

from pgflow.definition.flow import Flow
from pgflow.errors import RetryAfter
from pgflow.worker import current_task
from tests.support.engine import Engine

# Longer than any test: work that only an intervention ends.
FOR_EVER = 3600


class Order(TypedDict, total=False):
    """How a handler is to behave: attempts up to `stuck` never end, attempt `slow` takes long."""

    stuck: int
    slow: int
    note: str


def prepare(engine: Engine) -> None:
    """Make the table that the handlers write to."""
    engine.do(
        """create table effects (
          run_id uuid, step_slug text, task_index int, attempt int, note text,
          at timestamptz default clock_timestamp()
        )"""
    )


def _identity() -> list[Any]:
    task = current_task()
    return [task.run_id, task.step_slug, task.task_index, task.attempt]


_EFFECT = "insert into effects values (%s, %s, %s, %s, %s)"

stuck = Flow("stuck", input=list[Order], timeout=FOR_EVER, max_attempts=3)


@stuck.map(slug="on_the_loop")
async def get_stuck_on_the_loop(order: Order) -> int:
    """Takes for ever at first."""
    attempt = current_task().attempt
    if attempt <= order.get("stuck", 0):
        await asyncio.Event().wait()
    return attempt


@stuck.map(slug="in_a_thread")
def get_stuck_in_a_thread(order: Order) -> int:
    attempt = current_task().attempt
    if attempt <= order.get("stuck", 0):
        threading.Event().wait()
    return attempt


paying = Flow("paying", input=Order, timeout=FOR_EVER, max_attempts=3)


@paying.step(slug="pay")
async def pay(order: Order) -> str:
    """Writes in its transaction; attempts up to `stuck` then wait until a gate is opened."""
    task = current_task()
    async with task.transaction() as connection:
        await connection.execute(_EFFECT, [*_identity(), order.get("note")])
        if task.attempt <= order.get("stuck", 0):
            # Held in another session; the handler goes on when that lets go.
            await connection.execute("select pg_advisory_xact_lock_shared(7, 7)")
    return f"paid in attempt {task.attempt}"


paying_in_a_thread = Flow("paying_in_a_thread", input=Order, timeout=FOR_EVER, max_attempts=3)


@paying_in_a_thread.step(slug="pay")
def pay_in_a_thread(order: Order) -> str:
    """The same where nobody can interrupt it."""
    task = current_task()
    with task.transaction() as connection:
        connection.execute(_EFFECT, [*_identity(), order.get("note")])
        if task.attempt <= order.get("stuck", 0):
            connection.execute("select pg_advisory_xact_lock_shared(7, 7)")
    if task.attempt == order.get("slow"):
        time.sleep(10)  # handler
    return f"paid in attempt {task.attempt}"


again = Flow("again", timeout=FOR_EVER, max_attempts=2)


@again.step(slug="try_again")
def try_again(_: Any) -> int:
    """Fails at first, and asks for another attempt in two seconds."""
    if current_task().attempt == 1:
        raise RetryAfter(2)
    return current_task().attempt


quick = Flow("quick", input=list[int], timeout=30, max_attempts=3, base_delay=1)


@quick.map(slug="count")
async def count(number: int) -> int:
    async with current_task().transaction() as connection:
        await connection.execute(_EFFECT, [*_identity(), None])
    return number


@quick.step(count, slug="sum")
async def add(numbers: list[int]) -> int:
    async with current_task().transaction() as connection:
        await connection.execute(_EFFECT, [*_identity(), None])
    return sum(numbers)


idle = Flow("idle")


@idle.step(slug="on_the_loop")
async def do_nothing_on_the_loop(_: Any) -> None:
    pass


@idle.step(do_nothing_on_the_loop, slug="in_a_thread")
def do_nothing_in_a_thread(_: None) -> None:
    pass


ALL = (stuck, paying, paying_in_a_thread, again, quick, idle)
