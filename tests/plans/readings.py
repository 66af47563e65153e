"""What a call reads: the rows that it visits, and the pages that it touches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, LiteralString
from uuid import UUID

from tests.support.engine import Engine, Row
from tests.support.outcomes import Outcome

ROWS: LiteralString = """
  select sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) from pg_stat_xact_all_tables
  where schemaname in ('pgflow', 'pgmq')
"""


@dataclass(frozen=True, slots=True)
class Reading:
    """The rows of our tables that were visited, and the pages that were touched, by one call."""

    rows: int
    pages: int


@dataclass(slots=True)
class Crowd:
    """A database in which there is much that the hot calls have no business with."""

    engine: Engine
    worker_id: UUID = field(init=False)

    def __post_init__(self) -> None:
        self.worker_id = self.engine.worker()

    def read_by(self, call: LiteralString, **parameters: Any) -> Reading:
        """Do the call, and find out what it has read."""
        # A first call of its session plans, and reads catalogs.
        self.engine.do("select pgflow.heartbeat(%(id)s)", id=self.worker_id)
        with self.engine.connection.transaction():
            before = int(self.engine.value(ROWS))
            (plan,) = self.engine.value(
                f"explain (analyze, buffers, format json) {call}", **parameters
            )
            pages = plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
            return Reading(int(self.engine.value(ROWS)) - before, pages)

    def exchange(self, flow: str, outcomes: Sequence[Outcome] = (), *, quantity: int) -> list[Row]:
        """Report and claim, unobserved."""
        claimed, refused = self.engine.report_and_claim(self.worker_id, outcomes, [flow], quantity)
        assert refused == []
        return claimed
