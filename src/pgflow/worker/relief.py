"""A second conversation with the database, while the first is busy and outcomes pile up.

One connection keeps one core of the server busy. Under load a second one adds a third to what a
worker gets through, and halves the batches, so that less waits for each of them.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import psycopg

from pgflow.errors import DatabaseUnavailable
from pgflow.worker.backoff import Backoff
from pgflow.worker.service import LoopService
from pgflow.worker.setbacks import Setback, judge

if TYPE_CHECKING:
    from pgflow.worker.alarm import Alarm
    from pgflow.worker.claims import Claims
    from pgflow.worker.session import Session

logger = logging.getLogger("pgflow.worker.relief")


class Relief(LoopService):
    """Helps the claims when the bell rings. Its connection is opened when it is needed first.

    The claims do without it where it cannot be had: nothing is lost but speed.
    """

    def __init__(self, session: Session, *, claims: Claims, bell: Alarm) -> None:
        super().__init__("relief")
        self._session = session
        self._claims = claims
        self._bell = bell
        self._trouble = Backoff(first=0.05, longest=30.0)

    async def stop(self) -> None:
        self._stopping.set()
        self._bell.ring()
        await super().stop()

    async def disconnect(self) -> None:
        await self._session.close()

    async def _run(self) -> None:
        while not self._stopping.is_set():
            await self._bell.wait()
            if not self._stopping.is_set():
                await self._help()

    async def _help(self) -> None:
        try:
            if not self._session.is_open:
                await self._session.open()
            await self._claims.relieve(self._session)
        except DatabaseUnavailable as error:
            logger.info("going on without a second connection for now: %s", error)
            await self._pause(self._trouble.next())
        except psycopg.Error as error:
            # What it carried is in line again. The claims say what is wrong with that.
            if judge(error) is Setback.LOST:
                await self._session.close()
            await self._pause(self._trouble.next())
        else:
            self._trouble.reset()
