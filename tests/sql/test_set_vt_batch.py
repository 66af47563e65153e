"""Many messages get new visibility times in one call."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.engine import Engine
from tests.support.flow_spec import map_over


@pytest.fixture
def message_ids(engine: Engine) -> list[int]:
    engine.flow(map_over("each"))
    engine.start("flow", [1, 2, 3])
    return sorted(engine.queue())


def set_vt(
    engine: Engine, ids: list[int] | None, offsets: list[int] | None
) -> list[dict[str, Any]]:
    return engine.rows(
        """select * from pgflow.set_vt_batch(queue_name => 'flow',
          msg_ids => %(ids)s::bigint[], vt_offsets => %(offsets)s::int[])""",
        ids=ids,
        offsets=offsets,
    )


def test_each_message_gets_its_own_time(engine: Engine, message_ids: list[int]) -> None:
    rows = set_vt(engine, message_ids, [10, 0, 3600])

    now = engine.value("select clock_timestamp()")
    waits = [round((row["vt"] - now).total_seconds(), -1) for row in sorted_by_id(rows)]
    assert waits == [10, 0, 3600]


def test_the_messages_are_returned(engine: Engine, message_ids: list[int]) -> None:
    (row,) = set_vt(engine, message_ids[:1], [10])

    assert list(row) == ["msg_id", "read_ct", "enqueued_at", "vt", "message", "headers"]
    assert row["msg_id"] == message_ids[0]
    assert row["message"]["step_slug"] == "each"


def test_other_messages_keep_their_time(engine: Engine, message_ids: list[int]) -> None:
    set_vt(engine, message_ids[:1], [600])

    hidden = {id_ for id_, message in engine.queue().items() if message["hidden"]}

    assert hidden == {message_ids[0]}


def test_unknown_messages_are_left_out(engine: Engine, message_ids: list[int]) -> None:
    assert set_vt(engine, [999_999], [10]) == []


@pytest.mark.parametrize(("ids", "offsets"), [(None, [1]), ([1], None), (None, None), ([], [])])
def test_nothing_in_nothing_out(
    engine: Engine, message_ids: list[int], ids: list[int] | None, offsets: list[int] | None
) -> None:
    assert set_vt(engine, ids, offsets) == []


def test_the_arrays_have_one_length(engine: Engine, message_ids: list[int]) -> None:
    diagnosis = engine.error(
        "select pgflow.set_vt_batch('flow', %(ids)s::bigint[], array[1])", ids=message_ids
    )

    assert diagnosis.message_primary == "msg_ids length (3) must equal vt_offsets length (1)"


def sorted_by_id(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: row["msg_id"])
