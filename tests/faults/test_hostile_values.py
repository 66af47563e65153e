"""Slugs, inputs, outputs and error texts that would be SQL if anybody took them for it."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.support.engine import Engine, Row
from tests.support.flow_spec import single
from tests.support.jsonb import Json
from tests.support.outcomes import completed, failed

HOSTILE = [
    "x'; drop table pgflow.runs cascade; --",
    'x"; drop table pgflow.runs cascade; --',
    "x); drop table pgflow.runs cascade; --",
    "%s %I %L %1$s {} $1 $$ $query$ :name",
    "pgflow.runs",
    "q_flow; truncate pgflow.runs cascade",
    "'||(select 1/0)||'",
    "..\\..\\' or ''='",
    "☃\u202e\ufeff\x7f",
]

# Every table, function and index that there is, and how many rows the important ones have.
_FINGERPRINT = """
select jsonb_build_array(
  (select jsonb_agg(oid::regclass::text || relkind::text order by oid) from pg_class
   where relnamespace in ('pgflow'::regnamespace, 'pgmq'::regnamespace)),
  (select count(*) from pg_proc where pronamespace = 'pgflow'::regnamespace),
  (select count(*) from pgflow.runs), (select count(*) from pgflow.step_tasks),
  (select count(*) from pgflow.flows), (select count(*) from pgflow.steps)
)"""


@pytest.mark.parametrize("text", HOSTILE)
def test_no_function_takes_a_text_for_sql(engine: Engine, text: str) -> None:
    engine.flow(single("work"))
    engine.start()
    before = engine.value(_FINGERPRINT)

    called = [_call_with(engine, function, text) for function in _public_functions(engine)]

    assert len(called) > 30
    assert engine.value(_FINGERPRINT) == before


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_slug_is_refused(engine: Engine, text: str) -> None:
    flow = engine.error("select pgflow.create_flow(%(text)s)", text=text)
    engine.do("select pgflow.create_flow('flow')")
    step = engine.error("select pgflow.add_step('flow', %(text)s)", text=text)

    assert flow.constraint_name == "slug_is_valid"
    assert step.constraint_name == "steps_step_slug_check"


@pytest.mark.parametrize("text", HOSTILE)
def test_values_come_back_as_they_were(engine: Engine, text: str) -> None:
    engine.flow(single("work"), single("next", "work"))
    value: Json = {text: [text, {"nested": text}]}
    run_id = engine.start("flow", value)
    worker = engine.worker()

    (task,) = engine.claim(worker)
    engine.report(worker, failed(task, text, retry_in=0))
    (again,) = engine.claim(worker)
    engine.report(worker, completed(again, value))
    (after,) = engine.claim(worker)

    assert task["flow_input"] == value
    assert engine.task(run_id, "work")["error_message"] == text
    assert after["input"] == {"work": value}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_message_that_somebody_put_into_a_queue_is_no_sql(engine: Engine, text: str) -> None:
    engine.flow(single("work"))
    for message in (
        {"run_id": text},
        {"run_id": text, "step_slug": text, "task_index": text},
        text,
    ):
        engine.do("select pgmq.send('flow', %(message)s::jsonb)", message=json.dumps(message))
    before = engine.value(_FINGERPRINT)

    claimed = engine.claim(engine.worker())

    assert claimed == []
    assert engine.queue() == {}
    assert engine.value(_FINGERPRINT) == before


def _public_functions(engine: Engine) -> list[Row]:
    return engine.rows(
        """select p.proname as name, array_agg(t.typname::text order by a.n) as types
        from pg_proc p, unnest(p.proargtypes) with ordinality as a (type, n), pg_type t
        where p.pronamespace = 'pgflow'::regnamespace and t.oid = a.type
          and p.proname <> '_create_queue' -- which makes tables of whatever name, in quotes
          and p.prokind = 'f' and p.prorettype <> 'trigger'::regtype
        group by p.oid"""
    )


def _call_with(engine: Engine, function: Row, text: str) -> str:
    """Call it with the text wherever it takes one. Most refuse; what matters is what they do."""
    arguments = sql.SQL(", ").join(_argument(type_, text) for type_ in function["types"])
    call = sql.SQL("select pgflow.{}({})").format(sql.Identifier(function["name"]), arguments)
    with suppress(psycopg.Error):
        engine.connection.execute(call)
    return function["name"]


def _argument(type_: str, text: str) -> sql.Composable:
    values: dict[str, Any] = {
        "text": text,
        "_text": [text, text],
        "jsonb": json.dumps([{"run_id": text, "step_slug": text, "error": text}]),
        "int4": 1,
    }
    return sql.SQL("{}::{}").format(sql.Literal(values.get(type_)), _type(type_))


def _type(name: str) -> sql.Composable:
    """A type by its name in the catalog; those of the engine are in its own schema."""
    element = name.removeprefix("_")
    suffix = sql.SQL("[]" if name.startswith("_") else "")
    schema = sql.SQL("pgflow." if "_" in element or element in _ENGINE_TYPES else "")
    return schema + sql.Identifier(element) + suffix


_ENGINE_TYPES = {"flows", "steps", "runs", "outcome"}
