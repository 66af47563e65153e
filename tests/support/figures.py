"""What a test has measured, said to whoever runs it, though pytest keeps output to itself."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

Tell = Callable[[str], None]


def telling(capture: pytest.CaptureFixture[str]) -> Tell:
    """Says a line past pytest's capture; `capture` is the fixture `capfd`."""

    def tell(line: str) -> None:
        with capture.disabled():
            sys.stderr.write(f"\n{line}\n")

    return tell
