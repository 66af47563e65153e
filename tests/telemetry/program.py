"""A program as somebody would write it: a flow, and a provider of the SDK that writes to files."""

from __future__ import annotations

import os

from opentelemetry import trace

from pgflow import Fail, Flow
from tests.support.spans import write_spans

write_spans()
tracer = trace.get_tracer("handler")

relay = Flow("relay", max_attempts=1)


@relay.step()
def draw() -> list[int]:
    with tracer.start_as_current_span("shuffle"):
        return [1, 2, 3, 4]


@relay.map(draw)
def sprint(number: int) -> int:
    with tracer.start_as_current_span("stride"):
        return os.getpid() if number else 0


broken = Flow("broken", max_attempts=1)


@broken.step()
def fall() -> None:
    raise Fail("over a stone")
