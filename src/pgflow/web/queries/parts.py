"""Pieces that several queries have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString


def payload(value: LiteralString, length: LiteralString) -> LiteralString:
    """A JSON value as a `Payload`. What is very big is not even made into text."""
    return f"""case
      when {value} is null then null
      when pg_column_size({value}) > 1000000 then json_build_object(
        'preview', '', 'bytes', pg_column_size({value}), 'is_whole', false)
      else json_build_object(
        'preview', left({value}::text, {length}), 'bytes', octet_length({value}::text),
        'is_whole', length({value}::text) <= {length})
    end"""


def seconds(span: LiteralString) -> LiteralString:
    return f"extract(epoch from {span})::float8"


RUN_END: LiteralString = "coalesce(r.completed_at, r.failed_at, r.cancelled_at)"


RUN_COLUMNS: LiteralString = f"""r.run_id, r.flow_slug, r.status, r.paused_at, r.started_at,
  {RUN_END} as ended_at,
  {seconds(f"coalesce({RUN_END}, clock_timestamp()) - r.started_at")} as seconds,
  (select count(*)::int from pgflow.steps s where s.flow_slug = r.flow_slug) as steps_total,
  r.remaining_steps as steps_open, left(r.error_message, 4000) as error_message"""


TASK_END: LiteralString = "coalesce(t.completed_at, t.failed_at)"


TASK_INPUT: LiteralString = """case when s.step_type = 'map' then t.input else (
  select i.input from pgflow.step_inputs i where i.run_id = t.run_id and i.step_slug = t.step_slug
) end"""


# Runs of a flow that its figures are taken from, and that one search looks at.
RUNS_LOOKED_AT = 20_000


RUNS_LOOKED_AT_TEXT: LiteralString = "20000"


@dataclass(frozen=True, slots=True)
class ValueRow:
    """A JSON value, raw; None where there is none."""

    value: str | None
