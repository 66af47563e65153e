from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.restaurant import Restaurant


def test_an_edit_shows_its_differences_its_sql_and_its_python(page: Page, place: Restaurant):
    page.goto(f"{place.url}/flows/order_a_meal")
    page.get_by_role("button", name="Edit", exact=True).click()
    expect(page.get_by_text("No difference.").first).to_be_visible()

    page.locator(".step", has_text="hand_over").click()
    page.get_by_role("button", name="Add a step").click()
    name = page.get_by_label("Name")
    name.fill("wash_up")
    name.press("Enter")

    changes = page.get_by_role("tabpanel", name="What changes")
    expect(changes).to_contain_text("wash_up")
    page.get_by_role("tab", name="SQL").click()
    expect(page.get_by_role("tabpanel", name="SQL")).to_contain_text("wash_up")
    page.get_by_role("tab", name="Python").click()
    expect(page.get_by_role("tabpanel", name="Python")).to_contain_text("def wash_up(")


def test_a_mistake_is_named_where_it_is(page: Page, place: Restaurant):
    page.goto(f"{place.url}/flows/order_a_meal?edit=1")
    page.locator(".step", has_text="cook").click()

    page.get_by_role("checkbox", name="call_courier").check()

    expect(page.get_by_role("tab", name="1 mistake")).to_be_visible()
    expect(page.locator(".step.wrong")).to_contain_text("cook")
    expect(page.get_by_role("button", name="Mend it first")).to_be_disabled()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Nothing to apply")).to_be_visible()


def test_options_are_applied_to_the_database(page: Page, place: Restaurant):
    page.goto(f"{place.url}/flows/count_peas?edit=1")
    page.locator(".step", has_text="total").click()
    panel = page.get_by_role("complementary", name="Edit the step total")
    panel.get_by_label("Timeout").fill("55")

    page.get_by_role("button", name="Apply the options").click()
    page.get_by_role("dialog").get_by_role("button", name="Apply").click()

    expect(page.get_by_text("The database has the new count_peas")).to_be_visible()
    steps = place.api.get("/flows/count_peas").json()["database"]["shape"]["steps"]
    assert steps[2]["options"]["timeout"] == 55


def test_a_new_flow_is_drawn_and_created(page: Page, place: Restaurant):
    page.get_by_role("button", name="Draw a new flow").click()
    page.get_by_label("Name").fill("drawn_by_hand")
    page.get_by_role("button", name="Draw it").click()
    page.get_by_role("button", name="Add a step").click()
    page.get_by_role("button", name="Add a step").click()
    expect(page.locator(".step")).to_have_count(2)

    page.get_by_role("button", name="Create it in the database").click()
    page.get_by_role("dialog").get_by_role("button", name="Apply").click()

    expect(page.get_by_text("The database has the new drawn_by_hand")).to_be_visible()
    shape = place.api.get("/flows/drawn_by_hand").json()["database"]["shape"]
    assert [step["dependencies"] for step in shape["steps"]] == [[], [shape["steps"][0]["slug"]]]
