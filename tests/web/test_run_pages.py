"""One run from every side."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from tests.support.engine import Engine
from tests.support.flow_spec import map_over, single
from tests.web.api import Api


@pytest.fixture
def paused(engine: Engine) -> UUID:
    """A paused run whose first step has completed."""
    run_id = engine.start("shop", {"id": 7, "items": ["tea"]})
    engine.do("select pgflow.pause_run(%(id)s)", id=run_id)
    engine.finish(run_id, "check", ["tea", "cup"])
    return run_id


@pytest.fixture
def failed(engine: Engine) -> UUID:
    """A run that has failed in the second element of its map."""
    run_id = engine.start("shop", {"id": 7, "items": ["tea", "cup"]})
    engine.finish(run_id, "check", ["tea", "cup"])
    engine.start_step(run_id, "pack")
    engine.complete(run_id, "pack", "packed tea", index=0)
    for _ in range(2):
        engine.fail(run_id, "pack", "broken", index=1)
        if engine.run(run_id)["status"] == "started":
            engine.start_step(run_id, "pack")
    return run_id


class TestTheRun:
    async def test_its_steps_are_told_in_their_order(self, api: Api, run_id: UUID) -> None:
        report = await api.get(f"/runs/{run_id}")

        assert report["run"]["output"]["preview"] == '{"ship": "2 parcels for order 7"}'
        steps = {step["slug"]: step for step in report["steps"]}
        assert list(steps) == ["check", "pack", "ship"]
        pack = steps["pack"]
        assert (pack["status"], pack["tasks"], pack["completed_tasks"]) == ("completed", 2, 2)
        assert (pack["attempts"], pack["max_attempts"]) == (1, 2)
        assert pack["queued_at"] <= pack["started_at"] <= pack["ended_at"]
        assert pack["output"]["preview"] == '["packed tea", "packed cup"]'

    async def test_what_can_be_done_depends_on_how_it_stands(
        self, api: Api, engine: Engine, run_id: UUID, paused: UUID, failed: UUID
    ) -> None:
        going = engine.start("shop", {"id": 1, "items": []})

        actions = {
            each: (await api.get(f"/runs/{each}"))["actions"]
            for each in (run_id, paused, failed, going)
        }

        assert actions == {
            run_id: ["rerun"],
            paused: ["cancel", "resume", "release", "rerun"],
            failed: ["retry", "rerun"],
            going: ["cancel", "pause", "rerun"],
        }

    async def test_a_paused_run_shows_what_is_ready_and_what_can_be_edited(
        self, api: Api, paused: UUID
    ) -> None:
        steps = (await api.get(f"/runs/{paused}"))["steps"]

        assert [step["is_ready"] for step in steps] == [False, True, False]
        assert [step["can_edit_output"] for step in steps] == [True, False, False]

    async def test_an_unknown_one_is_told(self, api: Api) -> None:
        run_id = uuid4()

        for page in ("", "/waterfall", "/log", "/explain"):
            error = await api.missing(f"/runs/{run_id}{page}")
            assert error["message"].startswith(f"there is no run {run_id}")


class TestTasks:
    async def test_each_element_has_its_input_and_output(self, api: Api, run_id: UUID) -> None:
        page = await api.get(f"/runs/{run_id}/tasks", step="pack")

        assert [task["input"]["preview"] for task in page["tasks"]] == ['"tea"', '"cup"']
        assert [task["output"]["preview"] for task in page["tasks"]] == [
            '"packed tea"',
            '"packed cup"',
        ]
        assert page["counts"]["completed"] == 2
        assert page["tasks"][0]["worker_name"] == "tests"

    async def test_the_task_of_a_single_step_has_what_it_received(
        self, api: Api, run_id: UUID
    ) -> None:
        [root] = (await api.get(f"/runs/{run_id}/tasks", step="check"))["tasks"]
        [leaf] = (await api.get(f"/runs/{run_id}/tasks", step="ship"))["tasks"]

        assert root["input"]["preview"] == '{"id": 7, "items": ["tea", "cup"]}'
        assert leaf["input"]["preview"] == '{"pack": ["packed tea", "packed cup"]}'

    async def test_ten_thousand_elements_come_page_by_page(self, api: Api, engine: Engine) -> None:
        engine.flow(map_over("each"), slug="wide")
        run_id = engine.start("wide", list(range(10_000)))

        first = await api.get(f"/runs/{run_id}/tasks", step="each", limit=100)
        last = await api.get(f"/runs/{run_id}/tasks", step="each", limit=100, after=9_949)

        assert (len(first["tasks"]), first["next"]) == (100, 99)
        assert (len(last["tasks"]), last["next"]) == (50, None)
        assert first["counts"]["queued"] == 10_000
        waterfall = await api.get(f"/runs/{run_id}/waterfall")
        assert (waterfall["rows"][0]["tasks"], waterfall["rows"][0]["shown"]) == (10_000, 50)

    async def test_those_of_one_status_are_found(self, api: Api, failed: UUID) -> None:
        page = await api.get(f"/runs/{failed}/tasks", step="pack", status="failed")

        [task] = page["tasks"]
        assert (task["task_index"], task["attempts"], task["error_message"]) == (1, 2, "broken")


class TestValues:
    @pytest.mark.parametrize(
        ("query", "value"),
        [
            ({"kind": "input"}, {"id": 7, "items": ["tea", "cup"]}),
            ({"kind": "output"}, {"ship": "2 parcels for order 7"}),
            ({"kind": "output", "step": "check"}, ["tea", "cup"]),
            ({"kind": "input", "step": "pack"}, ["tea", "cup"]),
            ({"kind": "input", "step": "ship"}, {"pack": ["packed tea", "packed cup"]}),
            ({"kind": "input", "step": "pack", "task": 1}, "cup"),
            ({"kind": "output", "step": "pack", "task": 1}, "packed cup"),
        ],
    )
    async def test_they_are_fetched_whole(
        self, api: Api, run_id: UUID, query: dict[str, object], value: object
    ) -> None:
        assert await api.get(f"/runs/{run_id}/payload", **query) == value

    async def test_one_that_is_not_there_is_told(self, api: Api, paused: UUID) -> None:
        error = await api.missing(f"/runs/{paused}/payload", kind="output", step="ship")

        assert error["message"] == "there is no such output"

    async def test_a_very_big_one_is_not_moved_by_a_list(self, api: Api, engine: Engine) -> None:
        engine.flow(single("only"), slug="big")
        letters = engine.value(
            "select string_agg(md5(n::text), '') from generate_series(1, 60000) as n"
        )
        run_id = engine.start("big", {"text": letters})

        shown = (await api.get(f"/runs/{run_id}"))["run"]["input"]

        assert (shown["preview"], shown["is_whole"]) == ("", False)
        assert shown["bytes"] > 1_000_000
        assert (await api.get(f"/runs/{run_id}/payload", kind="input"))["text"] == letters


class TestTimes:
    async def test_the_waterfall_shows_waiting_and_work(self, api: Api, failed: UUID) -> None:
        waterfall = await api.get(f"/runs/{failed}/waterfall")

        check, pack, ship = waterfall["rows"]
        assert [row["step_slug"] for row in (check, pack, ship)] == ["check", "pack", "ship"]
        assert [(bar["task_index"], bar["attempts"]) for bar in pack["bars"]] == [(0, 1), (1, 2)]
        assert waterfall["start"] <= check["start"] <= pack["start"] <= waterfall["end"]
        assert (ship["start"], ship["bars"]) == (None, [])

    async def test_the_log_tells_what_happened_in_its_order(
        self, api: Api, engine: Engine, failed: UUID
    ) -> None:
        engine.retry(failed)
        engine.cancel(failed)

        log = await api.get(f"/runs/{failed}/log")

        kinds = [(entry["kind"], entry["step_slug"]) for entry in log["entries"]]
        assert kinds[:3] == [
            ("run:started", None),
            ("step:started", "check"),
            ("step:completed", "check"),
        ]
        assert ("task:failed", "pack") in kinds
        assert kinds.index(("action:retry", None)) < kinds.index(("action:cancel", None))
        assert ("run:cancelled", None) in kinds
        assert log["is_whole"] is True

    async def test_the_log_tells_who_did_what(self, api: Api, paused: UUID) -> None:
        await api.post(f"/runs/{paused}/edit", step="check", output=["pot"])

        entries = (await api.get(f"/runs/{paused}/log"))["entries"]

        [edit] = [entry for entry in entries if entry["kind"] == "action:edit"]
        assert edit["step_slug"] == "check"
        assert edit["by"]
        assert edit["detail"]["preview"] == '{"to": ["pot"], "from": ["tea", "cup"]}'

    async def test_what_holds_it_up_is_told_in_words(
        self, api: Api, engine: Engine, paused: UUID, failed: UUID
    ) -> None:
        going = engine.start("shop", {"id": 1, "items": []})

        first = (await api.get(f"/runs/{going}/explain"))["reasons"][0]
        assert first["situation"] == "no_worker"
        assert "no worker serves flow 'shop'" in first["sentence"]

        reasons = (await api.get(f"/runs/{paused}/explain"))["reasons"]
        assert [each["situation"] for each in reasons] == ["paused", "waiting"]

        ended = await api.get(f"/runs/{failed}/explain")
        assert ended["ending"].startswith("The run has failed at pack: broken")
