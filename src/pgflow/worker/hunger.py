"""Falling asleep so that no work can be missed.

Producers pay for a NOTIFY only when somebody is hungry. So a worker first shows its hunger by
locks, then makes sure that no transaction is in flight that has looked before (`settled`), then
looks for work once more. Only then may it sleep until it is notified or the next delayed message
falls due.
While the locks are held, all this is done once; each later sleep asks for the due time alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pgflow import statements

if TYPE_CHECKING:
    from pgflow.worker.session import Session

# So many full claims in a row mean that work does not run out: stop making producers notify.
SATURATION = 4


class Hunger:
    """The locks by which one session shows that it wants work of its flows."""

    def __init__(self, session: Session, flow_slugs: Sequence[str]) -> None:
        self._session = session
        self._flow_slugs = tuple(flow_slugs)
        self._full_claims = 0
        self.is_shown = False
        # Every producer that is in flight now has seen our locks.
        self.is_settled = False
        self.due_in: float | None = None

    async def show(self) -> None:
        """Take the locks if need be, and learn whether they are settled and when work is due."""
        if not self.is_shown:
            await self._session.run(statements.begin_idle(self._flow_slugs))
            self.is_shown = True
        (status,) = await self._session.run(statements.idle_status(self._flow_slugs))
        self.is_settled = self.is_settled or status.settled
        self.due_in = status.due_in

    async def note_claim(self, *, is_full: bool) -> None:
        """Give the locks back when claims keep coming back full."""
        self._full_claims = self._full_claims + 1 if is_full else 0
        if self.is_shown and self._full_claims >= SATURATION:
            self.forget()
            await self._session.run(statements.end_idle(self._flow_slugs))

    def forget(self) -> None:
        """The session is gone, and its locks with it."""
        self.is_shown = False
        self.is_settled = False
