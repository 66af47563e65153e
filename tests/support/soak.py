"""How long the tests go on that go on for a while: briefly in CI, as asked in `make soak`."""

from __future__ import annotations

import os
import random

MINUTES = "PGFLOW_SOAK_MINUTES"
SEED = "PGFLOW_SOAK_SEED"


def duration(*, seconds: float) -> float:
    """That many seconds, unless the environment asks for minutes."""
    minutes = os.environ.get(MINUTES)
    return seconds if minutes is None else float(minutes) * 60


def seed() -> int:
    """A fresh seed, or the one of a failure that is to be played again."""
    return int(os.environ.get(SEED) or random.randrange(2**32))
