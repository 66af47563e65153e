"""Rows as a table for people: pure text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import cast

import click

from pgflow.console import visible
from pgflow.durations import duration


def table(rows: Sequence[Mapping[str, object]], *, widest: int = 60) -> str:
    """The rows under the names of their columns; a cell that is too long is cut off.

    >>> print(table([{"flow": "orders", "runs": 3}, {"flow": "invoices", "runs": 12}]))
    flow      runs
    orders       3
    invoices    12
    """
    names = list(rows[0]) if rows else []
    cells = [names, *([cell(row[name], widest) for name in names] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    numeric = [all(_is_number(row[name]) for row in rows) for name in names]
    head, *body = (_line(line, widths, numeric) for line in cells)
    return "\n".join([click.style(head, dim=True), *body])


def cell(value: object, widest: int = 60) -> str:
    """A value in one line."""
    text = visible(" ".join(_text(value).split()))
    return text if len(text) <= widest else f"{text[: widest - 1]}…"


def _text(value: object) -> str:
    match value:
        case None:
            return "-"
        case datetime():
            return value.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        case timedelta():
            return duration(value)
        case list():
            return _list(cast("list[object]", value))
        case dict():
            return json.dumps(value, ensure_ascii=False, default=str)
        case _:
            return str(value)


def _list(items: list[object]) -> str:
    if all(isinstance(item, str) for item in items):
        return ", ".join(map(str, items)) or "-"
    return json.dumps(items, ensure_ascii=False, default=str)


def _is_number(value: object) -> bool:
    return value is None or isinstance(value, int | float | Decimal)


def _line(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    aligned = [
        text.rjust(width) if right else text.ljust(width)
        for text, width, right in zip(cells, widths, numeric, strict=True)
    ]
    return "  ".join(aligned).rstrip()
