"""A program as somebody would write it: a flow, and a provider of the SDK that writes to files."""

from __future__ import annotations

import os
import time
from pathlib import Path

from opentelemetry import trace

from pgflow import Fail, Flow
from tests.support.spans import write_spans

# Where processes leave word that they are there.
MEETING_PLACE = "TEST_MEETING_PLACE"

write_spans()
tracer = trace.get_tracer("handler")


def meet() -> None:
    """Wait until another process is here, too."""
    place = Path(os.environ[MEETING_PLACE])
    (place / str(os.getpid())).touch()
    while len(list(place.iterdir())) < 2:
        time.sleep(0.01)  # handler


relay = Flow("relay", max_attempts=1)


@relay.step()
def draw() -> list[int]:
    with tracer.start_as_current_span("shuffle"):
        return [1, 2, 3, 4]


@relay.map(draw)
def sprint(number: int) -> int:
    with tracer.start_as_current_span("stride"):
        meet()
        return number


broken = Flow("broken", max_attempts=1)


@broken.step()
def fall() -> None:
    raise Fail("over a stone")
