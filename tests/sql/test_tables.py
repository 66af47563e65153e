"""The columns that monitoring queries and other clients read, and their defaults."""

from __future__ import annotations

import pytest

from tests.support.engine import Engine
from tests.support.flow_spec import single

# For each column its type, whether it must have a value, and its default.
COLUMNS = {
    "flows": {
        "flow_slug": ("text", True, None),
        "opt_max_attempts": ("integer", True, "3"),
        "opt_base_delay": ("integer", True, "5"),
        "opt_timeout": ("integer", True, "60"),
        "created_at": ("timestamp with time zone", True, "now()"),
    },
    "steps": {
        "flow_slug": ("text", True, None),
        "step_slug": ("text", True, None),
        "step_type": ("text", True, "'single'::text"),
        "step_index": ("integer", True, "0"),
        "deps_count": ("integer", True, "0"),
        "opt_max_attempts": ("integer", False, None),
        "opt_base_delay": ("integer", False, None),
        "opt_timeout": ("integer", False, None),
        "opt_start_delay": ("integer", False, None),
        "required_input_pattern": ("jsonb", False, None),
        "forbidden_input_pattern": ("jsonb", False, None),
        "when_unmet": ("text", True, "'skip'::text"),
        "when_exhausted": ("text", True, "'fail'::text"),
    },
    "deps": {
        "flow_slug": ("text", True, None),
        "dep_slug": ("text", True, None),
        "step_slug": ("text", True, None),
    },
    "runs": {
        "flow_slug": ("text", True, None),
        "status": ("text", True, "'started'::text"),
        "input": ("jsonb", True, None),
        "output": ("jsonb", False, None),
        "error_message": ("text", False, None),
        "remaining_steps": ("integer", True, "0"),
        "started_at": ("timestamp with time zone", True, "now()"),
        "completed_at": ("timestamp with time zone", False, None),
        "failed_at": ("timestamp with time zone", False, None),
        "cancelled_at": ("timestamp with time zone", False, None),
    },
    "step_states": {
        "flow_slug": ("text", True, None),
        "run_id": ("uuid", True, None),
        "step_slug": ("text", True, None),
        "status": ("text", True, "'created'::text"),
        "remaining_tasks": ("integer", False, None),
        "initial_tasks": ("integer", False, None),
        "remaining_deps": ("integer", True, "0"),
        "output": ("jsonb", False, None),
        "error_message": ("text", False, None),
        "skip_reason": ("text", False, None),
        "created_at": ("timestamp with time zone", True, "now()"),
        "started_at": ("timestamp with time zone", False, None),
        "completed_at": ("timestamp with time zone", False, None),
        "failed_at": ("timestamp with time zone", False, None),
        "skipped_at": ("timestamp with time zone", False, None),
    },
    "step_tasks": {
        "flow_slug": ("text", True, None),
        "run_id": ("uuid", True, None),
        "step_slug": ("text", True, None),
        "task_index": ("integer", True, "0"),
        "message_id": ("bigint", False, None),
        "status": ("text", True, "'queued'::text"),
        "attempts_count": ("integer", True, "0"),
        "error_message": ("text", False, None),
        "output": ("jsonb", False, None),
        "queued_at": ("timestamp with time zone", True, "now()"),
        "started_at": ("timestamp with time zone", False, None),
        "completed_at": ("timestamp with time zone", False, None),
        "failed_at": ("timestamp with time zone", False, None),
        "last_worker_id": ("uuid", False, None),
        "requeued_count": ("integer", True, "0"),
        "last_requeued_at": ("timestamp with time zone", False, None),
        "permanently_stalled_at": ("timestamp with time zone", False, None),
    },
    "workers": {
        "worker_id": ("uuid", True, None),
        "queue_name": ("text", True, None),
        "function_name": ("text", True, None),
        "started_at": ("timestamp with time zone", True, "now()"),
        "deprecated_at": ("timestamp with time zone", False, None),
        "stopped_at": ("timestamp with time zone", False, None),
        "last_heartbeat_at": ("timestamp with time zone", True, "now()"),
    },
    "worker_functions": {
        "function_name": ("text", True, None),
        "enabled": ("boolean", True, "true"),
        "debounce": ("interval", True, "'00:00:06'::interval"),
        "last_invoked_at": ("timestamp with time zone", False, None),
    },
}

