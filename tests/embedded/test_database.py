from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from pgflow import embedded
from pgflow.embedded import EmbeddedDatabase, find_home, project_database, running_url
from pgflow.errors import DatabaseUnavailable
from tests.support.project import Project


def ask(url: str, question: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return row[0]


def tell(url: str, statement: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(statement.encode())


def test_a_held_database_runs_for_the_length_of_the_block(project: Project) -> None:
    with project.database.hold() as url:
        assert ask(url, "select 1") == 1

    assert project.database.running_url is None


def test_what_was_stored_is_there_the_next_time(project: Project) -> None:
    with project.database.hold() as url:
        tell(url, "create table kept as select 7 as n")

    with project.database.hold() as url:
        stored = ask(url, "select n from kept")

    assert stored == 7


def test_holders_share_the_server_and_the_last_one_stops_it(project: Project) -> None:
    with project.database.hold() as first:
        with project.database.hold() as second:
            assert first == second
        assert project.database.running_url == first

    assert project.database.running_url is None


def test_a_started_database_runs_until_it_is_stopped(project: Project) -> None:
    url = project.database.start()
    with project.database.hold():
        pass
    left_running = project.database.running_url

    project.database.stop()

    assert left_running == url
    assert project.database.running_url is None


@pytest.mark.slow
def test_starting_and_stopping_twice_is_harmless(project: Project) -> None:
    assert project.database.start() == project.database.start()

    project.database.stop()
    project.database.stop()


def test_stopping_what_was_never_started_leaves_nothing_behind(project: Project) -> None:
    project.database.stop()

    assert not project.database.home.exists()


def test_a_start_that_was_stopped_does_not_keep_later_servers(project: Project) -> None:
    project.database.start()
    project.database.stop()

    with project.database.hold():
        pass

    assert project.database.running_url is None


@pytest.mark.slow
def test_a_reset_forgets_everything(project: Project) -> None:
    tell(project.database.start(), "create table kept as select 7 as n")

    project.database.reset()

    with project.database.hold() as url:
        assert ask(url, "select to_regclass('kept')") is None


def test_a_project_database_survives_a_power_cut(project: Project) -> None:
    database = EmbeddedDatabase(project.directory / ".pgflow")

    with database.hold() as url:
        assert ask(url, "show fsync") == "on"
        assert ask(url, "show full_page_writes") == "on"


def test_it_knows_letters_of_every_language(project: Project) -> None:
    with project.database.hold() as url:
        assert ask(url, "select lower('ÄÉЖ')") == "äéж"


@pytest.mark.slow
def test_projects_have_databases_side_by_side(project: Project) -> None:
    one, other = (Project(project.directory / name) for name in ("one", "other"))
    for neighbour in (one, other):
        neighbour.directory.mkdir()

    with one.database.hold() as first, other.database.hold() as second:
        tell(first, "create table only_here()")

        assert ask(second, "select to_regclass('only_here')") is None


@pytest.mark.parametrize("name", ["a b", 'it\'s, "quoted" & $HOME', "ünï/çødé", "long" * 40])
def test_a_project_may_be_called_anything(project: Project, name: str) -> None:
    oddly_named = Project(project.directory / name)
    oddly_named.directory.mkdir(parents=True)

    with oddly_named.database.hold() as url:
        assert ask(url, "select 1") == 1


def test_what_lies_in_the_project_is_not_committed(project: Project) -> None:
    with project.database.hold():
        pass

    assert (project.directory / ".pgflow" / ".gitignore").read_text() == "*\n"


def test_the_database_is_found_from_anywhere_in_the_project(project: Project) -> None:
    project.write("pyproject.toml", "")
    below = project.write("src/shop/__init__.py", "").parent

    assert find_home(below) == project.directory / ".pgflow"
    assert project_database(below).home == project.directory / ".pgflow"


def test_a_directory_that_is_no_project_has_its_own(tmp_path: Path) -> None:
    assert find_home(tmp_path) == tmp_path / ".pgflow"


def test_the_url_of_a_database_that_does_not_run_is_none(project: Project) -> None:
    project.write("pyproject.toml", "")
    assert running_url(project.directory) is None

    with project.database.hold() as url:
        assert running_url(project.directory) == url


def test_a_missing_provider_names_the_cure(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "PROVIDER", "not_installed")

    with pytest.raises(DatabaseUnavailable) as caught:
        project.database.start()

    assert str(caught.value) == (
        "the embedded PostgreSQL is not installed. Install it with: pip install 'pgflow-py[dev]'"
    )
