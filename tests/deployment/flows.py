"""Versions of one flow, as a developer writes them one after the other, and one with everything."""

from __future__ import annotations

from pgflow.definition.flow import Flow
from pgflow.definition.shape import FlowOptions, FlowShape, StepOptions, StepShape


def plain(slug: str = "my_flow") -> Flow[object]:
    """Two steps, no options."""
    flow = Flow(slug)
    fetch = flow.step(slug="fetch")(lambda: 1)
    flow.step(fetch, slug="process")(lambda fetched: fetched)
    return flow


def tuned(slug: str = "my_flow") -> Flow[object]:
    """The same steps, with other runtime options."""
    flow = Flow(slug, max_attempts=5)
    fetch = flow.step(slug="fetch")(lambda: 1)
    flow.step(fetch, slug="process", timeout=90, start_delay=30)(lambda fetched: fetched)
    return flow


def grown(slug: str = "my_flow") -> Flow[object]:
    """One more step, on which another one depends."""
    flow = Flow(slug)
    fetch = flow.step(slug="fetch")(lambda: 1)
    validate = flow.step(fetch, slug="validate")(lambda fetched: fetched)
    flow.step(fetch, validate, slug="process")(lambda fetched, validated: fetched)
    return flow


TUNED = (
    "Flow: max_attempts 3 -> 5",
    "Step 'process': timeout inherited -> 90s",
    "Step 'process': start_delay 0s -> 30s",
)
GROWN = (
    "Step 'process' dependencies changed: ['fetch'] -> ['fetch', 'validate']",
    "New step 'validate' added",
)

EVERYTHING = FlowShape(
    "f",
    (
        StepShape("a"),
        StepShape("b", dependencies=("a",)),
        StepShape(
            "c",
            dependencies=("a", "b"),
            options=StepOptions(max_attempts=7, base_delay=3, timeout=90, start_delay=30),
        ),
        StepShape("d", dependencies=("a",), when='{"a":{"ok":true}}', when_unmet="skip-cascade"),
        StepShape("e", unless='{"it\'s":"$flow$ and $pgflow$ :x % \\n"}', when_exhausted="skip"),
        StepShape("g", "map"),
        StepShape("h", "map", dependencies=("g",), options=StepOptions(timeout=20)),
    ),
    FlowOptions(max_attempts=3, base_delay=5, timeout=60),
)