PRIMARY_KEYS = {
    "flows": "PRIMARY KEY (flow_slug)",
    "steps": "PRIMARY KEY (flow_slug, step_slug)",
    "deps": "PRIMARY KEY (flow_slug, dep_slug, step_slug)",
    "runs": "PRIMARY KEY (run_id)",
    "step_states": "PRIMARY KEY (run_id, step_slug)",
    "step_tasks": "PRIMARY KEY (run_id, step_slug, task_index)",
    "workers": "PRIMARY KEY (worker_id)",
    "worker_functions": "PRIMARY KEY (function_name)",
}


def columns(engine: Engine, table: str) -> dict[str, tuple[str, bool, str | None]]:
    rows = engine.rows(
        """select attname, format_type(atttypid, atttypmod) as type, attnotnull,
          pg_get_expr(adbin, adrelid) as default
        from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum
        where attrelid = %(table)s::regclass and attnum > 0 and not attisdropped""",
        table=f"pgflow.{table}",
    )
    return {row["attname"]: (row["type"], row["attnotnull"], row["default"]) for row in rows}


@pytest.mark.parametrize("table", COLUMNS)
def test_a_table_has_its_documented_columns(engine: Engine, table: str) -> None:
    actual = columns(engine, table)

    assert {name: actual.get(name) for name in COLUMNS[table]} == COLUMNS[table]


def test_tables_have_their_documented_primary_keys(engine: Engine) -> None:
    rows = engine.rows(
        """select relname, pg_get_constraintdef(c.oid) as definition
        from pg_constraint c join pg_class t on t.oid = conrelid
        where contype = 'p' and relnamespace = 'pgflow'::regnamespace
          and relname = any(%(names)s)""",
        names=list(PRIMARY_KEYS),
    )

    assert {row["relname"]: row["definition"] for row in rows} == PRIMARY_KEYS


def test_a_run_gets_an_id_of_its_own(engine: Engine) -> None:
    engine.flow()

    engine.do("insert into pgflow.runs (flow_slug, input) values ('flow', '{}'), ('flow', '{}')")

    assert engine.value("select count(distinct run_id) from pgflow.runs") == 2


def test_a_task_record_has_its_attributes_in_order(engine: Engine) -> None:
    rows = engine.rows(
        """select attname, format_type(atttypid, atttypmod) as type from pg_attribute
        where attrelid = 'pgflow.step_task_record'::regclass and attnum between 1 and 7
        order by attnum"""
    )

    assert [(row["attname"], row["type"]) for row in rows] == [
        ("flow_slug", "text"),
        ("run_id", "uuid"),
        ("step_slug", "text"),
        ("input", "jsonb"),
        ("msg_id", "bigint"),
        ("task_index", "integer"),
        ("flow_input", "jsonb"),
    ]


def test_a_worker_is_a_row_of_three_values(engine: Engine) -> None:
    worker_id = engine.worker("greeter")

    worker = engine.row(
        "select *, last_heartbeat from pgflow.workers where worker_id = %(id)s", id=worker_id
    )

    assert worker["function_name"] == "greeter"
    assert worker["last_heartbeat"] == worker["last_heartbeat_at"]
    assert worker["deprecated_at"] is None
    assert worker["stopped_at"] is None


def test_a_deleted_worker_leaves_its_tasks(engine: Engine) -> None:
    engine.flow(single("a"))
    run_id = engine.start()
    (task,) = engine.claim(worker_id := engine.worker())

    engine.do("delete from pgflow.workers where worker_id = %(id)s", id=worker_id)

    assert task["step_slug"] == "a"
    assert engine.task(run_id, "a")["last_worker_id"] is None
