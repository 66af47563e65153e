"""What the catalog says about the functions: their names, their arguments, who may call them."""

from __future__ import annotations

from tests.support.engine import Engine

SIGNATURES = {
    "is_valid_slug": "slug text",
    "calculate_retry_delay": "base_delay numeric, attempts_count integer",
    "queue_name": "flow_slug text",
    "create_flow": "flow_slug text, max_attempts integer, base_delay integer, timeout integer",
    "add_step": (
        "flow_slug text, step_slug text, deps_slugs text[], max_attempts integer,"
        " base_delay integer, timeout integer, start_delay integer, step_type text,"
        " required_input_pattern jsonb, forbidden_input_pattern jsonb,"
        " when_unmet text, when_exhausted text"
    ),
    "delete_flow_and_data": "p_flow_slug text",
    "_get_flow_shape": "p_flow_slug text",
    "_compare_flow_shapes": "p_local jsonb, p_db jsonb",
    "_create_flow_from_shape": "p_flow_slug text, p_shape jsonb",
    "ensure_flow_compiled": "flow_slug text, shape jsonb, allow_data_loss boolean",
    "is_local": "",
    "start_flow": "flow_slug text, input jsonb, run_id uuid",
    "start_tasks": "flow_slug text, msg_ids bigint[], worker_id uuid",
    "set_vt_batch": "queue_name text, msg_ids bigint[], vt_offsets integer[]",
    "complete_task": "run_id uuid, step_slug text, task_index integer, output jsonb",
    "fail_task": "run_id uuid, step_slug text, task_index integer, error_message text",
    "cancel_run": "run_id uuid",
    "retry_run": "run_id uuid",
    "get_run_with_states": "run_id uuid",
    "start_flow_with_states": "flow_slug text, input jsonb, run_id uuid",
    "requeue_stalled_tasks": "",
    "prune_data_older_than": "retention_interval interval",
    "track_worker_function": "function_name text",
    "mark_worker_stopped": "worker_id uuid",
}

RESULTS = {
    "is_valid_slug": "boolean",
    "calculate_retry_delay": "integer",
    "queue_name": "text",
    "create_flow": "pgflow.flows",
    "add_step": "pgflow.steps",
    "delete_flow_and_data": "void",
    "_get_flow_shape": "jsonb",
    "_compare_flow_shapes": "text[]",
    "_create_flow_from_shape": "void",
    "ensure_flow_compiled": "jsonb",
    "is_local": "boolean",
    "start_flow": "SETOF pgflow.runs",
    "start_tasks": "SETOF pgflow.step_task_record",
    "complete_task": "SETOF pgflow.step_tasks",
    "fail_task": "SETOF pgflow.step_tasks",
    "cancel_run": "SETOF pgflow.runs",
    "retry_run": "SETOF pgflow.runs",
    "get_run_with_states": "jsonb",
    "start_flow_with_states": "jsonb",
    "requeue_stalled_tasks": "integer",
}


def signature(engine: Engine, function: str) -> str | None:
    """The input arguments of a function, without their defaults."""
    rows = engine.rows(
        """select coalesce(string_agg(
            argument.name || ' ' || format_type(p.proargtypes[argument.position - 1], null),
            ', ' order by argument.position), '') as signature
        from pg_proc p
        left join unnest(p.proargnames[1:p.pronargs]) with ordinality as argument(name, position)
          on true
        where p.pronamespace = 'pgflow'::regnamespace and p.proname = %(name)s
        group by p.oid""",
        name=function,
    )
    (only,) = rows or [{"signature": None}]
    return only["signature"]


def documented(signature: str | None, expected: str) -> str | None:
    """The documented part of a signature: further arguments may follow."""
    if signature is None or not signature.startswith(f"{expected}, "):
        return signature
    return expected


def test_documented_functions_have_their_documented_arguments(engine: Engine) -> None:
    actual = {
        name: documented(signature(engine, name), expected) for name, expected in SIGNATURES.items()
    }

    assert actual == SIGNATURES


def test_documented_functions_return_what_is_documented(engine: Engine) -> None:
    rows = engine.rows(
        """select proname, pg_get_function_result(oid) as result from pg_proc
        where pronamespace = 'pgflow'::regnamespace and proname = any(%(names)s)""",
        names=list(RESULTS),
    )

    assert {row["proname"]: row["result"] for row in rows} == RESULTS


def test_every_function_pins_its_search_path(engine: Engine) -> None:
    unpinned = engine.rows(
        """select proname from pg_proc
        where pronamespace = 'pgflow'::regnamespace and provolatile <> 'i' and prokind <> 'a'
          and not exists (select from unnest(proconfig) as setting
                          where setting like 'search_path=%%')"""
    )

    assert unpinned == []


def test_nothing_is_granted_to_everybody(engine: Engine) -> None:
    granted = engine.rows(
        """select proname from pg_proc
        where pronamespace = 'pgflow'::regnamespace
          and has_function_privilege('public', oid, 'execute')
        union all
        select relname from pg_class
        where relnamespace = 'pgflow'::regnamespace and relkind in ('r', 'v')
          and has_table_privilege('public', oid, 'select')"""
    )

    assert granted == []


def test_the_functions_for_browsers_run_with_their_owners_rights(engine: Engine) -> None:
    rows = engine.rows(
        """select proname, prosecdef from pg_proc
        where pronamespace = 'pgflow'::regnamespace
          and proname in ('get_run_with_states', 'start_flow_with_states')"""
    )

    assert {row["proname"]: row["prosecdef"] for row in rows} == {
        "get_run_with_states": True,
        "start_flow_with_states": True,
    }


def test_the_retired_poll_is_not_offered(engine: Engine) -> None:
    assert signature(engine, "poll_for_tasks") is None


def test_slug_validity_is_immutable(engine: Engine) -> None:
    volatility = engine.value(
        "select provolatile::text from pg_proc where oid = 'pgflow.is_valid_slug'::regproc"
    )

    assert volatility == "i"
