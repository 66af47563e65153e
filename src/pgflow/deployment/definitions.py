"""The SQL calls about definitions, as pure values like those of `statements`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pgflow.statements import Nothing, Statement


@dataclass(frozen=True, slots=True)
class DefinitionRow:
    """A stored flow as shape JSON with its options, raw; None where there is none."""

    definition: Any


@dataclass(frozen=True, slots=True)
class RunCountRow:
    """How many runs a flow has, and how many of them have not ended."""

    runs: int
    unfinished: int


@dataclass(frozen=True, slots=True)
class LiveWorkerRow:
    """A worker that shows signs of life, and for how many seconds it has been up."""

    function_name: str
    uptime: float


def lock_definition(flow_slug: str) -> Statement[Nothing]:
    """Be alone with the definition of a flow until the transaction ends."""
    return Statement(
        "select null as done from pg_advisory_xact_lock(1, hashtext(%(flow_slug)s))",
        Nothing,
        {"flow_slug": flow_slug},
    )


def get_flow_definitions(flow_slugs: Sequence[str]) -> Statement[DefinitionRow]:
    """A row for each slug, in that order."""
    return Statement(
        """select pgflow._get_flow_definition(f.slug) as definition
        from unnest(%(flow_slugs)s::text[]) with ordinality as f (slug, n)
        order by f.n""",
        DefinitionRow,
        {"flow_slugs": list(flow_slugs)},
    )


def set_options_from_shape(flow_slug: str, shape: str) -> Statement[Nothing]:
    return Statement(
        "select null as done from pgflow._set_options_from_shape(%(flow_slug)s, %(shape)s::jsonb)",
        Nothing,
        {"flow_slug": flow_slug, "shape": shape},
    )


def count_runs(flow_slug: str) -> Statement[RunCountRow]:
    return Statement(
        """select count(*) as runs, count(*) filter (where status = 'started') as unfinished
        from pgflow.runs where flow_slug = %(flow_slug)s""",
        RunCountRow,
        {"flow_slug": flow_slug},
    )


def live_workers(flow_slugs: Sequence[str]) -> Statement[LiveWorkerRow]:
    """The workers that serve one of the flows now, the one that started first in front."""
    return Statement(
        """select function_name, extract(epoch from now() - started_at)::float8 as uptime
        from pgflow.workers
        where %(flow_slugs)s::text[] && flow_slugs
          and stopped_at is null and last_heartbeat_at > now() - interval '12 seconds'
        order by started_at""",
        LiveWorkerRow,
        {"flow_slugs": flow_slugs},
    )
