"""Which flows are asked for work."""

from __future__ import annotations

from collections import Counter

from pgflow.worker.rotation import COLD_FLOWS, COLD_LOOKS, COLD_PAUSE, HOT_FLOWS, Rotation

FLOWS = [f"flow_{number}" for number in range(10)]


def test_at_first_every_flow_is_asked_in_turn() -> None:
    rotation = Rotation(FLOWS)

    asked = [rotation.choose((), 0.0) for _ in range(3)]

    assert asked == [FLOWS[:4], FLOWS[4:8], FLOWS[8:]]
    assert not rotation.expects_work


def test_hot_flows_take_turns() -> None:
    rotation = Rotation(FLOWS)
    asked: list[str] = []

    for _ in range(5):
        chosen = rotation.choose((), 0.0)
        rotation.heat(chosen)
        asked += chosen

    assert len(asked) == 5 * HOT_FLOWS
    assert {asked.count(slug) for slug in FLOWS} == {2}


def test_a_flow_without_work_is_looked_at_only_now_and_then() -> None:
    rotation = Rotation(FLOWS)
    rotation.choose_all(0.0)

    pause = len(FLOWS) / COLD_LOOKS
    early = rotation.choose((), pause / 2)
    later = rotation.choose((), pause)
    again = rotation.choose((), pause)

    assert early == []
    assert (later, again) == (FLOWS[:COLD_FLOWS], FLOWS[COLD_FLOWS : 2 * COLD_FLOWS])


def test_few_flows_without_work_are_looked_at_more_often() -> None:
    rotation = Rotation(["quiet"])
    rotation.choose_all(0.0)

    assert rotation.choose((), COLD_PAUSE / 2) == []
    assert rotation.choose((), COLD_PAUSE) == ["quiet"]


def test_flows_with_reported_outcomes_are_asked_in_their_turn() -> None:
    rotation = Rotation(FLOWS)
    rotation.choose_all(0.0)
    rotation.heat(["flow_1"])

    asked = rotation.choose(["flow_9", "flow_8", "flow_7", "flow_6", "flow_5"], 0.0)
    then = rotation.choose((), 0.0)

    assert asked == ["flow_1", "flow_9", "flow_8", "flow_7"]
    assert then == ["flow_6", "flow_5"]


def test_what_is_heard_while_a_claim_is_in_flight_is_not_forgotten() -> None:
    rotation = Rotation(FLOWS)
    rotation.choose_all(0.0)

    rotation.heat(["flow_3"])

    assert rotation.expects_work
    assert rotation.choose((), 0.0) == ["flow_3"]


def test_a_flow_that_had_its_whole_share_is_asked_again() -> None:
    rotation = Rotation(["a", "b", "c"])
    asked = rotation.choose((), 0.0)

    rotation.note(asked, Counter(a=10, b=3, c=17), room=30)

    assert rotation.choose((), 0.0) == ["a", "c"]


def test_a_flow_that_was_not_reached_is_asked_again_first() -> None:
    rotation = Rotation(["a", "b", "c"])
    asked = rotation.choose((), 0.0)

    rotation.note(asked, Counter(a=1), room=1)

    assert rotation.choose(["a"], 0.0) == ["b", "c", "a"]


def test_a_flow_with_less_than_its_share_is_drained() -> None:
    rotation = Rotation(["a", "b"])
    asked = rotation.choose((), 0.0)

    rotation.note(asked, Counter(a=4, b=0), room=10)

    assert not rotation.expects_work


def test_a_flow_that_is_not_ours_is_passed_over() -> None:
    rotation = Rotation(["mine"])
    rotation.choose_all(0.0)

    rotation.heat(["somebody_elses"])

    assert not rotation.expects_work
