"""The threads that sync handlers run in."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from pgflow.worker.threads import Threads
from tests.support.eventually import eventually


@pytest.fixture
def threads() -> Iterator[Threads]:
    threads = Threads(4, name="under test")
    yield threads
    threads.close()
    eventually(lambda: _alive() == 0)


def test_jobs_that_block_run_side_by_side(threads: Threads) -> None:
    meeting = threading.Barrier(4)
    done: list[int] = []

    for _ in range(4):
        threads.submit(lambda: done.append(meeting.wait(10)))

    eventually(lambda: sorted(done) == [0, 1, 2, 3])


def test_no_more_threads_work_than_the_size_allows(threads: Threads) -> None:
    release = threading.Event()
    started: list[int] = []

    for number in range(6):
        threads.submit(lambda number=number: (started.append(number), release.wait()))
    eventually(lambda: len(started) == 4)
    alive = _alive()
    release.set()

    eventually(lambda: len(started) == 6)
    assert alive == 4


def test_every_job_is_done_however_they_arrive(threads: Threads) -> None:
    done: list[int] = []

    for number in range(2000):
        threads.submit(lambda number=number: done.append(number))

    eventually(lambda: len(done) == 2000)
    assert sorted(done) == list(range(2000))


def test_a_thread_may_be_added_and_taken_away_again(threads: Threads) -> None:
    release = threading.Event()
    done: list[str] = []
    for _ in range(4):
        threads.submit(release.wait)
    eventually(lambda: _alive() == 4)

    threads.submit(lambda: done.append("by the fifth"))
    threads.resize(by=1)
    eventually(lambda: done)
    threads.resize(by=-1)
    release.set()
    for _ in range(4):
        threads.submit(lambda: done.append("by those left"))

    eventually(lambda: len(done) == 5 and _alive() == 4)


def test_a_job_that_fails_costs_no_thread(
    threads: Threads, caplog: pytest.LogCaptureFixture
) -> None:
    done: list[int] = []

    for number in range(8):
        threads.submit(lambda number=number: done.append(number) if number % 2 else 1 / 0)

    eventually(lambda: sorted(done) == [1, 3, 5, 7])
    eventually(lambda: len(caplog.records) == 4)
    assert _alive() <= 4
    assert set(caplog.messages) == {"a job has failed in a thread of handlers"}


def test_closing_ends_the_threads_after_their_work() -> None:
    threads = Threads(2, name="under test")
    done: list[int] = []
    for number in range(10):
        threads.submit(lambda number=number: done.append(number))

    threads.close()

    eventually(lambda: len(done) == 10 and _alive() == 0)


def _alive() -> int:
    return sum(thread.name == "under test" for thread in threading.enumerate())
