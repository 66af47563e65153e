"""What a worker says while its database is away: each thing once, whichever connection notices."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from pgflow.durations import duration
from pgflow.environment import redact

logger = logging.getLogger("pgflow.worker.outage")


class Outage:
    """The time from the first connection that broke until all are open again.

    The end is a warning like the beginning: whoever reads of one wants to read of the other.
    """

    def __init__(self) -> None:
        self._broken: set[str] = set()
        self._told: set[str] = set()
        self._began = 0.0

    def lost(self, connection: str, reason: str) -> None:
        """A connection has broken."""
        if not self._broken:
            self._began = time.monotonic()
            self._told.clear()
            logger.warning("connection lost: %s", redact(reason))
        self._broken.add(connection)

    def goes_on(self, error: Exception) -> None:
        """There is no connection to be had yet."""
        problem = "; ".join(line.strip() for line in redact(str(error)).strip().splitlines())
        if problem not in self._told:
            self._told.add(problem)
            logger.warning("cannot connect, trying on: %s", problem)

    def over(self, connection: str) -> None:
        """A connection is open again."""
        self._broken.discard(connection)
        if not self._broken:
            away = timedelta(seconds=time.monotonic() - self._began)
            logger.warning("connected again, after %s", duration(away))
