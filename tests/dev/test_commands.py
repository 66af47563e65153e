"""The commands `pgflow dev` and `pgflow ui`, as they are typed."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from pgflow import schema
from pgflow.testing import PgflowDatabase
from pgflow.testing.server import quick_place
from tests.dev.conftest import FLOWS
from tests.dev.processes import command
from tests.support.commands import CommandLine
from tests.support.eventually import eventually
from tests.support.project import Project

# Promised are five seconds; here others use the machine as well.
A_PAGE_WITHIN = 30.0


@pytest.mark.slow
def test_dev_needs_nothing_and_leaves_nothing_behind(project: Path) -> None:
    with TemporaryDirectory(prefix="dev-", dir=quick_place()) as place:
        home = Project(Path(place))
        home.write("pyproject.toml", '[tool.pgflow]\nflows = "flows.py"\n')
        home.write("flows.py", FLOWS)
        home.write("words.py", 'GREETING = "Hello"\n')
        begin = time.monotonic()

        with command("dev", directory=home.directory) as dev:
            with dev.page() as page:
                took = time.monotonic() - begin
                session = page.get("/api/session").json()
            code = dev.interrupt()

        assert took < A_PAGE_WITHIN
        assert (session["is_development"], session["allow_actions"]) == (True, True)
        assert code == 0, dev.output
        assert f"✓ Database    embedded, in {home.directory}/.pgflow" in dev.output
        assert dev.output.endswith("Stopped\n")
        assert "Traceback" not in dev.output
        assert home.database.running_url is None
        home.remove_database()


def test_dev_announces_no_database_that_it_cannot_reach(project: Path) -> None:
    variables = {"PGFLOW_DATABASE_URL": "postgresql://127.0.0.1:1/shop"}

    with command("dev", "flows.py", directory=project, variables=variables) as dev:
        assert dev.process.wait(timeout=60) == 1

    assert dev.output.startswith("Error: cannot install the engine: ")


@pytest.mark.usefixtures("project")
def test_a_worker_keeps_the_embedded_database_that_others_leave() -> None:
    with TemporaryDirectory(prefix="dev-", dir=quick_place()) as place:
        home = Project(Path(place))
        home.write("flows.py", FLOWS)
        home.write("words.py", 'GREETING = "Hello"\n')

        with ExitStack() as leaving:
            url = leaving.enter_context(home.database.hold())
            schema.install(url)
            with command("worker", "flows.py", directory=home.directory) as worker:
                eventually(lambda: "serves" in worker.output)
                leaving.close()
                left = home.database.running_url
                code = worker.interrupt()

        assert (left, code) == (url, 0), worker.output
        assert home.database.running_url is None
        home.remove_database()


@pytest.mark.slow
def test_ui_shows_a_database_and_only_reads(project: Path, pgflow_database: PgflowDatabase) -> None:
    variables = {"PGFLOW_DATABASE_URL": pgflow_database.dsn}

    with command("ui", directory=project, variables=variables) as ui:
        with ui.page() as page:
            session = page.get("/api/session").json()
            refused = page.post("/api/runs/cancel", json={"run_ids": []})
        code = ui.interrupt()

    assert (session["allow_actions"], session["code"], session["worker"]) == (False, None, None)
    assert refused.json()["error"]["code"] == "read_only"
    assert "It only reads: start it with --allow-actions" in ui.output
    assert (code, "Traceback" in ui.output) == (0, False)


@pytest.mark.slow
def test_ui_shows_the_differences_between_code_and_database(
    project: Path, pgflow_database: PgflowDatabase
) -> None:
    variables = {"PGFLOW_DATABASE_URL": pgflow_database.dsn}

    with (
        command("ui", "flows.py", directory=project, variables=variables) as ui,
        ui.page() as page,
    ):
        [flow] = page.get("/api/flows").json()["flows"]

    assert (flow["slug"], flow["sync"]) == ("greet", "only_in_code")


@pytest.mark.parametrize(
    ("typed", "missing", "extra"),
    [("ui", "pgflow.web.serving", "web"), ("dev", "pgflow.development.studio", "dev")],
)
def test_what_is_not_installed_is_named(
    project: Path, monkeypatch: pytest.MonkeyPatch, typed: str, missing: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.setenv("DATABASE_URL", "postgresql://localhost/shop")

    said = CommandLine().refused(typed, "flows.py")

    assert said == (
        f"Error: {missing} is not installed. Install it with: pip install 'pgflow-py[{extra}]'\n"
    )


def test_dev_needs_flows(project: Path) -> None:
    said = CommandLine().refused("dev", exit_code=2)

    assert "no flows are named" in said


def test_dev_is_not_for_production(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGFLOW_ENV", "production")

    said = CommandLine().refused("dev", "flows.py", "--database-url", "postgresql://localhost/shop")

    assert said == (
        "Error: this is production (PGFLOW_ENV=production), which is no place for development. "
        "Serve the page alone with: pgflow ui\n"
    )


def test_dev_touches_no_database_of_somebody_else(project: Path) -> None:
    said = CommandLine().refused(
        "dev", "flows.py", "--database-url", "postgresql://db.example/shop"
    )

    assert "the environment is local" in said
    assert "the database is on db.example" in said
