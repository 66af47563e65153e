from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.restaurant import Restaurant


def test_a_run_appears_in_the_list_by_itself(page: Page, place: Restaurant):
    page.goto(f"{place.url}/runs?text=Katherine")
    expect(page.get_by_text("No run fits this filter")).to_be_visible()

    place.order(customer="Katherine")

    row = page.get_by_role("row").filter(has_text="Katherine")
    expect(row).to_contain_text("completed")


def test_the_filter_stands_in_the_address(page: Page, place: Restaurant):
    place.ended(place.order(customer="Mary"))
    page.goto(f"{place.url}/runs")

    page.get_by_role("combobox", name="Flow").select_option("order_a_meal")
    page.get_by_role("group", name="Status").get_by_role("button", name="completed").click()
    page.get_by_label("Input has the text").fill("Mary")

    expect(page).to_have_url(re.compile(r"\?flow=order_a_meal&status=completed&text=Mary$"))
    expect(page.locator(".runs tbody tr")).to_have_count(1)


def test_picked_runs_are_cancelled_together(page: Page, place: Restaurant):
    for number in (1, 2):
        place.order(id=number, customer="Annie", paused=True)
    page.goto(f"{place.url}/runs?text=Annie")
    expect(page.locator(".runs tbody tr")).to_have_count(2)

    page.get_by_label("Pick all runs that are shown").check()
    page.get_by_role("button", name="Cancel …").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel them").click()

    expect(page.get_by_text("2 runs cancelled")).to_be_visible()
    expect(page.locator(".runs tbody .status", has_text="cancelled")).to_have_count(2)


def test_workers_and_queues_are_shown(page: Page, place: Restaurant):
    page.get_by_role("link", name="Workers").click()

    expect(page.get_by_text("1 worker alive")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="order_a_meal")).to_be_visible()


def test_keys_lead_through_the_pages(page: Page, place: Restaurant):
    expect(page.get_by_role("heading", name="Flows")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Go to the runs")
    page.keyboard.press("Escape")

    page.keyboard.press("g")
    page.keyboard.press("r")

    expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()


def test_the_look_that_was_chosen_stays(page: Page, place: Restaurant):
    page.get_by_role("button", name="Use the dark look").click()
    page.reload()

    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_each_page_holds_one_stream(page: Page, place: Restaurant):
    expect(page.locator(".connection")).to_contain_text("live")
    streams: list[str] = []
    page.on("request", lambda asked: streams.append(asked.url) if "events" in asked.url else None)

    page.get_by_role("link", name="Runs").click()
    expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()
    expect(page.locator(".connection")).to_contain_text("live")

    assert [url.split("watch=")[1] for url in streams] == ["runs"]
