"""A type checker alone finds a wrong input, and nothing else, in calls of the clients."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.typing.checkers import CHECKERS, Finding, blocks

CALLS = Path(__file__).with_name("bad_calls.py")


@pytest.mark.parametrize("checker", CHECKERS, ids=lambda checker: checker.__name__)
def test_checkers_complain_of_every_mistake_and_of_nothing_else(
    checker: Callable[..., set[Finding]],
) -> None:
    wrong = {each.line for each in checker(CALLS)}

    assert [block.mistake for block in blocks(CALLS) if not wrong.isdisjoint(block.lines)] == [
        block.mistake for block in blocks(CALLS) if block.mistake
    ]
