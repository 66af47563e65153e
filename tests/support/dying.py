"""Workers that die, without a process: what the database sees of it."""

from __future__ import annotations

from uuid import UUID, uuid4

from tests.support.engine import Engine
from tests.support.eventually import eventually

# A worker that has been silent for longer is dead, whatever its lock says.
SILENCE = 13.0
# After its start a server gives workers that long to come back (seconds).
GRACE = 10.0


def enlist(engine: Engine, *flow_slugs: str) -> UUID:
    """A worker that has registered as ours do, and holds no session lock."""
    worker_id = uuid4()
    engine.do(
        "select pgflow.register_worker(%(id)s, 'flow', 'tests', %(slugs)s::text[])",
        id=worker_id,
        slugs=list(flow_slugs or ("flow",)),
    )
    return worker_id


def beat(engine: Engine, worker_id: UUID, held: str = "[]") -> dict[str, object] | None:
    """A heartbeat and its answer; None for a worker that nobody knows."""
    answers = engine.rows(
        "select * from pgflow.heartbeat(%(id)s, %(held)s::jsonb)", id=worker_id, held=held
    )
    return answers[0] if answers else None


def fall_silent(engine: Engine, worker_id: UUID, seconds: float = SILENCE) -> None:
    """Let the worker's last sign of life be so long ago, and let others judge it."""
    until_silence_counts(engine)
    engine.do(
        """update pgflow.workers
        set last_heartbeat_at = clock_timestamp() - make_interval(secs => %(seconds)s)
        where worker_id = %(id)s""",
        seconds=seconds,
        id=worker_id,
    )


def until_silence_counts(engine: Engine) -> None:
    """Wait until the server has been up for long enough that silence means something."""
    eventually(
        lambda: engine.value(
            """select clock_timestamp() - backend_start > make_interval(secs => %(seconds)s)
            from pg_stat_activity where backend_type = 'walwriter'""",
            seconds=GRACE + 0.5,
        ),
        within=GRACE + 5,
    )


def recover(engine: Engine) -> int:
    """Look after dead workers, as every heartbeat does; how many tasks were recovered."""
    return engine.value("select pgflow.recover_dead_workers()")
