"""Reads a website, judges each of its pages, sums it up, and writes the result into a table.

    website ─┬─ sentiment (one task per page) ─┬─ save_to_db
             └─ summary ───────────────────────┘

A site that is out of order for a moment fails `website`; it is tried again a second later.
"""

from __future__ import annotations

from typing import TypedDict

from pgflow import Flow, current_task
from pgflow.demo.page import Page, read_page

PRAISE = frozenset(
    {"best", "cheerful", "delicious", "fresh", "friendly", "love", "warm", "wonderful"}
)
BLAME = frozenset({"cold", "expensive", "late", "noisy", "rude", "slow", "stale", "worst"})

TABLE = """
    create table if not exists website_analyses (
      run_id uuid primary key,
      url text not null,
      sentiment int not null,
      summary text not null
    )
"""
RESULTS = "select url, sentiment, summary from website_analyses where run_id = '...'"


class Site(TypedDict):
    url: str


class Analysis(TypedDict):
    pages: int
    sentiment: int


analyze_website = Flow("analyze_website", input=Site, max_attempts=3, base_delay=1)


@analyze_website.step()
def website(site: Site) -> list[Page]:
    front = read_page(site["url"])
    return [front, *(read_page(url) for url in front["links"])]


@analyze_website.map(website)
def sentiment(page: Page) -> int:
    words = page["text"].lower().replace(",", " ").replace(".", " ").split()
    return sum(word in PRAISE for word in words) - sum(word in BLAME for word in words)


@analyze_website.step(website)
def summary(pages: list[Page]) -> str:
    return "; ".join(f"{page['title']}: {page['text'].partition('.')[0]}" for page in pages)


@analyze_website.step(analyze_website.input, sentiment, summary)
def save_to_db(site: Site, sentiments: list[int], summary: str) -> Analysis:
    task = current_task()
    with task.transaction() as connection:
        connection.execute(TABLE)
        connection.execute(
            "insert into website_analyses values (%s, %s, %s, %s)",
            [task.run_id, site["url"], sum(sentiments), summary],
        )
    return {"pages": len(sentiments), "sentiment": sum(sentiments)}
