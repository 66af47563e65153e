"""What commands print, for people and for programs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import click


def done(text: str) -> None:
    """Says that something was done."""
    click.echo(f"{click.style('✓', fg='green')} {text}")


def print_json(value: object) -> None:
    """Prints a value for programs: times as ISO 8601, spans as seconds."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def print_rows(rows: Sequence[Any], *, as_json: bool, nothing: str) -> None:
    """Prints rows as JSON or as a table; `nothing` is what to say where there are none."""
    records = [_record(row) for row in rows]
    if as_json:
        print_json(records)
    elif records:
        from pgflow.cli.tables import table

        click.echo(table(records))
    else:
        click.echo(nothing)


def _record(row: Any) -> Mapping[str, object]:
    if dataclasses.is_dataclass(row):
        return {field.name: getattr(row, field.name) for field in dataclasses.fields(row)}
    return row


def _plain(value: object) -> object:
    match value:
        case timedelta():
            return value.total_seconds()
        case datetime():
            return value.isoformat()
        case UUID():
            return str(value)
        case _:
            return _record(value)
