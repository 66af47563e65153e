from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.restaurant import Restaurant


def test_a_failed_run_says_why_and_is_retried(page: Page, place: Restaurant):
    place.run_out_of_paper()
    run_id = place.order(customer="Ada")
    page.goto(f"{place.url}/runs/{run_id}")
    status = page.locator(".page-head .status")
    expect(status).to_have_text("failed")
    panel = page.get_by_role("complementary", name="The whole run")
    expect(panel).to_contain_text("the printer has no paper")

    place.refill_paper()
    page.get_by_role("button", name="Retry failed").click()
    page.get_by_role("dialog").get_by_role("button", name="Retry").click()

    expect(status).to_have_text("completed")
    expect(page.get_by_label("Output", exact=True)).to_contain_text("Ada: 2 plates")


def test_steps_through_a_run_and_edits_an_output_on_the_way(page: Page, place: Restaurant):
    page.goto(f"{place.url}/runs/{place.order(express=False, paused=True)}")
    bar = page.get_by_role("region", name="Step through")
    expect(bar).to_contain_text("Ready to go on: check_pantry")

    bar.get_by_role("button", name="check_pantry", exact=True).click()
    expect(page.get_by_label("Input", exact=True)).to_contain_text('"customer": "Ada"')
    bar.get_by_role("button", name="Next: check_pantry").click()
    page.get_by_role("button", name="Edit this output").click()
    editor = page.get_by_label("Output of check_pantry, as JSON")
    editor.fill('["salad"]')
    page.get_by_role("button", name="Use this output").click()
    expect(page.get_by_text("The output of check_pantry is changed")).to_be_visible()
    page.keyboard.press("n")
    expect(page.locator(".step.map")).to_contain_text("1/1")
    bar.get_by_role("button", name="Run to the end").click()

    expect(page.locator(".page-head .status")).to_have_text("completed")
    page.keyboard.press("Escape")
    expect(page.get_by_label("Output", exact=True)).to_contain_text("Ada: 1 plates by hand")
    page.get_by_role("tab", name="Log").click()
    expect(page.get_by_role("tabpanel", name="Log")).to_contain_text("Output edited")


def test_runs_again_with_edited_input(page: Page, place: Restaurant):
    run_id = place.order(customer="Ada")
    place.ended(run_id)
    page.goto(f"{place.url}/runs/{run_id}")

    page.get_by_role("button", name="Run again …").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("customer").fill("Barbara")
    dialog.get_by_role("button", name="Start the new run").click()

    expect(page.get_by_label("Output", exact=True)).to_contain_text("Barbara: 2 plates")


def test_runs_again_from_a_step_with_edited_outputs_before_it(page: Page, place: Restaurant):
    run_id = place.order()
    place.ended(run_id)
    page.goto(f"{place.url}/runs/{run_id}?step=write_bill")

    page.get_by_role("button", name="Run again from here …").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Outputs of the steps before, as JSON").fill('{"hand_over": "a feast"}')
    dialog.get_by_role("button", name="Start the new run").click()

    expect(page.get_by_label("Output", exact=True)).to_contain_text("Ada: a feast")
    expect(page.get_by_role("link", name="the run before")).to_have_attribute(
        "href", f"/runs/{run_id}"
    )


def test_a_run_is_cancelled_after_a_question(page: Page, place: Restaurant):
    page.goto(f"{place.url}/runs/{place.order(paused=True)}")

    page.get_by_role("button", name="Cancel …").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the run").click()

    expect(page.locator(".page-head .status")).to_have_text("cancelled")


def test_thousands_of_elements_are_found_by_number(page: Page, place: Restaurant):
    run_id = place.start("count_peas", 3000)
    place.ended(run_id)
    page.goto(f"{place.url}/runs/{run_id}?step=look_at")
    expect(page.get_by_role("button", name="3,000 completed")).to_be_visible()

    jump = page.get_by_label("Go to an element by its number")
    jump.fill("2500")
    jump.press("Enter")

    expect(page.get_by_role("heading", name="Element #2500")).to_be_visible()
    expect(page.locator(".element")).to_contain_text('"pea 2500"')
    assert page.locator(".element-row").count() < 50


def test_the_timeline_opens_a_map_step(page: Page, place: Restaurant):
    run_id = place.order()
    place.ended(run_id)
    page.goto(f"{place.url}/runs/{run_id}")

    page.get_by_role("button", name="Show the elements of cook").click()

    expect(page.locator(".element-line")).to_have_count(2)
