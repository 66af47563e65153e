"""Keeping worker functions up, with stand-ins for Supabase's pg_net, vault and pg_cron."""

from __future__ import annotations

from typing import LiteralString

import pytest

from tests.support.engine import Engine

LOCAL_SECRET = "super-secret-jwt-token-with-at-least-32-characters-long"

NET: LiteralString = """
create schema net;
create table net.requests (id bigint generated always as identity, url text, body jsonb,
  headers jsonb);
create function net.http_post(url text, body jsonb default '{}', params jsonb default '{}',
  headers jsonb default '{"Content-Type": "application/json"}',
  timeout_milliseconds int default 5000)
returns bigint language sql as $$
  insert into net.requests (url, body, headers) values (url, body, headers) returning id
$$;
"""
VAULT: LiteralString = """
create schema vault;
create table vault.decrypted_secrets (name text, decrypted_secret text);
"""
CRON: LiteralString = """
create schema cron;
create table cron.job (jobid bigint generated always as identity, jobname text, schedule text,
  command text);
create table cron.job_run_details (jobid bigint, end_time timestamptz);
create function cron.schedule(job text, schedule text, command text) returns bigint
language sql as $$
  insert into cron.job (jobname, schedule, command) values (job, schedule, command) returning jobid
$$;
create function cron.unschedule(id bigint) returns boolean language sql as $$
  delete from cron.job where jobid = id returning true
$$;
"""


@pytest.fixture
def net(engine: Engine) -> Engine:
    """An engine with a pg_net that writes down what it is asked to send, and an empty vault."""
    engine.do(NET)
    engine.do(VAULT)
    engine.do("select pgflow.track_worker_function('greeter')")
    engine.do("update pgflow.worker_functions set last_invoked_at = null")
    return engine


def keep(engine: Engine, **secrets: str) -> None:
    for name, secret in secrets.items():
        engine.do(
            "insert into vault.decrypted_secrets values (%(name)s, %(secret)s)",
            name=name,
            secret=secret,
        )


def invoked(engine: Engine) -> list[str]:
    return [row["function_name"] for row in engine.rows("select * from pgflow.ensure_workers()")]


def test_without_credentials_nothing_is_called(net: Engine) -> None:
    assert invoked(net) == []
    assert net.rows("select * from net.requests") == []


@pytest.mark.parametrize("empty", ["supabase_project_id", "pgflow_auth_secret"])
def test_an_empty_secret_counts_as_missing(net: Engine, empty: str) -> None:
    secrets = {"supabase_project_id": "acme", "pgflow_auth_secret": "s3cret"}
    keep(net, **{**secrets, empty: ""})

    assert invoked(net) == []


def test_a_function_without_a_worker_is_invoked_with_the_key(net: Engine) -> None:
    keep(net, supabase_project_id="acme", pgflow_auth_secret="s3cret")

    rows = net.rows("select * from pgflow.ensure_workers()")

    assert [(row["function_name"], row["invoked"]) for row in rows] == [("greeter", True)]
    request = net.row("select * from net.requests")
    assert request["id"] == rows[0]["request_id"]
    assert request["url"] == "https://acme.supabase.co/functions/v1/greeter"
    assert request["body"] == {}
    assert request["headers"] == {
        "Content-Type": "application/json",
        "Authorization": "Bearer s3cret",
    }


def test_the_service_role_key_stands_in_for_a_missing_secret(net: Engine) -> None:
    keep(net, supabase_project_id="acme", pgflow_auth_secret="", supabase_service_role_key="role")

    invoked(net)

    assert net.value("select headers ->> 'Authorization' from net.requests") == "Bearer role"


def test_an_invocation_is_not_repeated_within_the_debounce(net: Engine) -> None:
    keep(net, supabase_project_id="acme", pgflow_auth_secret="s3cret")

    first, second = invoked(net), invoked(net)
    net.do("update pgflow.worker_functions set last_invoked_at = now() - interval '7 seconds'")
    third = invoked(net)

    assert (first, second, third) == (["greeter"], [], ["greeter"])


