"""Is a database sound? No contradiction between runs, steps, tasks and queues."""

from __future__ import annotations

from tests.support.engine import Engine


def contradictions(engine: Engine) -> list[str]:
    """Every contradiction in the database, in words."""
    found = engine.rows("select invariant, detail from pgflow.check_invariants()")
    return [f"{row['invariant']}: {row['detail']}" for row in found]


def assert_sound(engine: Engine) -> None:
    found = contradictions(engine)
    assert not found, "\n".join(found)
