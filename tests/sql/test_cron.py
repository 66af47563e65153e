"""Workers and runs on the schedule of pg_cron, with stand-ins for the extensions."""

from __future__ import annotations

from typing import Any, LiteralString

import pytest

from tests.support.engine import Engine, Row
from tests.support.flow_spec import StepSpec
from tests.support.stand_ins import PG_CRON, PG_NET, VAULT

URL = "https://worker.example.com/"
CLEANING = ("pgflow_cleanup_logs", "0 * * * *", "select pgflow.cleanup_ensure_workers_logs()")
START: LiteralString = "select * from pgflow.start_cron_worker('report', %(url)s)"


@pytest.fixture
def cron(engine: Engine) -> Engine:
    """An engine beside a pg_cron and a pg_net that write down what they are asked to do."""
    engine.do(PG_CRON)
    engine.do(PG_NET)
    engine.do(VAULT)
    return engine


def jobs(engine: Engine) -> list[tuple[Any, ...]]:
    rows = engine.rows("select jobname, schedule, command from cron.job order by jobname")
    return [tuple(row.values()) for row in rows]


def request(engine: Engine) -> Row:
    return engine.row("select * from net.requests")


def test_a_worker_is_asked_for_batches_every_five_seconds(cron: Engine) -> None:
    started = cron.row(START, url=URL)

    assert started == {"job": "pgflow-report-worker", "has_secret": False}
    call = f"select pgflow.invoke_cron_worker('report', '{URL}', 10, 5)"
    assert jobs(cron) == [("pgflow-report-worker", "5 seconds", call), CLEANING]


def test_starting_again_replaces_the_job(cron: Engine) -> None:
    cron.do(START, url="https://old.example.com/")

    cron.do("select pgflow.start_cron_worker('report', %(url)s, '* * * * *', 100, 7)", url=URL)

    call = f"select pgflow.invoke_cron_worker('report', '{URL}', 100, 7)"
    assert jobs(cron) == [("pgflow-report-worker", "* * * * *", call), CLEANING]


def test_what_the_job_runs_sends_the_order(cron: Engine) -> None:
    cron.do(START, url=URL)

    cron.do(cron.value("select command from cron.job where jobname = 'pgflow-report-worker'"))

    sent = request(cron)
    assert (sent["url"], sent["timeout_milliseconds"]) == (URL, 25000)
    assert sent["body"] == {"flow_slug": "report", "batch_size": 10, "max_concurrent": 5}
    assert sent["headers"] == {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "keep",
    [
        "insert into vault.decrypted_secrets values ('pgflow_auth_secret', 's3cret')",
        "set pgflow.auth_secret to 's3cret'",
    ],
)
def test_the_secret_is_sent_and_stands_in_no_job(cron: Engine, keep: LiteralString) -> None:
    cron.do(keep)

    started = cron.row(START, url=URL)
    cron.do("select pgflow.invoke_cron_worker('report', %(url)s)", url=URL)

    assert started["has_secret"]
    assert request(cron)["headers"]["Authorization"] == "Bearer s3cret"
    assert "s3cret" not in str(jobs(cron))


def test_stopping_removes_the_job_once(cron: Engine) -> None:
    cron.do(START, url=URL)

    stopped = [cron.value("select pgflow.stop_cron_worker('report')") for _ in range(2)]

    assert (stopped, jobs(cron)) == ([True, False], [CLEANING])


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (
            "'a b', 'http://w'",
            "the slug of the flow is 'a b', expected letters, digits and underscores",
        ),
        (
            "'report', 'ftp://w'",
            "the URL of the worker is no http://host or https://host without a password",
        ),
        (
            "'report', 'https://me:s3cret@w/'",
            "the URL of the worker is no http://host or https://host without a password",
        ),
        ("'report', 'http://w', '5 seconds', 0", "batch_size is 0, expected 1 to 1000"),
        ("'report', 'http://w', '5 seconds', 3, 4", "max_concurrent is 4, expected 1 to 3"),
    ],
)
def test_what_a_worker_would_refuse_is_refused_at_once(
    cron: Engine, arguments: LiteralString, complaint: str
) -> None:
    problem = cron.error(f"select pgflow.start_cron_worker({arguments})")

    assert (problem.sqlstate, problem.message_primary) == ("PF006", complaint)
    assert jobs(cron) == []


def test_an_old_pg_cron_is_told_to_know_no_seconds_and_nothing_changes(cron: Engine) -> None:
    cron.do("select pgflow.start_cron_worker('report', %(url)s, '* * * * *')", url=URL)
    before = jobs(cron)
    cron.do(
        """create or replace function pgflow._pg_cron_version() returns int[]
        language sql stable set search_path to '' as 'select array[1, 4]'"""
    )

    problem = cron.error(START, url=URL)

    assert problem.message_primary == "pg_cron 1.4 knows no seconds"
    assert problem.message_hint == "Update it to 1.5 or newer, or let the job run every minute"
    assert jobs(cron) == before


