from __future__ import annotations

from pgflow.demo.analyze_website import analyze_website, sentiment, summary
from pgflow.demo.greet_user import full_name, greet_user
from pgflow.demo.page import Page


def page(text: str, title: str = "A page") -> Page:
    return {"url": "http://site/", "title": title, "text": text, "links": []}


def test_the_full_name_has_both_parts() -> None:
    assert full_name({"first_name": "Alice", "last_name": "Smith"}) == "Alice Smith"


def test_praise_counts_for_a_page_and_blame_against_it() -> None:
    assert sentiment(page("Fresh bread, friendly people. A slow queue.")) == 1
    assert sentiment(page("")) == 0


def test_the_summary_has_the_first_sentence_of_each_page() -> None:
    pages = [page("We bake. Come in.", "Bakery"), page("Rye only. Sorry.", "Bread")]

    assert summary(pages) == "Bakery: We bake; Bread: Rye only"


def test_the_flows_have_the_steps_that_the_documentation_names() -> None:
    assert list(greet_user.steps) == ["full_name", "greeting"]
    assert {slug: step.dependencies for slug, step in analyze_website.steps.items()} == {
        "website": (),
        "sentiment": ("website",),
        "summary": ("website",),
        "save_to_db": ("sentiment", "summary"),
    }
    assert analyze_website.steps["sentiment"].step_type == "map"
