from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from pgflow.demo.monitoring import questions
from pgflow.testing.server import ScratchServer
from tests.support.commands import CommandLine
from tests.support.engine import Engine


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo that was run: what it has printed, and the database that it leaves."""

    shown: str
    engine: Engine


@pytest.fixture(scope="module")
def demo(pgflow_server: ScratchServer) -> Iterator[Demo]:
    with pgflow_server.clone() as url:
        shown = CommandLine()("demo", "--url", url).output
        engine = Engine.connect(url)
        yield Demo(shown, engine)
        engine.close()


def test_greet_user_gives_its_greeting(demo: Demo) -> None:
    assert '→ {"greeting": "Hello, Alice Smith!"}' in demo.shown


def test_analyze_website_survives_the_trouble_of_the_site(demo: Demo) -> None:
    assert re.search(r"website .*attempt 1 · HTTPError: HTTP Error 503", demo.shown)
    assert re.search(r"✓ website .*attempt 2", demo.shown)
    assert '→ {"save_to_db": {"pages": 4, "sentiment": 3}}' in demo.shown


def test_the_map_has_a_task_for_each_page(demo: Demo) -> None:
    assert "4/4 tasks" in demo.shown


def test_the_result_stands_in_the_table(demo: Demo) -> None:
    [analysis] = demo.engine.rows("select sentiment, summary from website_analyses")

    assert analysis["sentiment"] == 3
    assert "Our bread: Rye, spelt and a delicious walnut loaf" in analysis["summary"]


def test_every_monitoring_query_is_shown_with_its_answer(demo: Demo) -> None:
    titles = [question.title for question in questions()]

    assert len(titles) == 8
    assert [title for title in titles if title not in demo.shown] == []
    assert re.search(r"^completed +\{\"save_to_db\"", demo.shown, re.MULTILINE)


def test_no_run_has_failed_and_no_worker_is_left(demo: Demo) -> None:
    assert demo.engine.value("select count(*) from pgflow.runs where status = 'failed'") == 0
    assert demo.engine.value("select count(*) from pgflow.workers where stopped_at is null") == 0


def test_an_empty_url_is_refused() -> None:
    assert "Error: the database URL is empty" in CommandLine().refused("demo", "--url", "")