def test_a_schedule_that_is_none_is_refused_and_the_old_job_stays(cron: Engine) -> None:
    cron.do(START, url=URL)
    before = jobs(cron)

    problem = cron.error("select pgflow.start_cron_worker('report', %(url)s, 'at noon')", url=URL)

    assert problem.message_primary == "pg_cron does not take the schedule 'at noon'"
    assert problem.message_hint == "Write it as five fields, such as '0 * * * *'"
    assert jobs(cron) == before


@pytest.mark.parametrize("missing", ["cron", "net"])
def test_a_missing_extension_is_named_with_its_cure(cron: Engine, missing: str) -> None:
    cron.do("drop schema cron cascade" if missing == "cron" else "drop schema net cascade")

    problem = cron.error(START, url=URL)

    assert problem.message_primary == f"extension pg_{missing} is not installed"
    assert problem.message_hint == f"Install it with: create extension pg_{missing}"


@pytest.mark.parametrize(("schema", "other"), [("cron", "net"), ("net", "cron")])
def test_a_missing_privilege_is_named_with_its_cure(
    cron: Engine, schema: LiteralString, other: LiteralString
) -> None:
    user: LiteralString = f"without_{schema}"
    cron.do(f"create role {user}")
    try:
        cron.do(f"grant usage on schema pgflow, vault, {other} to {user}")
        cron.do(f"grant execute on all functions in schema pgflow to {user}")
        cron.do(f"grant select on all tables in schema vault to {user}")
        cron.do(f"set role {user}")
        problem = cron.error(START, url=URL)
        cron.do("reset role")
    finally:
        cron.do(f"drop owned by {user}; drop role {user}")

    assert problem.message_primary == f"user {user} may not use pg_{schema}"
    assert problem.message_hint == (
        f"Let a superuser run: grant usage on schema {schema} to {user}"
    )


def test_runs_start_on_a_schedule(cron: Engine) -> None:
    cron.flow(StepSpec("only"), slug="report")

    names = [
        cron.value(
            """select pgflow.schedule_flow('report', '0 6 * * *',
              '{"who": "O''Hara"}', %(label)s::text)""",
            label=label,
        )
        for label in (None, None, "late")
    ]
    cron.do(cron.value("select command from cron.job where jobname = %(job)s", job=names[0]))

    assert names == ["pgflow-report-schedule"] * 2 + ["pgflow-report-schedule-late"]
    assert [name for name, _, _ in jobs(cron)] == names[1:]
    assert cron.value("select input from pgflow.runs") == {"who": "O'Hara"}


def test_a_schedule_is_removed_once(cron: Engine) -> None:
    cron.flow(StepSpec("only"), slug="report")
    cron.do("select pgflow.schedule_flow('report', '0 6 * * *')")

    removed = [cron.value("select pgflow.unschedule_flow('report')") for _ in range(2)]

    assert (removed, jobs(cron)) == ([True, False], [])


def test_runs_of_an_unknown_flow_are_not_scheduled(cron: Engine) -> None:
    problem = cron.error("select pgflow.schedule_flow('nobody', '* * * * *')")

    assert (problem.sqlstate, problem.message_primary) == (
        "PF001",
        "flow 'nobody' does not exist",
    )


def test_only_the_jobs_of_the_flow_are_told(cron: Engine) -> None:
    for slug in ("report", "reporter"):
        cron.flow(StepSpec("only"), slug=slug)
        cron.do("select pgflow.start_cron_worker(%(slug)s, %(url)s)", slug=slug, url=URL)
        cron.do("select pgflow.schedule_flow(%(slug)s, '0 6 * * *', '{}', 'x')", slug=slug)
    cron.do("""insert into cron.job_run_details (jobid, status, return_message)
        select jobid, 'succeeded', jobname from cron.job""")

    told = [row["job"] for row in cron.rows("select * from pgflow.cron_jobs('report')")]
    runs = cron.rows("select * from pgflow.cron_job_runs('report', 2)")

    assert told == ["pgflow-report-schedule-x", "pgflow-report-worker"]
    assert {row["message"] for row in runs} == set(told)


def test_answers_about_other_flows_are_left_out(cron: Engine) -> None:
    cron.do("""insert into net._http_response (id, status_code, content, error_msg) values
        (1, 200, '{"status":"completed","flow_slug":"report"}', null),
        (2, 200, '{"status":"completed","flow_slug":"other"}', null),
        (3, null, null, 'Timeout was reached')""")

    told = cron.rows("select status_code, answer from pgflow.cron_answers('report')")
    one = cron.rows("select answer from pgflow.cron_answers('report', request_id => 2)")

    assert [tuple(row.values()) for row in told] == [
        (None, "Timeout was reached"),
        (200, '{"status":"completed","flow_slug":"report"}'),
    ]
    assert len(one) == 1


def test_the_logs_of_these_jobs_are_removed_as_well(cron: Engine) -> None:
    cron.do(START, url=URL)
    cron.do("select cron.schedule('theirs', '* * * * *', '')")
    cron.do("""insert into cron.job_run_details (jobid, end_time)
        select jobid, now() - interval '25 hours' from cron.job""")

    assert cron.value("select cron_deleted from pgflow.cleanup_ensure_workers_logs()") == 2
