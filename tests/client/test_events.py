"""The events of a run, in both clients."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from uuid import uuid4

import pytest

from pgflow.client import AsyncClient, Client, RunEvent
from pgflow.definition.flow import Flow
from pgflow.errors import RunNotFound
from tests.support.engine import Engine
from tests.support.eventually import eventually
from tests.support.flow_spec import map_over, single
from tests.support.greeter import ALICE, fail_to_greet, greet, greet_user, register
from tests.support.waiting import is_watched, until_watched

STORY = [
    "run:started",
    "full_name started",
    "full_name completed",
    "greeting started",
    "greeting completed",
    "run:completed",
]


def names(events: Iterable[RunEvent]) -> list[str]:
    return [name(event) for event in events]


def name(event: RunEvent) -> str:
    return f"{event.step_slug} {event.status}" if event.step_slug else event.event_type


def test_a_run_that_has_ended_tells_its_whole_story(client: Client, engine: Engine) -> None:
    run = client.start(greet_user, ALICE)
    greet(engine, run.run_id)

    assert names(run.events()) == STORY


def test_events_come_as_they_happen(client: Client, engine: Engine) -> None:
    run = client.start(greet_user, ALICE)
    events = run.events()

    before = names(islice(events, 2))
    engine.finish(run.run_id, "full_name", "Alice Smith")
    between = names(islice(events, 2))
    engine.finish(run.run_id, "greeting", "Hello, Alice Smith!")
    after = names(events)

    assert before + between + after == STORY
    assert (len(before), len(between), len(after)) == (2, 2, 2)


async def test_events_come_as_they_happen_in_an_event_loop(
    async_client: AsyncClient, engine: Engine
) -> None:
    run = await async_client.start(greet_user, ALICE)
    seen: list[str] = []

    async for event in run.events():
        seen.append(name(event))
        if name(event) == "full_name started":
            engine.finish(run.run_id, "full_name", "Alice Smith")
        if name(event) == "greeting started":
            engine.finish(run.run_id, "greeting", "Hello, Alice Smith!")

    assert seen == STORY


def test_an_event_says_what_the_contract_says(client: Client, engine: Engine) -> None:
    run = client.start(greet_user, ALICE)
    events = run.events()

    first, started = islice(events, 2)
    greet(engine, run.run_id)
    completed, *_, last = events

    assert (first.event_type, first.step_slug, first.run_id) == ("run:started", None, run.run_id)
    assert (started.event_type, started.output) == ("step:started", None)
    assert (completed.event_type, completed.step_slug) == ("step:completed", "full_name")
    assert completed.output == "Alice Smith"
    assert (last.event_type, last.status) == ("run:completed", "completed")
    assert last.output == {"greeting": "Hello, Alice Smith!"}
    assert first.at <= started.at <= completed.at <= last.at
    assert [event.is_last for event in (first, started, completed, last)] == [False] * 3 + [True]


def test_told_and_read_events_are_the_same(client: Client, engine: Engine) -> None:
    run = client.start(greet_user, ALICE)
    events = run.events()

    live = list(islice(events, 2))
    greet(engine, run.run_id)
    live += events

    assert live == list(run.events())


def test_a_failure_is_told(client: Client, engine: Engine) -> None:
    run = client.start(greet_user, ALICE)
    events = run.events()
    next(events)

    fail_to_greet(engine, run.run_id)

    *_, step, last = events
    assert (name(step), step.error_message) == ("greeting failed", "lost my voice: twice")
    assert (name(last), last.error_message) == ("run:failed", "greeting: lost my voice: twice")


def test_a_cancelled_run_tells_so_at_last(client: Client) -> None:
    run = client.start(greet_user, ALICE)
    events = run.events()
    next(events)

    client.cancel(run.run_id)

    assert names(events) == ["full_name started", "run:cancelled"]


def test_skipped_and_taskless_steps_have_no_start(client: Client, engine: Engine) -> None:
    engine.flow(
        single("a"),
        single("b", "a", required={"never": True}),
        map_over("c", "a"),
        single("d", "c"),
    )
    run = client.start("flow", {})
    events = run.events()

    live = names(islice(events, 2))
    engine.finish(run.run_id, "a", [])
    engine_done = list(islice(events, 4))
    engine.finish(run.run_id, "d", 1)
    live += names(engine_done) + names(events)

    skipped = next(event for event in engine_done if event.step_slug == "b")
    assert skipped.skip_reason == "condition_unmet"
    assert live == [
        "run:started",
        "a started",
        "a completed",
        "b skipped",
        "c completed",
        "d started",
        "d completed",
        "run:completed",
    ]
    assert sorted(names(run.events())) == sorted(live)


def test_an_output_that_no_notification_can_hold_is_told_in_its_place(
    client: Client, engine: Engine
) -> None:
    run = client.start(greet_user, ALICE)
    events = run.events()
    next(events)
    big = "x" * 100_000

    engine.finish(run.run_id, "full_name", big)
    engine.finish(run.run_id, "greeting", big)

    story = [*events]
    assert names(story) == STORY[1:]
    assert [event.output for event in story if event.step_slug and event.output] == [big, big]
    assert story[-1].output == {"greeting": big}


def test_an_error_that_no_notification_can_hold_is_told_in_its_place(
    client: Client, engine: Engine
) -> None:
    run = client.start(greet_user, ALICE)
    events = run.events()
    next(events)

    engine.finish(run.run_id, "full_name", "Alice Smith")
    engine.start_step(run.run_id, "greeting")
    engine.fail(run.run_id, "greeting", "x" * 100_000)

    assert names(events)[-2:] == ["greeting failed", "run:failed"]


def test_what_others_shout_on_the_channel_is_not_heard(client: Client, engine: Engine) -> None:
    run = client.start(greet_user, ALICE)
    events = run.events()
    next(events)

    for payload in ("", "{", "[]", "null", '{"run_id": 7}', f'{{"run_id": "{uuid4()}"}}'):
        engine.do("select pg_notify('pgflow_run', %(payload)s)", payload=payload)
    greet(engine, run.run_id)

    assert names(events) == STORY[1:]


def test_a_flow_without_steps_starts_and_completes(client: Client, engine: Engine) -> None:
    register(engine, Flow("nothing"))

    run = client.start("nothing", None)

    assert names(run.events()) == ["run:started", "run:completed"]


def test_an_unknown_run_has_no_events(client: Client) -> None:
    run = client.start(greet_user, ALICE)
    client.delete_flow_and_data(greet_user)

    with pytest.raises(RunNotFound):
        next(iter(run.events()))


def test_who_stops_iterating_is_told_no_more(client: Client, engine: Engine) -> None:
    run = client.start(greet_user, ALICE)

    for _ in run.events():
        until_watched(engine, run.run_id)
        break

    eventually(lambda: not is_watched(engine, run.run_id))
