"""The idle protocol loses no wake-up.

The two sides are a producer that sends work, and a worker that falls asleep. Each takes a few
steps; every order in which these steps can follow each other is played on a real server.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import combinations

import pytest

from pgflow.testing import PgflowDatabase
from tests.support.engine import Engine
from tests.support.eventually import eventually
from tests.support.flow_spec import map_over, single
from tests.support.outcomes import completed, failed
from tests.support.rivals import Rival
from tests.support.sleepers import Sleeper, produce

Join = Callable[[], Rival]


@pytest.fixture
def sleeper(engine: Engine, pgflow_database: PgflowDatabase) -> Iterator[Sleeper]:
    engine.flow(single("work"))
    sleeper = Sleeper(pgflow_database.dsn, "flow")
    yield sleeper
    sleeper.close()


def orders(first: int, second: int) -> list[str]:
    """Every way to shuffle the steps of two sides, 'p' the producer's and 's' the sleeper's."""
    places = range(first + second)
    return [
        "".join("p" if place in taken else "s" for place in places)
        for taken in combinations(places, first)
    ]


@pytest.mark.parametrize("order", orders(2, 3))
def test_no_order_of_steps_loses_work_that_is_started(
    rival: Join, sleeper: Sleeper, order: str
) -> None:
    producer = rival()
    sends = iter([lambda: producer.begins(lambda e: e.start()), producer.commits])
    falls_asleep = iter([sleeper.shows_hunger, sleeper.asks, sleeper.looks])

    for side in order:
        next(sends if side == "p" else falls_asleep)()

    assert not sleeper.may_sleep or sleeper.is_woken()


@pytest.mark.parametrize("order", orders(2, 3))
def test_no_order_of_steps_loses_work_that_is_put_off(
    engine: Engine, rival: Join, sleeper: Sleeper, order: str
) -> None:
    engine.start()
    (task,) = engine.claim(worker := engine.worker())
    other = rival()
    puts_off = iter(
        [lambda: other.begins(lambda e: e.report(worker, failed(task, retry_in=30))), other.commits]
    )
    falls_asleep = iter([sleeper.shows_hunger, sleeper.asks, sleeper.looks])

    for side in order:
        next(puts_off if side == "p" else falls_asleep)()

    assert not sleeper.may_sleep or sleeper.wakes_within(35) or sleeper.is_woken()


def test_a_sleeper_hears_of_a_retry_that_falls_due_before_it_wakes(
    engine: Engine, sleeper: Sleeper
) -> None:
    engine.start()
    (task,) = engine.claim(worker := engine.worker())
    sleeper.falls_asleep()
    assert not sleeper.wakes_within(35)

    engine.report_and_claim(worker, [failed(task, retry_in=30)], ["flow"], 10)

    assert sleeper.is_woken()


def test_a_sleeper_hears_of_a_step_that_starts_later(
    engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    engine.flow(single("first"), single("later", "first", start_delay=30), slug="delayed")
    engine.start("delayed")
    (task,) = engine.claim(worker := engine.worker(), "delayed")
    sleeper = Sleeper(pgflow_database.dsn, "delayed")
    sleeper.falls_asleep()

    engine.report_and_claim(worker, [completed(task)], ["delayed"], 10)

    assert sleeper.is_woken()
    sleeper.close()


def test_a_sleeper_hears_of_what_a_full_worker_leaves(
    engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    engine.flow(single("first"), map_over("many", "first"), slug="wide")
    engine.start("wide")
    (task,) = engine.claim(worker := engine.worker(), "wide")
    sleeper = Sleeper(pgflow_database.dsn, "wide")
    sleeper.falls_asleep()

    claimed, _ = engine.report_and_claim(worker, [completed(task, [1, 2, 3])], ["wide"], 2)

    assert len(claimed) == 2
    assert sleeper.is_woken()
    sleeper.close()


def test_nobody_is_notified_while_nobody_sleeps(engine: Engine, sleeper: Sleeper) -> None:
    engine.start()

    assert not sleeper.is_woken()


def test_a_worker_that_had_enough_is_not_notified(engine: Engine, sleeper: Sleeper) -> None:
    sleeper.falls_asleep()
    sleeper.has_enough()

    engine.start()

    assert not sleeper.is_woken()


@pytest.mark.slow
def test_hundreds_of_transactions_in_flight_wake_whoever_falls_asleep(
    engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    engine.flow(single("work"))
    seed = random.randrange(2**32)
    done = threading.Event()
    sleepers = [Sleeper(pgflow_database.dsn, "flow") for _ in range(2)]

    with ThreadPoolExecutor() as threads:
        asleep = [threads.submit(sleeper.work_and_sleep, done) for sleeper in sleepers]
        producers = [
            threads.submit(produce, pgflow_database.dsn, random.Random(seed + number), 150)
            for number in range(4)
        ]
        started = sum(producer.result() for producer in producers)
        eventually(lambda: not engine.rows("select from pgflow.runs where status = 'started'"))
        done.set()
        engine.do("select pg_notify('pgflow_work', 'done')")
        wait(asleep)

    assert started > 400
    assert sum(sleeper.handled for sleeper in sleepers) == started, f"seed {seed}"
    assert [sleeper.overslept for sleeper in sleepers] == [0, 0], f"seed {seed}"
    for sleeper in sleepers:
        sleeper.close()
