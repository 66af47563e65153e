from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import psycopg
import pytest

from pgflow.embedded import EmbeddedDatabase
from pgflow.embedded.cluster import Postmaster
from pgflow.errors import DatabaseUnavailable
from tests.support.eventually import eventually
from tests.support.project import Project


def kill_server(database: EmbeddedDatabase) -> None:
    postmaster = Postmaster.of(database.cluster.data)
    assert postmaster is not None
    os.kill(postmaster.pid, signal.SIGKILL)
    eventually(lambda: not postmaster.is_alive(database.cluster.data))


def test_a_server_that_was_killed_is_started_again_with_its_data(project: Project) -> None:
    url = project.database.start()
    with psycopg.connect(url) as connection:
        connection.execute("create table kept as select 7 as n")
    kill_server(project.database)

    with psycopg.connect(project.database.start()) as connection:
        stored = connection.execute("select n from kept").fetchone()

    assert stored == (7,)


def test_a_server_killed_in_the_middle_of_work_is_started_again(project: Project) -> None:
    busy = psycopg.connect(project.database.start())
    busy.execute("create table half as select generate_series(1, 1000)")
    kill_server(project.database)
    busy.close()

    with psycopg.connect(project.database.start()) as connection:
        assert connection.execute("select to_regclass('half')").fetchone() == (None,)


def test_a_process_number_that_went_to_somebody_else_does_not_matter(project: Project) -> None:
    database = project.database
    with database.hold():
        record = (database.cluster.data / "postmaster.pid").read_text()
    stranger = record.replace(record.splitlines()[0], str(os.getpid()), 1)
    (database.cluster.data / "postmaster.pid").write_text(stranger)
    (database.cluster.data / ".s.PGSQL.5432.lock").write_text(stranger)

    assert database.running_url is None
    with database.hold() as url, psycopg.connect(url) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


@pytest.mark.parametrize(
    ("blocked", "reason"), [(".pgflow", "not a directory"), (".pgflow/lock/x", "is a directory")]
)
def test_a_place_that_cannot_be_written_is_told(
    project: Project, blocked: str, reason: str
) -> None:
    project.write(blocked, "")

    with pytest.raises(DatabaseUnavailable) as caught:
        project.database.start()

    assert str(caught.value) == (
        f"no database can be kept in {project.database.home}: {reason}. Run pgflow where that can "
        "be written, or name a database with --database-url"
    )
    shutil.rmtree(project.database.home, ignore_errors=True)
    project.database.home.unlink(missing_ok=True)


def test_an_unfinished_creation_is_begun_anew(project: Project) -> None:
    unfinished = project.write(".pgflow/postgres.unfinished/base/1/1234", "half a file")

    with project.database.hold() as url, psycopg.connect(url) as connection:
        assert connection.execute("select 1").fetchone() == (1,)

    assert not unfinished.exists()


def test_data_of_another_version_is_left_alone(project: Project) -> None:
    with project.database.hold():
        pass
    (project.database.cluster.data / "PG_VERSION").write_text("16\n")

    with pytest.raises(DatabaseUnavailable) as caught:
        project.database.start()

    assert str(caught.value) == (
        f"the database in {project.database.cluster.data} is of PostgreSQL 16, but the installed "
        "server is 18. Dump it with the old version, or delete it and start anew"
    )


def test_a_server_that_does_not_start_shows_its_log(project: Project) -> None:
    database = EmbeddedDatabase(project.database.home, settings={"max_connections": "many"})

    with pytest.raises(DatabaseUnavailable) as caught:
        database.start()

    assert 'invalid value for parameter "max_connections": "many"' in str(caught.value)


def test_a_program_that_a_signal_ends_is_told(project: Project) -> None:
    programs = project.write("programs/postgres", "#!/bin/sh\nkill -KILL $$\n").parent
    (programs / "postgres").chmod(0o755)

    with pytest.raises(DatabaseUnavailable) as caught:
        EmbeddedDatabase(project.database.home, provider=lambda: programs).start()

    assert str(caught.value).endswith(": postgres was ended by signal 9")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make something of somebody else's")
def test_a_socket_directory_of_another_user_is_refused(project: Project) -> None:
    deep = Project(project.directory / ("long" * 30))
    deep.directory.mkdir()
    with deep.database.hold() as url:
        sockets = Path(url.partition("host=")[2])
    sockets.mkdir()
    os.chown(sockets, 12345, 12345)

    with pytest.raises(DatabaseUnavailable) as caught:
        deep.database.start()

    assert str(caught.value) == (
        f"the socket directory {sockets} belongs to another user. Remove it and try again"
    )
    sockets.rmdir()
