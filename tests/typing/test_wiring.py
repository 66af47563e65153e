"""A type checker alone finds wrong wiring of flows, wrong inputs of calls, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.typing.checkers import CHECKERS, Finding, blocks

GOOD = Path(__file__).with_name("good_flows.py")
BAD = Path(__file__).with_name("bad_flows.py")
CALLS = Path(__file__).with_name("bad_calls.py")


@pytest.fixture(scope="module", params=CHECKERS, ids=lambda checker: checker.__name__)
def findings(request: pytest.FixtureRequest) -> set[Finding]:
    """All that one checker finds, in one run: starting it is what takes the time."""
    checker: Callable[..., set[Finding]] = request.param
    return checker(GOOD, BAD, CALLS)


def test_good_flows_are_good_and_their_types_are_seen(findings: set[Finding]) -> None:
    assert {each for each in findings if each.file == GOOD.name} == set()


@pytest.mark.parametrize(("file", "at_least"), [(BAD, 20), (CALLS, 1)], ids=["flows", "calls"])
def test_every_mistake_is_found(findings: set[Finding], file: Path, at_least: int) -> None:
    lines = {each.line for each in findings if each.file == file.name}
    mistakes = [block for block in blocks(file) if block.mistake]

    assert len(mistakes) > at_least
    assert [block.mistake for block in mistakes if lines.isdisjoint(block.lines)] == []


@pytest.mark.parametrize("file", [BAD, CALLS], ids=["flows", "calls"])
def test_nothing_is_found_where_no_mistake_is(findings: set[Finding], file: Path) -> None:
    right = [block for block in blocks(file) if not block.mistake]

    assert [
        each
        for each in findings
        if each.file == file.name and any(each.line in block.lines for block in right)
    ] == []
