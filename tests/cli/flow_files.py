"""Flow files as a developer writes them, for tests of the command line."""

from __future__ import annotations

from pathlib import Path

PLAIN = """\
from pgflow import Flow

my_flow = Flow("my_flow")


@my_flow.step()
def fetch() -> int:
    return 20


@my_flow.step(fetch)
def process(fetched: int) -> int:
    return fetched + 1
"""
TUNED = PLAIN.replace("step(fetch)", "step(fetch, timeout=60)")
LEAVING = PLAIN.replace("return 20", "__import__('os')._exit(0)")
GROWN = f"""{PLAIN}

@my_flow.step(process)
def store(processed: int) -> None: ...
"""


def write(path: str, text: str = PLAIN) -> str:
    """Write a file below the current directory; returns its path."""
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return path
