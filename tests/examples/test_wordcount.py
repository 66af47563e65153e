from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from examples.wordcount import Search, wordcount
from pgflow import Worker
from pgflow.testing import PgflowDatabase, run_flow


@pytest.fixture
def directory(tmp_path: Path) -> str:
    (tmp_path / "a.md").write_text("To be, or not to be")
    (tmp_path / "b.md").write_text("Be that as it may")
    (tmp_path / "c.txt").write_text("not counted")
    return str(tmp_path)


def test_the_words_of_all_files_are_counted(
    pgflow_database: PgflowDatabase, directory: str
) -> None:
    run = run_flow(wordcount, {"directory": directory, "pattern": "*.md"}, database=pgflow_database)

    assert run.wait()["most_common"][:2] == [("be", 3), ("to", 2)]


@pytest.mark.slow
def test_the_files_are_counted_in_processes(
    pgflow_database: PgflowDatabase, directory: str
) -> None:
    search: Search = {"directory": directory, "pattern": "*.md"}
    run_flow(wordcount, search, database=pgflow_database)
    run = pgflow_database.client.start(wordcount, search)

    worker = Worker(wordcount, database_url=pgflow_database.dsn, executor="process")
    asyncio.run(worker.run_until_idle())

    assert run.wait(timeout=60)["most_common"][0] == ("be", 3)


def test_no_file_gives_no_words(pgflow_database: PgflowDatabase, directory: str) -> None:
    run = run_flow(
        wordcount, {"directory": directory, "pattern": "*.rst"}, database=pgflow_database
    )

    assert run.output == {"most_common": []}
