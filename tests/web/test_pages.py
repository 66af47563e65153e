"""The built front end, and what is served without it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgflow.web import pages
from tests.web.api import Api


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A front end that was built."""
    monkeypatch.setattr(pages, "BUILT", tmp_path)
    (tmp_path / "index.html").write_text("<!doctype html><title>playground</title>")
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "index-7f3a.js").write_text("console.log(1)")
    return tmp_path


async def test_every_path_leads_to_the_page(api: Api, built: Path) -> None:
    for path in ("/", "/flows/shop", "/runs/7"):
        answer = await api.client.get(path)
        assert answer.text == "<!doctype html><title>playground</title>"
        assert answer.headers["cache-control"] == "no-store"


async def test_built_files_are_kept_by_the_browser(api: Api, built: Path) -> None:
    answer = await api.client.get("/assets/index-7f3a.js")

    assert answer.text == "console.log(1)"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/javascript")


async def test_without_it_the_page_says_how_to_build_it(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "BUILT", tmp_path)

    assert "<code>make ui</code>" in (await api.client.get("/")).text


async def test_an_unknown_path_of_the_api_is_no_page(api: Api, built: Path) -> None:
    error = await api.missing("/nothing")

    assert error["message"] == "there is no /api/nothing in the API. See /api/openapi.json"


async def test_the_api_describes_itself(api: Api) -> None:
    document = await api.get("/openapi.json")

    assert document["openapi"] == "3.1.0"
    operation = document["paths"]["/api/runs"]["get"]
    assert operation["operationId"] == "list_runs"
    assert {each["name"] for each in operation["parameters"]} == {
        "flow",
        "status",
        "since",
        "until",
        "text",
        "limit",
        "cursor",
    }
    schemas = document["components"]["schemas"]
    assert schemas["RunPage"]["properties"]["runs"]["items"] == {
        "$ref": "#/components/schemas/RunSummary"
    }
