"""A worker makes sure that the database knows its flow, and never destroys data unasked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from psycopg.types.json import Jsonb

from pgflow.testing import PgflowDatabase
from tests.sql.test_shapes import flow_shape, shape, step_shape
from tests.support.engine import Engine

SUPABASE_SECRET = "super-secret-jwt-token-with-at-least-32-characters-long"
ONE = shape(step_shape("a"))
TWO = shape(step_shape("a"), step_shape("b", "a"))
DIFFERENCES = [
    "Step count differs: 2 vs 1",
    "Step at index 1: missing in second shape (first has 'b')",
]


def ensure(engine: Engine, wanted: dict[str, Any], *, allow_data_loss: bool = False) -> Any:
    return engine.value(
        """select pgflow.ensure_flow_compiled(flow_slug => 'flow', shape => %(shape)s,
          allow_data_loss => %(allow)s)""",
        shape=Jsonb(wanted),
        allow=allow_data_loss,
    )


def go_local(engine: Engine) -> None:
    engine.do(
        "select set_config('app.settings.jwt_secret', %(secret)s, false)", secret=SUPABASE_SECRET
    )


def test_a_missing_flow_is_compiled(engine: Engine) -> None:
    assert ensure(engine, TWO) == {"status": "compiled", "differences": []}
    assert flow_shape(engine) == TWO


def test_a_flow_of_the_same_shape_is_verified(engine: Engine) -> None:
    ensure(engine, TWO)
    run_id = engine.start()

    assert ensure(engine, TWO) == {"status": "verified", "differences": []}
    assert engine.run(run_id)["status"] == "started"


def test_options_are_no_difference(engine: Engine) -> None:
    ensure(engine, ONE)

    answer = ensure(engine, {**shape(step_shape("a", options={"timeout": 9}))})

    assert answer == {"status": "verified", "differences": []}


def test_another_shape_is_a_mismatch_and_changes_nothing(engine: Engine) -> None:
    ensure(engine, ONE)
    run_id = engine.start()

    assert ensure(engine, TWO) == {"status": "mismatch", "differences": DIFFERENCES}
    assert flow_shape(engine) == ONE
    assert engine.run(run_id)["status"] == "started"


def test_another_shape_is_recompiled_in_development(engine: Engine) -> None:
    ensure(engine, ONE)
    engine.start()
    go_local(engine)

    assert ensure(engine, TWO) == {"status": "recompiled", "differences": DIFFERENCES}
    assert flow_shape(engine) == TWO
    assert engine.rows("select from pgflow.runs") == []


def test_another_shape_is_recompiled_when_data_may_be_lost(engine: Engine) -> None:
    ensure(engine, ONE)
    engine.start()

    assert ensure(engine, TWO, allow_data_loss=True)["status"] == "recompiled"
    assert flow_shape(engine) == TWO
    assert engine.queue() == {}


def test_nothing_is_lost_where_the_shape_is_the_same(engine: Engine) -> None:
    ensure(engine, ONE)
    run_id = engine.start()

    assert ensure(engine, ONE, allow_data_loss=True)["status"] == "verified"
    assert engine.run(run_id)["status"] == "started"


def test_an_empty_flow_is_compiled_once(engine: Engine) -> None:
    answers = [ensure(engine, shape())["status"] for _ in range(2)]

    assert answers == ["compiled", "verified"]


def test_one_of_many_workers_compiles(engine: Engine, pgflow_database: PgflowDatabase) -> None:
    def start_worker(_: int) -> str:
        with Engine.connect(pgflow_database.dsn).connection as connection:
            return ensure(Engine(connection), TWO)["status"]

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(start_worker, range(6)))

    assert sorted(answers) == ["compiled", *["verified"] * 5]
    assert flow_shape(engine) == TWO


def test_compiling_waits_for_the_flows_lock(
    engine: Engine, pgflow_database: PgflowDatabase
) -> None:
    with pgflow_database.connect(autocommit=True) as rival:
        rival.execute("select pg_advisory_lock(1, hashtext('flow'))")
        engine.do("set lock_timeout to '20ms'")

        diagnosis = engine.error(
            "select pgflow.ensure_flow_compiled('flow', %(shape)s)", shape=Jsonb(ONE)
        )

    assert diagnosis.sqlstate == "55P03"
    # The server may still be ending the rival's session.
    engine.do("reset lock_timeout")
    assert ensure(engine, ONE)["status"] == "compiled"
