"""The pictures of the documentation, taken of real runs: make screenshots"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.restaurant import Restaurant

IMAGES = Path(__file__).parent.parent.parent / "docs" / "images"


@pytest.fixture
def camera(request: pytest.FixtureRequest, page: Page) -> Page:
    if not request.config.getoption("--screenshots", default=False):
        pytest.skip("pictures are taken with --screenshots")
    IMAGES.mkdir(parents=True, exist_ok=True)
    return page


def take(page: Page, name: str) -> None:
    expect(page.locator(".loading")).to_have_count(0)
    page.mouse.move(0, 0)
    page.screenshot(path=IMAGES / f"{name}.png")


def test_takes_the_pictures(camera: Page, place: Restaurant):
    for number in range(12):
        place.order(id=number, express=number % 2 == 0)
    place.ended(place.order(id=12))
    place.run_out_of_paper()
    failed = place.order(id=98, customer="Grace", dishes=["soup", "bread", "pie"])
    place.ended(failed)
    place.refill_paper()
    paused = place.order(id=99, paused=True)
    peas = place.start("count_peas", 10_000)
    place.ended(peas)

    for look in ("light", "dark"):
        camera.emulate_media(color_scheme="dark" if look == "dark" else "light")
        ending = "" if look == "light" else "-dark"
        camera.goto(f"{place.url}/runs/{failed}?step=write_bill")
        expect(camera.locator(".step.failed")).to_be_visible()
        expect(camera.locator(".bar.work").first).to_be_visible()
        expect(camera.get_by_label("Input", exact=True)).to_be_visible()
        take(camera, f"playground-run{ending}")
    camera.emulate_media(color_scheme="light")
    pictures = {
        "flows": "/",
        "flow": "/flows/order_a_meal?step=write_bill",
        "start": "/flows/order_a_meal?start=1",
        "edit": "/flows/order_a_meal?edit=1",
        "runs": "/runs",
        "elements": f"/runs/{peas}?step=look_at",
        "step-through": f"/runs/{paused}",
        "workers": "/workers",
    }
    for name, path in pictures.items():
        camera.goto(place.url + path)
        expect(camera.locator(".connection")).to_contain_text("live")
        expect(camera.locator(".card").first).to_be_visible()
        if name == "elements":
            expect(camera.locator(".element-row").first).to_be_visible()
        if name == "edit":
            add_a_step(camera)
        take(camera, f"playground-{name}")


def add_a_step(camera: Page) -> None:
    camera.locator(".step", has_text="hand_over").click()
    camera.get_by_role("button", name="Add a step").click()
    camera.get_by_label("Name").fill("wash_up")
    camera.get_by_label("Name").press("Enter")
    expect(camera.get_by_role("tabpanel", name="What changes")).to_contain_text("wash_up")
