"""What happens in the database is on the page at once, and never more than it can look at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest
from psycopg.types.json import Jsonb

from pgflow.web.desk import MOST_CHANGES, Desk
from pgflow.web.playground import Playground
from tests.support.engine import Engine
from tests.support.eventually import eventually_async
from tests.web.streams import Visitor, served


@pytest.fixture
async def visitor(site: Playground) -> AsyncIterator[Visitor]:
    async with served(site) as visitor:
        yield visitor


def start(engine: Engine) -> UUID:
    return engine.start("shop", {"id": 1, "items": []})


async def test_a_step_that_completes_is_told(visitor: Visitor, engine: Engine) -> None:
    run_id = start(engine)

    async with visitor.watch(f"run:{run_id}") as stream:
        engine.finish(run_id, "check", ["tea"])
        told = await stream.next("run")

    assert told["run_id"] == str(run_id)
    steps = [(change["event"], change["step_slug"]) for change in told["changes"]]
    assert ("step:completed", "check") in steps
    assert all(change["at"] for change in told["changes"])


async def test_other_runs_are_not_told(visitor: Visitor, engine: Engine) -> None:
    run_id, other = start(engine), start(engine)

    async with visitor.watch(f"run:{run_id}") as stream:
        engine.cancel(other)
        engine.cancel(run_id)
        told = await stream.next("run")

    assert told["run_id"] == str(run_id)
    assert [change["event"] for change in told["changes"]] == ["run:cancelled"]


async def test_elements_of_a_map_are_told_as_progress(visitor: Visitor, engine: Engine) -> None:
    run_id = start(engine)
    engine.finish(run_id, "check", ["tea", "cup"])
    engine.start_step(run_id, "pack")

    async with visitor.watch(f"run:{run_id}") as stream:
        before = await stream.next("progress")
        engine.complete(run_id, "pack", "packed tea", index=0)
        after = await stream.next("progress")

    assert [step["completed_tasks"] for step in before["steps"]] == [1, 0, 0]
    assert [step["completed_tasks"] for step in after["steps"]] == [1, 1, 0]


async def test_a_thousand_runs_are_told_in_a_few_events(visitor: Visitor, engine: Engine) -> None:
    inputs = Jsonb([{"id": number, "items": []} for number in range(1000)])

    async with visitor.watch("runs") as stream:
        engine.do("select count(*) from pgflow.start_flows('shop', %(inputs)s)", inputs=inputs)
        told = [await stream.next("runs")]
        while sum(each["counts"]["started"] for each in told) < 1000:
            told.append(await stream.next("runs"))

    assert len(told) <= 10
    assert max(len(each["runs"]) for each in told) == 50
    assert sum(each["more"] + len(each["runs"]) for each in told) == 1000


@pytest.mark.slow
async def test_workers_are_told_when_they_change(visitor: Visitor, engine: Engine) -> None:
    async with visitor.watch("workers") as stream:
        assert (await stream.next("workers"))["workers"] == []
        engine.worker("newcomer")

        told = await stream.next("workers")

    assert told["workers"][0]["name"] == "newcomer"


async def test_the_code_is_told_to_every_page(visitor: Visitor, site: Playground) -> None:
    async with visitor.watch("code") as one, visitor.watch("runs") as other:
        site.newsroom.tell_all("code")

        assert (await one.next("code"))["code"]["error"] is None
        assert (await other.next("code"))["allow_actions"] is True


async def test_a_page_that_comes_back_reads_again(visitor: Visitor) -> None:
    async with visitor.watch("runs", **{"last-event-id": "7"}) as stream:
        assert await stream.next("refresh") == {"reason": "reconnected"}


async def test_after_an_outage_every_page_reads_again(visitor: Visitor, engine: Engine) -> None:
    run_id = start(engine)

    async with visitor.watch(f"run:{run_id}") as stream:
        engine.do(
            """select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and query ilike 'listen pgflow_run%%'"""
        )
        assert await stream.next("refresh") == {"reason": "database was away"}
        engine.cancel(run_id)
        told = await stream.next("run")

    assert told["changes"][-1]["status"] == "cancelled"


async def test_nobody_pays_for_events_that_nobody_reads(visitor: Visitor, engine: Engine) -> None:
    async def watches() -> int:
        return engine.value("select count(*) from pgflow.run_watches")

    async def is_quiet() -> bool:
        return await watches() == 0

    async with visitor.watch("runs"), visitor.watch(f"run:{start(engine)}"):
        assert await watches() == 2

    await eventually_async(is_quiet)


async def test_streams_end_with_the_server(site: Playground) -> None:
    async with served(site) as visitor, visitor.watch("runs") as stream:
        site.newsroom.end_streams()

        with pytest.raises(EOFError):
            await stream.next("anything")


@pytest.mark.parametrize(
    ("watched", "message"),
    [
        (
            "weather",
            "'weather' cannot be watched, expected run:<uuid> or runs, flows, workers, code",
        ),
        ("run:7", "'run:7' is no run, expected run:<uuid>"),
    ],
)
async def test_what_cannot_be_watched_is_told(visitor: Visitor, watched: str, message: str) -> None:
    answer = await visitor.client.get("/api/events", params={"watch": watched})

    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == message


async def test_a_port_that_is_taken_is_told(visitor: Visitor) -> None:
    from pgflow.errors import DeploymentError
    from pgflow.web.serving import Address

    port = httpx.URL(visitor.client.base_url).port

    with pytest.raises(DeploymentError) as taken:
        Address.reserve(port)

    assert str(taken.value) == (
        f"port {port} cannot be used: address already in use. Choose another one with --port"
    )


class TestTheDesk:
    def test_too_much_for_one_look_is_not_told_piece_by_piece(self) -> None:
        run_id = UUID(int=7)
        desk = Desk(run=run_id)
        event = {"event_type": "step:started", "run_id": str(run_id), "status": "started"}
        for _ in range(MOST_CHANGES + 1):
            desk.hear(event)

        assert desk.take_changes() == []
        assert desk.take_notices() == ["too much"]

    def test_a_notice_that_is_repeated_is_told_once(self) -> None:
        desk = Desk()
        desk.notice("code")
        desk.notice("code")

        assert desk.take_notices() == ["code"]
        assert desk.take_notices() == []
