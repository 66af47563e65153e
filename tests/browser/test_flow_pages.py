from __future__ import annotations

import json

from playwright.sync_api import Page, expect

from tests.browser.restaurant import Restaurant


def test_leads_from_the_list_to_the_picture_of_a_flow(page: Page, place: Restaurant):
    row = page.get_by_role("listitem").filter(has_text="order_a_meal")
    expect(row).to_contain_text("in sync")
    row.get_by_role("link", name="order_a_meal", exact=True).click()

    picture = page.get_by_role("region", name="The steps of order_a_meal")
    for step in ("check_pantry", "cook", "call_courier", "hand_over", "write_bill"):
        expect(picture.get_by_text(step, exact=True)).to_be_visible()


def test_shows_types_options_and_code_of_a_step(page: Page, place: Restaurant):
    page.goto(f"{place.url}/flows/order_a_meal")

    page.locator(".step", has_text="cook").click()

    panel = page.get_by_role("complementary", name="Step cook")
    expect(panel).to_contain_text("element of check_pantry")
    expect(panel).to_contain_text("Attempts2")
    expect(panel).to_contain_text("async def cook(dish: str) -> dict[str, str]:")
    expect(panel).to_contain_text("kitchen.py:")
    assert page.url.endswith("?step=cook")


def test_shows_the_compiled_sql_and_that_code_and_database_agree(page: Page, place: Restaurant):
    page.goto(f"{place.url}/flows/order_a_meal")

    page.get_by_role("tab", name="SQL").click()
    expect(page.get_by_role("tabpanel", name="SQL")).to_contain_text("pgflow.create_flow(")

    page.get_by_role("tab", name="Code / database").click()
    expect(page.get_by_text("Code and database agree")).to_be_visible()


def test_starts_a_run_from_the_form_and_watches_it_finish(page: Page, place: Restaurant):
    page.goto(f"{place.url}/flows/order_a_meal")
    page.get_by_role("button", name="Start a run").click()
    form = page.get_by_role("complementary", name="Start a run")
    expect(form.get_by_text("Before it can start: id is needed.")).to_be_visible()
    form.get_by_label("id").fill("42")
    form.get_by_label("customer").fill("Grace")
    form.get_by_label("size").select_option("large")
    form.get_by_label("express").check()
    form.get_by_role("button", name="Add an item").click()
    form.get_by_label("dishes[0]", exact=False).first.fill("soup")

    form.get_by_role("button", name="Start", exact=True).click()

    expect(page.locator(".page-head .status")).to_have_text("completed")
    expect(page.locator(".step.completed")).to_have_count(5)
    expect(page.get_by_label("Output", exact=True)).to_contain_text("Grace: 1 plates by courier-42")


def test_fills_the_form_with_an_input_used_before(page: Page, place: Restaurant):
    place.ended(place.order(id=77, customer="Hedy"))
    page.goto(f"{place.url}/flows/order_a_meal?start=1")

    page.get_by_role("button", name="Hedy").click()

    expect(page.get_by_label("customer")).to_have_value("Hedy")
    page.get_by_role("button", name="JSON").click()
    text = page.get_by_label("Input, as JSON").input_value()
    assert json.loads(text)["id"] == 77


def test_says_what_is_wrong_with_json(page: Page, place: Restaurant):
    page.goto(f"{place.url}/flows/count_peas?start=1")
    page.get_by_role("button", name="JSON").click()

    page.get_by_label("Input, as JSON").fill("{")

    expect(page.get_by_text("This is not JSON yet")).to_be_visible()
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_disabled()