@pytest.mark.parametrize(
    ("change", "is_invoked"),
    [
        ("started_at = started_at", False),
        ("last_heartbeat_at = now() - interval '7 seconds'", True),
        ("stopped_at = now()", True),
        ("deprecated_at = now()", True),
        ("function_name = 'other'", True),
    ],
)
def test_a_live_worker_makes_an_invocation_needless(
    net: Engine, change: LiteralString, is_invoked: bool
) -> None:
    keep(net, supabase_project_id="acme", pgflow_auth_secret="s3cret")
    net.worker("greeter")
    net.do(f"update pgflow.workers set {change}")

    assert invoked(net) == (["greeter"] if is_invoked else [])


def test_a_disabled_function_is_left_alone(net: Engine) -> None:
    keep(net, supabase_project_id="acme", pgflow_auth_secret="s3cret")
    net.do("update pgflow.worker_functions set enabled = false")

    assert invoked(net) == []


def test_a_local_function_is_invoked_at_every_call_without_a_key(net: Engine) -> None:
    net.do(f"set app.settings.jwt_secret to '{LOCAL_SECRET}'")
    net.worker("greeter")

    calls = [invoked(net), invoked(net)]

    assert calls == [["greeter"], ["greeter"]]
    request = net.rows("select * from net.requests")[0]
    assert (request["url"], request["headers"]) == ("http://kong:8000/functions/v1/greeter", {})


def test_a_missing_pg_net_is_named_with_its_cure(engine: Engine) -> None:
    engine.do(VAULT)
    keep(engine, supabase_project_id="acme", pgflow_auth_secret="s3cret")
    engine.do("select pgflow.track_worker_function('greeter')")
    engine.do("update pgflow.worker_functions set last_invoked_at = null")

    problem = engine.error("select * from pgflow.ensure_workers()")

    assert problem.message_primary == "extension pg_net is not installed"
    assert problem.message_hint == "Install it with: create extension pg_net"


def test_the_jobs_are_replaced_not_doubled(engine: Engine) -> None:
    engine.do(CRON)

    engine.do("select pgflow.setup_ensure_workers_cron()")
    engine.do("select pgflow.setup_ensure_workers_cron('5 seconds')")
    engine.do("select pgflow.setup_requeue_stalled_tasks_cron()")

    jobs = engine.rows("select jobname, schedule, command from cron.job order by 1")
    assert [tuple(job.values()) for job in jobs] == [
        ("pgflow_cleanup_logs", "0 * * * *", "select pgflow.cleanup_ensure_workers_logs()"),
        ("pgflow_ensure_workers", "5 seconds", "select pgflow.ensure_workers()"),
        ("pgflow_requeue_stalled_tasks", "15 seconds", "select pgflow.requeue_stalled_tasks()"),
    ]


def test_a_missing_pg_cron_is_named_with_its_cure(engine: Engine) -> None:
    problem = engine.error("select pgflow.setup_ensure_workers_cron()")

    assert problem.message_primary == "extension pg_cron is not installed"
    assert problem.message_hint == "Install it with: create extension pg_cron"


def test_only_the_logs_of_our_own_jobs_are_removed(engine: Engine) -> None:
    engine.do(CRON)
    engine.do("select cron.schedule('pgflow_x', '* * * * *', ''), cron.schedule('theirs', '', '')")
    engine.do("select cron.schedule('pgflowers', '* * * * *', '')")
    engine.do(
        "insert into cron.job_run_details select jobid, now() - interval '25 hours' from cron.job"
    )
    engine.do("insert into cron.job_run_details select jobid, now() from cron.job")

    removed = engine.value("select cron_deleted from pgflow.cleanup_ensure_workers_logs()")

    assert removed == 1
    assert engine.value("select count(*) from cron.job_run_details") == 5


def test_without_pg_cron_there_are_no_logs_to_remove(engine: Engine) -> None:
    removed = engine.value("select cron_deleted from pgflow.cleanup_ensure_workers_logs()")

    assert removed == 0
