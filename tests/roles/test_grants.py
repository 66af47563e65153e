"""What the catalog says about the rights of the roles: each list here is complete."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from pgflow import schema
from pgflow.errors import DeploymentError
from pgflow.roles import ROLES, install_roles
from pgflow.testing import PgflowDatabase
from tests.support.engine import Engine

READING = {
    "_get_flow_definition",
    "_worker_key",
    "_worker_state",
    "check_invariants",
    "explain_run",
    "get_run_with_states",
    "held_tasks",
    "queue_depths",
    "queue_name",
    "unwatch_run",
    "watch_run",
}

CALLS = {
    "pgflow_viewer": READING,
    "pgflow_client": READING
    | {
        "cancel_run",
        "edit_step_output",
        "pause_run",
        "release_step",
        "rerun_from_step",
        "resume_run",
        "retry_run",
        "start_flow",
        "start_flow_with_states",
        "start_flows",
        "start_paused",
        "trace_runs",
    },
    "pgflow_worker": {
        "_get_flow_definition",
        "begin_idle",
        "claim_tasks",
        "collect_spans",
        "end_idle",
        "flow_inputs",
        "hand_back_unheld",
        "heartbeat",
        "hold_worker_lock",
        "idle_status",
        "mark_worker_stopped",
        "open_traces",
        "queue_depths",
        "register_worker",
        "report_and_claim",
        "report_tasks",
        "trace_runs",
        "track_worker_function",
    },
}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_call_these_functions_and_no_other(engine: Engine, role: str) -> None:
    rows = engine.rows(
        """select proname from pg_proc where pronamespace = 'pgflow'::regnamespace
          and has_function_privilege(%(role)s, oid, 'execute')""",
        role=role,
    )

    assert {row["proname"] for row in rows} == CALLS[role]


@pytest.mark.parametrize("role", ROLES)
def test_no_role_may_write_a_table(engine: Engine, role: str) -> None:
    writable = engine.rows(
        """select relname from pg_class
        where relnamespace in ('pgflow'::regnamespace, 'pgmq'::regnamespace)
          and relkind in ('r', 'v', 'p')
          and has_table_privilege(%(role)s, oid, 'insert, update, delete, truncate, trigger')""",
        role=role,
    )

    assert writable == []


def test_a_worker_reads_the_ledger_of_the_engine_only(engine: Engine) -> None:
    readable = engine.rows(
        """select relname from pg_class
        where relnamespace = 'pgflow'::regnamespace and relkind in ('r', 'v')
          and has_table_privilege('pgflow_worker', oid, 'select') order by 1"""
    )

    assert [row["relname"] for row in readable] == ["installation", "migrations"]


@pytest.mark.parametrize("role", ROLES)
def test_no_role_gets_into_the_queues_or_makes_anything(engine: Engine, role: str) -> None:
    assert not engine.value("select has_schema_privilege(%(role)s, 'pgmq', 'usage')", role=role)
    assert not engine.value("select has_schema_privilege(%(role)s, 'pgflow', 'create')", role=role)


def test_functions_with_their_owners_rights_pin_their_search_path(engine: Engine) -> None:
    unpinned = engine.rows(
        """select proname from pg_proc where pronamespace = 'pgflow'::regnamespace and prosecdef
          and not coalesce('search_path=""' = any(proconfig), false)"""
    )

    assert unpinned == []


def test_a_function_with_its_owners_rights_is_one_that_a_role_may_call(engine: Engine) -> None:
    rows = engine.rows(
        "select proname from pg_proc where pronamespace = 'pgflow'::regnamespace and prosecdef"
    )

    assert {row["proname"] for row in rows} - set().union(*CALLS.values()) == set()


def test_an_upgrade_keeps_the_rights(engine: Engine, pgflow_database: PgflowDatabase) -> None:
    engine.do("update pgflow.installation set functions_sha256 = 'older'")

    assert schema.install(pgflow_database.dsn).changed
    assert engine.value(
        "select has_function_privilege('pgflow_worker', 'pgflow.claim_tasks'::regproc, 'execute')"
        " and (select prosecdef from pg_proc where oid = 'pgflow.claim_tasks'::regproc)"
    )


def test_a_right_that_was_given_by_hand_is_taken_back(
    engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    engine.do("grant insert on pgflow.runs to pgflow_client")

    install_roles(pgflow_database.dsn)

    assert not engine.value("select has_table_privilege('pgflow_client', 'pgflow.runs', 'insert')")


def test_several_may_make_the_roles_at_the_same_moment(pgflow_database: PgflowDatabase) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(install_roles, [pgflow_database.dsn] * 4))


def test_who_may_not_make_roles_is_told_who_can(plain_user: str) -> None:
    with pytest.raises(
        DeploymentError, match=r"the roles cannot be made: .*permission denied"
    ) as told:
        install_roles(plain_user)

    assert str(told.value).endswith("Let an administrator run: pgflow install --roles")
