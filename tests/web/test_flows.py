"""Flows of code and database side by side, and runs that are started from there."""

from __future__ import annotations

from uuid import UUID

from pgflow.web.playground import Playground
from tests.support.engine import Engine
from tests.support.flow_spec import single
from tests.support.jsonb import Json
from tests.web.api import Api, api_of

ORDER: Json = {"id": 7, "items": ["tea"]}


async def sync_of(api: Api, slug: str = "shop") -> tuple[str, list[str]]:
    flows = {flow["slug"]: flow for flow in (await api.get("/flows"))["flows"]}
    return flows[slug]["sync"], flows[slug]["differences"]


class TestTheList:
    async def test_code_and_database_agree(self, api: Api) -> None:
        assert await sync_of(api) == ("in_sync", [])

    async def test_a_flow_is_in_the_code_alone(self, api: Api, engine: Engine) -> None:
        engine.do("select pgflow.delete_flow_and_data('shop')")

        assert await sync_of(api) == ("only_in_code", [])
        assert (await api.get("/flows"))["flows"][0]["counts"]["started"] == 0

    async def test_a_flow_is_in_the_database_alone(self, api: Api, engine: Engine) -> None:
        engine.flow(single("only"), slug="old")

        assert await sync_of(api, "old") == ("only_in_database", [])

    async def test_options_differ(self, api: Api, engine: Engine) -> None:
        engine.do("select pgflow.set_step_options('shop', 'pack', timeout => 99)")

        assert await sync_of(api) == ("options_differ", ["Step 'pack': timeout 99s -> 20s"])

    async def test_structure_differs(self, api: Api, engine: Engine) -> None:
        engine.do("select pgflow.add_step('shop', 'later')")

        assert await sync_of(api) == ("structure_differs", ["Step 'later' removed"])

    async def test_runs_are_counted_by_status_and_minute(
        self, api: Api, engine: Engine, run_id: UUID
    ) -> None:
        engine.start("shop", ORDER)
        engine.cancel(engine.start("shop", ORDER))

        [flow] = (await api.get("/flows"))["flows"]

        assert flow["counts"] == {"started": 1, "completed": 1, "failed": 0, "cancelled": 1}
        assert flow["last_run_at"] is not None
        history = flow["history"]
        assert (sum(history["completed"]), sum(history["other"])) == (1, 2)
        assert (len(history["failed"]), history["bucket_seconds"]) == (60, 60)

    async def test_workers_are_counted(self, api: Api, engine: Engine) -> None:
        engine.do(
            "update pgflow.workers set flow_slugs = '{shop}' where worker_id = %(id)s",
            id=engine.worker(),
        )

        assert (await api.get("/flows"))["flows"][0]["workers"] == 1


class TestOneFlow:
    async def test_it_is_told_in_code_and_sql(self, api: Api) -> None:
        flow = await api.get("/flows/shop")

        assert flow["code"]["source"]["file"].endswith("shop.py")
        assert flow["code"]["sql"][1] == "SELECT pgflow.add_step('shop', 'check');"
        assert flow["code"]["checksum"] == flow["database"]["checksum"]
        assert flow["code"]["input_schema"]["properties"]["id"] == {
            "title": "Id",
            "type": "integer",
        }

    async def test_its_steps_have_options_and_conditions(self, api: Api) -> None:
        check, pack, ship = (await api.get("/flows/shop"))["steps"]

        assert [step["step_type"] for step in (check, pack, ship)] == ["single", "map", "single"]
        assert (pack["options"]["timeout"], pack["options"]["max_attempts"]) == (20, None)
        assert pack["effective"] == {
            "max_attempts": 2,
            "base_delay": 1,
            "timeout": 20,
            "start_delay": 0,
        }
        assert ship["when"] == {"pack": ["packed tea"]}

    async def test_its_handlers_are_shown_with_their_source(self, api: Api) -> None:
        check, pack, ship = (step["handler"] for step in (await api.get("/flows/shop"))["steps"])

        assert check["code"].startswith("@shop.step()\ndef check(order: Order)")
        assert check["doc"] == "Looks whether all is there."
        assert check["line"] == 18
        assert pack["is_async"] is True
        assert pack["parameters"] == [{"name": "item", "type": "str", "source": "element of check"}]
        assert [each["source"] for each in ship["parameters"]] == ["flow input", "pack"]

    async def test_differences_are_told(self, api: Api, engine: Engine) -> None:
        engine.do("select pgflow.set_step_options('shop', 'pack', timeout => 99)")

        flow = await api.get("/flows/shop")

        assert flow["differences"] == {
            "structure": [],
            "options": ["Step 'pack': timeout 99s -> 20s"],
        }

    async def test_one_of_the_database_has_no_handlers(self, api: Api, engine: Engine) -> None:
        engine.flow(single("only"), slug="old")

        flow = await api.get("/flows/old")

        assert flow["code"] is None
        assert flow["steps"][0]["handler"] is None

    async def test_an_unknown_one_is_told(self, api: Api) -> None:
        error = await api.missing("/flows/nothing")

        assert error["message"] == (
            "there is no flow 'nothing', neither in the code nor in the database"
        )

    async def test_recent_inputs_come_once_each(self, api: Api, engine: Engine) -> None:
        for number in (1, 2, 1):
            engine.start("shop", {"id": number, "items": []})

        inputs = (await api.get("/flows/shop/inputs"))["inputs"]

        assert [each["input"]["preview"] for each in inputs] == [
            '{"id": 1, "items": []}',
            '{"id": 2, "items": []}',
        ]


class TestStarting:
    async def test_a_run_is_started(self, api: Api, engine: Engine) -> None:
        run = (await api.post("/flows/shop/runs", input=ORDER))["run"]

        assert run["status"] == "started"
        assert engine.run(UUID(run["run_id"]))["input"] == ORDER

    async def test_a_run_is_started_paused(self, api: Api) -> None:
        run = (await api.post("/flows/shop/runs", input=ORDER, paused=True))["run"]

        assert run["paused_at"] is not None

    async def test_an_input_that_does_not_fit_is_told(self, api: Api) -> None:
        error = await api.refused("/flows/shop/runs", 422, input={"id": "seven"})

        assert error["code"] == "invalid_input"
        assert "id: expected a valid integer, got 'seven'" in error["message"]
        assert "items: field required" in error["message"]

    async def test_an_unknown_flow_is_told(self, api: Api) -> None:
        error = await api.refused("/flows/nothing/runs", 404, input={})

        assert "there is no flow 'nothing' in the database" in error["message"]


async def test_broken_code_leaves_the_last_good_version(site: Playground, api: Api) -> None:
    assert site.code is not None
    site.code.names = ["nothing_here.py"]

    assert site.code.load() is False

    code = (await api.get("/session"))["code"]
    assert "there is no file nothing_here.py" in code["error"]["message"]
    assert await sync_of(api) == ("in_sync", [])


async def test_a_database_that_is_away_is_told() -> None:
    async with api_of(Playground(database_url="postgresql://nobody@127.0.0.1:1/away")) as api:
        error = await api.missing("/flows", 503)

    assert error["code"] == "unavailable"
    assert "the database cannot be reached" in error["message"]
