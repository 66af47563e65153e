"""Runs are found, page by page, and steered one by one or together."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from pgflow.web.queries import parts
from tests.support.engine import Engine
from tests.support.flow_spec import single
from tests.web.api import Api


def start(engine: Engine, *items: str, slug: str = "shop") -> str:
    return str(engine.start(slug, {"id": 1, "items": list(items)}))


def start_many(engine: Engine, count: int) -> list[str]:
    """Runs that were started together, and so at the same time."""
    rows = engine.rows(
        "select run_id from pgflow.start_flows('shop', %(inputs)s)",
        inputs=Jsonb([{"id": number, "items": []} for number in range(count)]),
    )
    return [str(row["run_id"]) for row in rows]


def fail(engine: Engine, run_id: str) -> None:
    engine.exhaust(UUID(run_id), "check")


async def found(api: Api, **search: object) -> list[str]:
    return [run["run_id"] for run in (await api.get("/runs", **search))["runs"]]


class TestFinding:
    async def test_the_newest_come_first(self, api: Api, engine: Engine) -> None:
        engine.flow(single("only"), slug="other")
        runs = [start(engine), start(engine, slug="other"), start(engine)]

        assert await found(api) == runs[::-1]

    async def test_a_line_tells_what_matters(self, api: Api, engine: Engine) -> None:
        run_id = start(engine, "x" * 500)
        fail(engine, run_id)

        [run] = (await api.get("/runs"))["runs"]

        assert (run["status"], run["error_message"]) == ("failed", "check: boom")
        assert (run["steps_total"], run["paused_at"]) == (3, None)
        assert run["seconds"] >= 0
        assert len(run["input"]["preview"]) == 200
        assert (run["input"]["is_whole"], run["input"]["bytes"]) == (False, 524)

    async def test_filters_leave_out_what_does_not_fit(self, api: Api, engine: Engine) -> None:
        engine.flow(single("only"), slug="other")
        open_one, failed, other = start(engine), start(engine), start(engine, slug="other")
        fail(engine, failed)
        engine.do("select pgflow.pause_run(%(id)s)", id=UUID(open_one))

        assert await found(api, flow="other") == [other]
        assert await found(api, status="failed") == [failed]
        assert await found(api, status="failed,cancelled") == [failed]
        assert await found(api, status="started") == [other, open_one]
        assert await found(api, status="paused") == [open_one]
        assert await found(api, status="paused,failed") == [failed, open_one]
        assert await found(api, flow="nothing") == []

    async def test_times_are_bounds(self, api: Api, engine: Engine) -> None:
        run_id = start(engine)
        started = engine.run(UUID(run_id))["started_at"]
        second = timedelta(seconds=1)

        assert await found(api, since=started.isoformat()) == [run_id]
        assert await found(api, until=started.isoformat()) == []
        assert await found(api, since=(started + second).isoformat()) == []
        assert await found(api, until=(started + second).isoformat()) == [run_id]

    async def test_text_is_searched_for_in_the_input(self, api: Api, engine: Engine) -> None:
        tea, percent = start(engine, "green tea"), start(engine, "100%")

        assert await found(api, text="TEA") == [tea]
        assert await found(api, text="%") == [percent]
        assert await found(api, text="_") == []

    async def test_pages_follow_each_other_without_gap_or_overlap(
        self, api: Api, engine: Engine
    ) -> None:
        runs = start_many(engine, 7)

        seen: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = await api.get("/runs", limit=3, **cursor)
            seen += [run["run_id"] for run in page["runs"]]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}

        assert sorted(seen) == sorted(runs)

    async def test_a_search_for_text_breaks_off_and_goes_on(
        self, api: Api, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(parts, "RUNS_LOOKED_AT", 2)
        tea = start(engine, "tea")
        for _ in range(3):
            start(engine)

        first = await api.get("/runs", text="tea")
        second = await api.get("/runs", text="tea", cursor=first["next"])

        assert first["runs"] == []
        assert first["searched_to"] is not None
        assert [run["run_id"] for run in second["runs"]] == [tea]

    @pytest.mark.parametrize(
        ("query", "message"),
        [
            ({"cursor": "x"}, "the cursor is none that a page has given as `next`"),
            ({"limit": "0"}, "limit: input should be greater than or equal to 1"),
            ({"status": "lost"}, "status.0: input should be 'started', 'completed', 'failed', "),
            ({"color": "red"}, "color: extra inputs are not permitted"),
        ],
    )
    async def test_nonsense_is_told(self, api: Api, query: dict[str, Any], message: str) -> None:
        error = await api.missing("/runs", 400, **query)

        assert error["code"] == "invalid_request"
        assert error["message"].startswith(message)


class TestSteering:
    async def test_a_run_is_cancelled_and_retried(self, api: Api, engine: Engine) -> None:
        run_id = start(engine)

        assert (await api.post(f"/runs/{run_id}/cancel"))["run"]["status"] == "cancelled"
        assert (await api.post(f"/runs/{run_id}/retry"))["run"]["status"] == "started"

    async def test_a_run_is_stepped_through(self, api: Api, engine: Engine) -> None:
        run_id = start(engine)
        assert (await api.post(f"/runs/{run_id}/pause"))["run"]["paused_at"] is not None
        engine.finish(UUID(run_id), "check", ["tea"])

        await api.post(f"/runs/{run_id}/edit", step="check", output=["cup", "pot"])
        released = await api.post(f"/runs/{run_id}/release")

        assert released["released"] == "pack"
        assert (await api.post(f"/runs/{run_id}/release"))["released"] is None
        tasks = engine.start_step(UUID(run_id), "pack")
        assert [task["input"] for task in tasks] == ["cup", "pot"]

    async def test_a_pause_ends(self, api: Api, engine: Engine) -> None:
        run_id = start(engine)
        await api.post(f"/runs/{run_id}/pause")

        assert (await api.post(f"/runs/{run_id}/resume"))["run"]["paused_at"] is None

    async def test_an_edit_that_comes_too_late_is_refused(self, api: Api, run_id: UUID) -> None:
        error = await api.refused(f"/runs/{run_id}/edit", 409, step="check", output=[])

        assert (error["code"], "has ended (completed)" in error["message"]) == ("conflict", True)

    async def test_a_run_is_repeated_from_a_step(
        self, api: Api, engine: Engine, run_id: UUID
    ) -> None:
        answer = await api.post(f"/runs/{run_id}/rerun", step="pack", input={"check": ["pot"]})

        again = UUID(answer["run"]["run_id"])
        assert engine.step(again, "check")["output"] == ["pot"]
        assert (await api.get(f"/runs/{again}"))["run"]["rerun_of"] == {
            "run_id": str(run_id),
            "step": "pack",
        }

    async def test_a_run_is_repeated_from_the_start(
        self, api: Api, engine: Engine, run_id: UUID
    ) -> None:
        same = await api.post(f"/runs/{run_id}/rerun", paused=True)
        other = await api.post(f"/runs/{run_id}/rerun", input={"id": 8, "items": []})

        assert same["run"]["paused_at"] is not None
        assert same["run"]["input"]["preview"] == '{"id": 7, "items": ["tea", "cup"]}'
        assert other["run"]["input"]["preview"] == '{"id": 8, "items": []}'

    async def test_an_unknown_run_is_told(self, api: Api) -> None:
        run_id = uuid4()

        for action in ("cancel", "retry", "pause", "resume", "release", "rerun"):
            error = await api.refused(f"/runs/{run_id}/{action}", 404)
            assert error["message"].startswith(f"there is no run {run_id}")

    async def test_what_is_no_run_id_is_told(self, api: Api) -> None:
        error = await api.refused("/runs/7/pause", 400)

        assert error["message"] == "'7' is no run_id, expected a uuid"


class TestMany:
    async def test_those_named_are_cancelled(self, api: Api, engine: Engine) -> None:
        runs = start_many(engine, 3)

        done = await api.post("/runs/cancel", run_ids=runs[:2])

        assert done == {"changed": 2, "failed": [], "more": False}
        assert await found(api, status="started") == [runs[2]]

    async def test_those_that_a_filter_finds_are_retried(self, api: Api, engine: Engine) -> None:
        failed = start(engine, "tea")
        start(engine)
        fail(engine, failed)

        done = await api.post("/runs/retry", filter={"status": ["failed"], "flow": "shop"})

        assert done["changed"] == 1
        assert engine.run(UUID(failed))["status"] == "started"

    async def test_those_that_cannot_be_changed_are_told(
        self, api: Api, engine: Engine, run_id: UUID
    ) -> None:
        done = await api.post("/runs/retry", run_ids=[str(run_id)])

        assert done["changed"] == 0
        [failure] = done["failed"]
        assert failure["run_id"] == str(run_id)
        assert "has completed: only a failed or cancelled run can be retried" in failure["message"]

    async def test_neither_ids_nor_filter_is_a_mistake(self, api: Api) -> None:
        error = await api.refused("/runs/cancel", 400)

        assert error["message"] == (
            "neither run_ids nor a filter says which runs, expected one of them"
        )
