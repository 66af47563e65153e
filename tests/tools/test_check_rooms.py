from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tools.check_rooms import ROOT, driver_imports, personal_traces, sql_literals


@pytest.mark.parametrize(
    "source",
    [
        "connection.execute('select 1 from runs')",
        "QUERY = '''\n  INSERT INTO runs values (1)'''",
        "query = f'delete from {table}'",
        "execute('create or replace function f()')",
        "execute('listen pgflow_work')",
    ],
)
def test_a_statement_in_a_literal_is_found(source: str) -> None:
    assert len(list(sql_literals(ast.parse(source)))) == 1


@pytest.mark.parametrize(
    "source",
    ["'''Select the runs of a flow.'''", "label = 'selected'", "title = 'create a flow'"],
)
def test_prose_is_not_taken_for_a_statement(source: str) -> None:
    assert not list(sql_literals(ast.parse(source)))


@pytest.mark.parametrize(
    "source",
    ["import psycopg", "import os, psycopg.types.json", "def f():\n    from psycopg_pool import X"],
)
def test_an_import_of_the_driver_is_found(source: str) -> None:
    assert len(list(driver_imports(ast.parse(source)))) == 1


def test_other_imports_are_not_taken_for_the_driver() -> None:
    assert not list(driver_imports(ast.parse("import psycopgish\nfrom . import psycopg")))


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("log = '/ho" + "me/ada/pgflow/log'", "path"),
        ("--find" + "-links wheels", "index"),
        ("https://pypi.example.com" + "/simple", "package_registry"),
        ('"resolved"' + ': "https://npm.example.com/react.tgz"', "npm_registry"),
    ],
)
def test_a_trace_of_one_machine_is_found(tmp_path: Path, line: str, kind: str) -> None:
    file = ROOT / "tests" / "never-written"
    written = tmp_path / "file"
    written.write_text(f"harmless\n{line}\n")

    found = list(personal_traces([file, written], root=tmp_path))

    assert [complaint.split(" of one machine")[0] for complaint in found] == [f"file:2: {kind}"]


@pytest.mark.parametrize(
    "line",
    ["~/project", "/var/run/postgresql", '"resolved": "https://registry.npmjs.org/react.tgz"'],
)
def test_what_is_the_same_everywhere_is_left_alone(tmp_path: Path, line: str) -> None:
    written = tmp_path / "file"
    written.write_text(line)

    assert not list(personal_traces([written], root=tmp_path))
