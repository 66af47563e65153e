"""What `pgflow demo` shows: two flows at work on a real PostgreSQL, from start to result."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import click

from pgflow import schema
from pgflow.cli.following import follow
from pgflow.cli.screens import open_screen
from pgflow.cli.tables import table
from pgflow.client import AsyncClient
from pgflow.client.connections import AsyncDatabase
from pgflow.definition.flow import Flow
from pgflow.demo.analyze_website import RESULTS, analyze_website
from pgflow.demo.greet_user import Person, greet_user
from pgflow.demo.monitoring import Question, questions
from pgflow.demo.site import serve_site
from pgflow.durations import duration
from pgflow.embedded import find_home, project_database
from pgflow.worker import Worker

FLOWS = (greet_user, analyze_website)
ALICE: Person = {"first_name": "Alice", "last_name": "Smith"}
MANY = 500


class Stopwatch:
    """Tells the time since it was made, or was last asked."""

    def __init__(self) -> None:
        self._since = time.monotonic()

    def lap(self) -> timedelta:
        before, self._since = self._since, time.monotonic()
        return timedelta(seconds=self._since - before)


def report(text: str, took: timedelta) -> None:
    """One thing is done."""
    click.echo(f"{click.style('✓', fg='green')} {text}  {click.style(duration(took), dim=True)}")


def headline(text: str) -> None:
    click.echo(f"\n{click.style(text, bold=True)}")


async def show_embedded_demo() -> None:
    """The demo on the project's embedded PostgreSQL, which runs as long as it is needed."""
    stopwatch = Stopwatch()
    with project_database().hold() as url:
        report(f"PostgreSQL runs, its data is in {find_home()}", stopwatch.lap())
        await show_demo(url)


async def show_demo(database_url: str) -> None:
    """Installs the engine, runs the sample flows and shows what can be seen of them."""
    # A failed attempt is shown with its run: the log would only come in between.
    logging.getLogger("pgflow").addHandler(logging.NullHandler())
    stopwatch = Stopwatch()
    installation = schema.install(database_url)
    done = "installed" if installation.changed else "is in place"
    report(f"engine {installation.engine_version} {done}", stopwatch.lap())
    async with Worker(FLOWS, database_url=database_url):
        report(f"a worker serves {' and '.join(flow.slug for flow in FLOWS)}", stopwatch.lap())
        async with AsyncClient(database_url) as client:
            await Tour(database_url, client).show_all()
    headline("That was all")
    report("the code of the flows is in the package pgflow.demo", stopwatch.lap())


@dataclass(frozen=True, slots=True)
class Tour:
    """What there is to see in a database where a worker serves the sample flows."""

    database_url: str
    client: AsyncClient

    async def show_all(self) -> None:
        await self.show_run(greet_user, ALICE)
        with serve_site(troubles=1) as url:
            analysis = await self.show_run(analyze_website, {"url": url})
        await self.show_answer(
            Question("What save_to_db wrote, together with its completion", RESULTS), analysis
        )
        await self.show_throughput()
        for question in questions():
            await self.show_answer(question, analysis)

    async def show_run(self, flow: Flow[Any], flow_input: Any) -> UUID:
        """Starts a run, shows it as it goes on, and prints its output."""
        headline(f"{flow.slug} ← {json.dumps(flow_input)}")
        run = await self.client.start(flow, flow_input)
        with open_screen() as screen:
            await follow(self.database_url, run.run_id, screen)
        click.echo(f"→ {json.dumps(await run.wait(), ensure_ascii=False)}")
        return run.run_id

    async def show_throughput(self) -> None:
        """Starts many runs at once and waits for them all."""
        headline(f"{MANY} runs of {greet_user.slug}, started in one statement")
        stopwatch = Stopwatch()
        runs = await self.client.start_many(greet_user, [ALICE] * MANY)
        report("started", stopwatch.lap())
        await asyncio.gather(*(run.wait() for run in runs))
        took = stopwatch.lap()
        steps = MANY * len(greet_user.steps)
        report(f"completed: {steps / took.total_seconds():,.0f} steps per second", took)

    async def show_answer(self, question: Question, run_id: UUID) -> None:
        """Asks the database, in plain SQL, about a run."""
        asked = question.about(run_id)
        headline(asked.title)
        click.echo(click.style(asked.query, dim=True))
        rows = await AsyncDatabase(self.database_url).fetch(asked.statement())
        click.echo(table(rows) if rows else "(no rows)")
