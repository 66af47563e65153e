"""Spans of time as people read and write them."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import pairwise

UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
LONGEST = timedelta(days=24855)
SPAN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(s|min|m|h|d|w)\s*")
SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}


def duration(span: timedelta) -> str:
    """A span of time, in the two units that matter.

    >>> duration(timedelta(milliseconds=3.21)), duration(timedelta(seconds=75))
    ('3.2 ms', '1 min 15 s')
    """
    seconds = max(span.total_seconds(), 0)
    # What would be rounded up to the next unit is told in that one.
    if seconds < 0.09995:  # noqa: PLR2004  below that, tenths of a millisecond are of interest
        return f"{seconds * 1000:.1f} ms"
    if seconds < 0.9995:  # noqa: PLR2004
        return f"{seconds * 1000:.0f} ms"
    whole = int(seconds + 0.05)
    for (unit, size), (part, part_size) in pairwise(UNITS):
        if whole >= size:
            return f"{whole // size} {unit} {whole % size // part_size} {part}"
    return f"{seconds:.1f} s"


def parse_span(text: str) -> timedelta:
    """A span of time as written on the command line: `90s`, `15m`, `36h`, `30d`, `2w`.

    Raises `ValueError` for anything else, and for more than an integer of PostgreSQL holds in
    seconds.
    """
    written = SPAN.fullmatch(text)
    if written is None:
        message = f"'{text}' is no span of time, expected one like 90s, 15m, 36h, 30d or 2w"
        raise ValueError(message)
    seconds = float(written[1]) * SECONDS[written[2]]
    if seconds > LONGEST.total_seconds():
        message = f"'{text}' is too long a span of time, expected at most {LONGEST.days}d"
        raise ValueError(message)
    return timedelta(seconds=seconds)
