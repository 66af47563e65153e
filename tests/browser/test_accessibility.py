from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.restaurant import Restaurant
from tests.support.eventually import eventually

SERIOUS = ("serious", "critical")
PAGES = {
    "flows": "/",
    "flow": "/flows/order_a_meal",
    "step of a flow": "/flows/order_a_meal?step=cook",
    "start form": "/flows/order_a_meal?start=1",
    "sql": "/flows/order_a_meal?tab=sql",
    "editor": "/flows/order_a_meal?edit=1",
    "runs": "/runs",
    "no runs": "/runs?text=nobody-has-this",
    "run": "/runs/{run}",
    "log": "/runs/{run}?tab=log",
    "step of a run": "/runs/{run}?step=cook&element=1",
    "paused run": "/runs/{paused}",
    "workers": "/workers",
    "no page": "/nowhere",
}


@pytest.fixture(scope="module")
def runs(place: Restaurant) -> dict[str, str]:
    done = place.order()
    place.ended(done)
    return {"run": done, "paused": place.order(paused=True)}


@pytest.mark.parametrize("path", PAGES.values(), ids=list(PAGES))
def test_nobody_is_kept_out_in_light_and_dark(
    page: Page, place: Restaurant, runs: dict[str, str], axe: str, path: str
):
    page.goto(place.url + path.format(**runs))
    expect(page.locator("main h1").first).to_be_visible()
    expect(page.locator(".loading")).to_have_count(0)
    page.evaluate(axe)

    light = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    # The colours are those of the new theme when nothing is on its way between them any more.
    eventually(lambda: page.evaluate("document.getAnimations().length") == 0)
    dark = page.evaluate("axe.run(document, {resultTypes: ['violations']})")

    assert serious(light) == []
    assert serious(dark) == []


@pytest.mark.parametrize("path", PAGES.values(), ids=list(PAGES))
def test_a_phone_shows_all_without_scrolling_sideways(
    page: Page, place: Restaurant, runs: dict[str, str], path: str
):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(place.url + path.format(**runs))
    expect(page.locator("main h1").first).to_be_visible()

    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def serious(found: dict[str, Any]) -> list[str]:
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in SERIOUS
        for node in violation["nodes"]
    ]
