"""`pgflow cron`, with stand-ins for pg_cron and pg_net."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from pgflow.testing import PgflowDatabase
from tests.support.commands import CommandLine
from tests.support.engine import Engine
from tests.support.eventually import eventually
from tests.support.stand_ins import PG_CRON, PG_NET

URL = "http://worker:8080/"


@pytest.fixture
def cron(greeting_engine: Engine) -> Engine:
    """The same engine beside a pg_cron and a pg_net that write down what they are asked to do."""
    greeting_engine.do(PG_CRON)
    greeting_engine.do(PG_NET)
    return greeting_engine


@pytest.fixture
def worker(cron: Engine, pgflow_database: PgflowDatabase) -> Iterator[list[tuple[int | None, str]]]:
    """Answers the next request with what the test puts into the list."""
    answers: list[tuple[int | None, str]] = []
    engine = Engine.connect(pgflow_database.dsn)

    def answer() -> None:
        eventually(lambda: engine.rows("select from net.requests"))
        status, content = answers.pop()
        engine.do(
            "insert into net._http_response (id, status_code, content) values (1, %(s)s, %(c)s)",
            s=status,
            c=content,
        )

    thread = threading.Thread(target=answer)
    thread.start()
    yield answers
    thread.join()
    engine.close()


def test_a_worker_is_started_and_stopped(cli: CommandLine, cron: Engine) -> None:
    started = cli("cron", "start", "greet_user", "--url", URL, "--every", "10 seconds")
    again = cli("cron", "start", "greet_user", "--url", URL, "--batch-size", "3")
    jobs = cron.rows("select schedule, command from cron.job where jobname like '%%worker'")
    stopped = [cli("cron", "stop", "greet_user").output for _ in range(2)]

    job = "pgflow-greet_user-worker"
    assert started.output == f"✓ Job {job} asks {URL} for up to 10 tasks: 10 seconds\n"
    assert again.output == f"✓ Job {job} asks {URL} for up to 3 tasks: 5 seconds\n"
    call = f"select pgflow.invoke_cron_worker('greet_user', '{URL}', 3, 3)"
    assert [tuple(row.values()) for row in jobs] == [("5 seconds", call)]
    assert stopped == [f"✓ Job {job} removed\n", f"✓ There is no job {job}, nothing to do\n"]


def test_a_database_without_a_secret_is_pointed_out(cli: CommandLine, cron: Engine) -> None:
    without = cli("cron", "start", "greet_user", "--url", URL)
    cron.do(
        "do $$begin execute format('alter database %%I set pgflow.auth_secret = ''s3cret''',"
        " current_database()); end$$"
    )
    with_it = cli("cron", "start", "greet_user", "--url", URL)

    assert without.errors.startswith("The database has no secret to show: ")
    assert with_it.errors == ""
    assert "s3cret" not in with_it.output


def test_a_span_that_pg_cron_cannot_do_is_wrong_usage(cli: CommandLine, cron: Engine) -> None:
    said = cli.refused(
        "cron", "start", "greet_user", "--url", URL, "--every", "7 minutes", exit_code=2
    )

    assert "'7 minutes' is nothing that pg_cron can do, expected 1 to 59 seconds" in said


def test_a_missing_extension_is_one_sentence_and_its_cure(cli: CommandLine) -> None:
    said = cli.refused("cron", "start", "greet_user", "--url", URL)

    expected = "Error: extension pg_cron is not installed. "
    assert said == f"{expected}Install it with: create extension pg_cron\n"


def test_a_bad_url_is_refused_without_showing_its_password(cli: CommandLine, cron: Engine) -> None:
    said = cli.refused("cron", "start", "greet_user", "--url", "https://me:s3cret@worker/")

    assert "the URL of the worker is no http://host or https://host without a password" in said
    assert "s3cret" not in said


def test_who_may_not_is_told_who_may(
    cli: CommandLine, cron: Engine, pgflow_database: PgflowDatabase
) -> None:
    cron.do("create role cron_stranger login")
    try:
        cron.do("grant usage on schema pgflow to cron_stranger")
        url = pgflow_database.dsn.replace("user=postgres", "user=cron_stranger")
        said = cli.refused("cron", "stop", "greet_user", "--database-url", url)
    finally:
        cron.do("drop owned by cron_stranger; drop role cron_stranger")

    assert said == (
        "Error: permission denied for function stop_cron_worker. "
        "Run it as the owner of the engine\n"
    )


def test_a_request_is_tried_and_its_answer_shown(
    cli: CommandLine, cron: Engine, worker: list[tuple[int | None, str]]
) -> None:
    worker.append((200, '{"status":"completed"}'))
    cron.do("drop schema cron cascade")

    answer = cli("cron", "test", "greet_user", "--url", URL)

    assert answer.output == '{"status":"completed"}\n'
    assert cron.value("select body ->> 'flow_slug' from net.requests") == "greet_user"


@pytest.mark.parametrize(
    ("status", "content", "complaint"),
    [
        (401, '{"status":"error"}', "answered with 401. Look at its log"),
        (None, "could not connect", "answered nothing. Look at its log"),
    ],
)
def test_a_request_that_fails_is_a_failure(
    cli: CommandLine,
    worker: list[tuple[int | None, str]],
    status: int | None,
    content: str,
    complaint: str,
) -> None:
    worker.append((status, content))

    answer = cli.attempt("cron", "test", "greet_user", "--url", URL)

    assert (answer.exit_code, answer.output) == (1, f"{content}\n")
    assert answer.errors == f"Error: the worker at {URL} {complaint}\n"


def test_a_pg_net_that_sends_nothing_is_pointed_out(
    cli: CommandLine, cron: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pgflow.cli.cron.PATIENCE", 0)

    said = cli.refused("cron", "test", "greet_user", "--url", URL)

    assert said.startswith("Error: pg_net has sent nothing within 0 s. ")


def test_the_status_shows_jobs_runs_and_answers(cli: CommandLine, cron: Engine) -> None:
    empty = cli("cron", "status", "greet_user").output
    cli("cron", "start", "greet_user", "--url", URL)
    cron.do("""insert into cron.job_run_details (jobid, status, return_message)
        select jobid, 'succeeded', '1 row' from cron.job where jobname like '%%worker'""")
    cron.do("""insert into net._http_response (id, status_code, content)
        values (1, 200, '{"flow_slug":"greet_user"}')""")

    told = cli("cron", "status", "greet_user").output
    data = cli("cron", "status", "greet_user", "--json").json

    assert empty == (
        "No jobs of flow 'greet_user'.\nNo runs of jobs yet.\nNo answers of workers yet.\n"
    )
    assert "pgflow-greet_user-worker" in told
    assert data["jobs"][0]["schedule"] == "5 seconds"
    assert data["runs"][0]["message"] == "1 row"
    assert data["answers"][0]["status_code"] == 200


def test_runs_are_scheduled_and_the_schedule_removed(cli: CommandLine, cron: Engine) -> None:
    when = ["--cron", "0 6 * * *", "--input", '{"first_name": "Ada"}']
    scheduled = cli("cron", "schedule", "greet_user", *when)
    commands = cron.rows("select command from cron.job")
    removed = [cli("cron", "schedule", "greet_user", "--remove").output for _ in range(2)]

    assert scheduled.output == "✓ Job pgflow-greet_user-schedule starts runs: 0 6 * * *\n"
    assert [row["command"] for row in commands] == [
        """select pgflow.start_flow('greet_user', '{"first_name": "Ada"}'::jsonb)"""
    ]
    assert removed == ["✓ The schedule was removed\n", "✓ There is none, nothing to do\n"]


def test_a_schedule_of_a_flow_that_is_not_there_is_refused(cli: CommandLine, cron: Engine) -> None:
    said = cli.refused("cron", "schedule", "nobody", "--cron", "* * * * *")

    assert said.startswith("Error: there is no flow 'nobody' in the database.")


def test_a_schedule_that_is_none_is_refused(cli: CommandLine, cron: Engine) -> None:
    said = cli.refused("cron", "schedule", "greet_user", "--cron", "noon")

    assert "pg_cron does not take the schedule 'noon'" in said
    missing = cli.refused("cron", "schedule", "greet_user", exit_code=2)
    assert "when? Give --cron, or --remove" in missing
