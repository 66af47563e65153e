"""Batches of work: a worker is made for each, and ends with it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import psycopg
from starlette.responses import Response

from pgflow.asgi.answers import Account
from pgflow.client.failures import unreachable
from pgflow.errors import DatabaseUnavailable, PgflowError
from pgflow.worker import Worker

if TYPE_CHECKING:
    from pgflow.asgi.order import Order
    from pgflow.definition.flow import Flow
    from pgflow.worker.meter import Meter
    from pgflow.worker.reports import Tally

logger = logging.getLogger("pgflow.asgi")

DEFAULT_TIME_LIMIT = 25.0


@dataclass(frozen=True, slots=True)
class Batches:
    """Works on batches of these flows. `settings` are those of `Worker`; times are in seconds."""

    flows: Mapping[str, Flow[Any]]
    meter: Meter
    time_limit: float = DEFAULT_TIME_LIMIT
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)

    async def answer(self, order: Order) -> Response:
        """Work on what is ordered, and tell what came of it; never raises."""
        account = Account.of(order)
        if order.flow_slug not in self.flows:
            return account.error_answer(404, not_served(order.flow_slug, self.flows))
        try:
            account, tally = await self._work(order)
        except DatabaseUnavailable as error:
            return account.error_answer(503, str(error))
        except psycopg.OperationalError as error:
            return account.error_answer(503, str(unreachable(error)))
        except (PgflowError, ValueError) as error:
            return account.error_answer(500, str(error))
        except Exception:
            logger.exception("a batch of flow '%s' has failed", order.flow_slug)
            return account.error_answer(500, "the worker has failed. Look at its log")
        return _answer_of(account, tally)

    async def _work(self, order: Order) -> tuple[Account, Tally]:
        worker = Worker(
            self.flows[order.flow_slug],
            concurrency=order.max_concurrent,
            meter=self.meter,
            **self.settings,
        )
        tally = await worker.run_until_idle(limit=order.batch_size, within=self.time_limit)
        account = replace(
            Account.of(order),
            worker_id=worker.worker_id,
            processed=tally.processed,
            completed=tally.completed,
            failed=tally.failed,
        )
        return account, tally


def not_served(flow_slug: str, flows: Mapping[str, object]) -> str:
    """What to say about a flow that this worker does not have."""
    return f"flow '{flow_slug}' is not served here. Served are: {', '.join(flows)}"


def _answer_of(account: Account, tally: Tally) -> Response:
    if not tally.unreported:
        return account.completed_answer()
    lost = f"{tally.unreported} task{'s' if tally.unreported > 1 else ''}"
    return account.error_answer(
        503,
        f"the database went away before {lost} could be reported. "
        "They go back to the queue when it is there again: other workers see to that",
    )
