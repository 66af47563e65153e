"""A flow that is changed on the page: judged, told as SQL and Python, applied when asked to."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.support.engine import Engine
from tests.web.api import Api

Shape = dict[str, Any]


@pytest.fixture
async def shape(api: Api) -> Shape:
    """The shape of `shop`, to be edited."""
    return (await api.get("/flows/shop"))["code"]["shape"]


def new_step(slug: str, *dependencies: str, **other: Any) -> Shape:
    return {"slug": slug, "step_type": "single", "dependencies": list(dependencies), **other}


async def check(api: Api, shape: Shape, slug: str = "shop") -> Any:
    return await api.post(f"/flows/{slug}/edit/check", shape=shape)


class TestChecking:
    async def test_nothing_changed(self, api: Api, shape: Shape) -> None:
        found = await check(api, shape)

        assert found["errors"] == []
        assert found["from_code"] == found["from_database"] == {"structure": [], "options": []}
        assert found["apply"]["action"] == "nothing"

    async def test_options_are_updated_in_place(self, api: Api, shape: Shape) -> None:
        shape["steps"][1]["options"]["timeout"] = 30

        found = await check(api, shape)

        assert found["from_database"]["options"] == ["Step 'pack': timeout 20s -> 30s"]
        assert found["apply"] == {
            "action": "update",
            "message": None,
            "runs": 0,
            "unfinished": 0,
        }
        assert "@shop.map(check, timeout=30)" in found["python"]

    async def test_a_new_structure_costs_the_runs(
        self, api: Api, shape: Shape, run_id: UUID
    ) -> None:
        shape["steps"].append(new_step("thank", "ship", when={"ship": "ok"}))

        found = await check(api, shape)

        assert found["from_code"]["structure"] == ["New step 'thank' added"]
        assert found["sql"][-1] == (
            "SELECT pgflow.add_step('shop', 'thank', ARRAY['ship'], "
            """required_input_pattern => '{"ship":"ok"}');"""
        )
        assert found["apply"] == {
            "action": "recreate",
            "message": "this drops flow 'shop' with 1 run, 0 unfinished, and creates it anew",
            "runs": 1,
            "unfinished": 0,
        }

    async def test_a_flow_that_does_not_exist_yet_is_created(self, api: Api) -> None:
        found = await check(api, {"steps": [new_step("first")]}, "fresh")

        assert found["from_code"] is None
        assert found["apply"]["action"] == "create"
        assert found["python"].endswith(
            'fresh = Flow("fresh")\n\n\n@fresh.step()\ndef first(input: Any) -> Any:\n    ...\n'
        )

    async def test_every_mistake_is_told(self, api: Api, shape: Shape) -> None:
        shape["options"]["timeout"] = 1
        shape["steps"] = [
            new_step("run", "later"),
            new_step("pair", "run", "nothing"),
            new_step("later", options={"max_attempts": 0}),
            new_step("pair", when={"no": 1}) | {"dependencies": ["later"]},
            new_step("wide", "later", "pair") | {"step_type": "map"},
        ]

        found = await check(api, shape)

        assert (found["sql"], found["python"], found["checksum"]) == ([], "", None)
        told = [(each["step"], each["message"]) for each in found["errors"]]
        assert [step for step, _ in told] == [
            None,
            "run",
            "run",
            "pair",
            "later",
            "pair",
            "pair",
            "wide",
        ]
        messages = " | ".join(message for _, message in told)
        for expected in (
            "flow 'shop': timeout is 1, expected whole seconds of at least 3",
            "step 'run': the slug is reserved",
            "step 'run' depends on 'later', which does not come before it. Move it up",
            "step 'pair' depends on 'nothing', which does not exist",
            "step 'later': max_attempts is 0, expected a whole number of at least 1",
            "there are two steps 'pair'",
            "step 'pair': when has the key 'no', which is no dependency",
            "step 'wide' is a map with 2 dependencies, expected at most one",
        ):
            assert expected in messages


class TestPython:
    async def test_known_handlers_keep_their_bodies(self, api: Api, shape: Shape) -> None:
        text = (await check(api, shape))["python"]

        assert 'shop = Flow("shop", input=Order, max_attempts=2, base_delay=1)' in text
        assert 'async def pack(item: str) -> str:\n    return f"packed {item}"' in text
        assert (
            "@shop.step(shop.input, pack, when={'pack': ['packed tea']}, when_unmet=\"skip\")"
            in text
        )
        assert "Nothing is sold twice." in text

    async def test_a_step_that_is_wired_anew_has_other_parameters(
        self, api: Api, shape: Shape
    ) -> None:
        shape["steps"][2]["dependencies"] = ["pack", "check"]

        text = (await check(api, shape))["python"]

        assert "@shop.step(shop.input, pack, check, when=" in text
        assert (
            "def ship(order: Order, parcels: list[str], check: Any) -> str:\n    return f" in text
        )

    async def test_what_it_writes_can_be_compiled(self, api: Api, shape: Shape) -> None:
        shape["steps"].append(new_step("class", "ship"))

        text = (await check(api, shape))["python"]

        compile(text, "shop.py", "exec")
        assert '@shop.step(ship, slug="class")\ndef class_(ship: Any) -> Any:' in text


class TestApplying:
    async def test_options_take_effect(self, api: Api, engine: Engine, shape: Shape) -> None:
        shape["steps"][1]["options"]["timeout"] = 30

        done = await api.post("/flows/shop/edit/apply", shape=shape)

        assert done == {
            "flow_slug": "shop",
            "action": "update",
            "differences": ["Step 'pack': timeout 20s -> 30s"],
        }
        assert (await api.get("/flows/shop"))["sync"] == "options_differ"

    async def test_runs_are_not_lost_by_accident(
        self, api: Api, engine: Engine, shape: Shape, run_id: UUID
    ) -> None:
        shape["steps"].append(new_step("thank", "ship"))

        error = await api.refused("/flows/shop/edit/apply", 409, shape=shape)

        assert error["message"].startswith(
            "flow 'shop' was not changed: this drops flow 'shop' with 1 run, 0 unfinished"
        )
        assert error["differences"] == ["New step 'thank' added"]
        assert engine.run(run_id)["status"] == "completed"

    async def test_runs_are_lost_when_that_is_accepted(
        self, api: Api, engine: Engine, shape: Shape, run_id: UUID
    ) -> None:
        shape["steps"].append(new_step("thank", "ship"))

        done = await api.post("/flows/shop/edit/apply", shape=shape, accept_loss=True)

        assert done["action"] == "recreate"
        assert engine.value("select count(*) from pgflow.runs") == 0
        assert (await api.get("/flows/shop"))["sync"] == "structure_differs"

    async def test_production_keeps_its_structure(
        self, api: Api, shape: Shape, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PGFLOW_ENV", "production")
        shape["steps"].append(new_step("thank", "ship"))

        error = await api.refused("/flows/shop/edit/apply", 409, shape=shape, accept_loss=True)

        assert "this database does not take another structure. Use a new slug" in error["message"]

    async def test_a_mistake_is_not_applied(self, api: Api, shape: Shape) -> None:
        shape["steps"].append(new_step("thank", "nobody"))

        error = await api.refused("/flows/shop/edit/apply", 422, shape=shape)

        assert error["message"] == "step 'thank' depends on 'nobody', which does not exist"

    async def test_a_new_flow_is_created(self, api: Api, engine: Engine) -> None:
        shape = {
            "options": {"timeout": 9},
            "steps": [new_step("first"), new_step("second", "first")],
        }

        done = await api.post("/flows/fresh/edit/apply", shape=shape)

        assert done["action"] == "create"
        assert (await api.get("/flows/fresh"))["database"]["shape"]["options"]["timeout"] == 9
