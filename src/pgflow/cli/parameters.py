"""Kinds of values that commands take, as functions for click's `type`."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pgflow.durations import parse_span

if TYPE_CHECKING:
    from pgflow.asgi.serving import Address

# So many rows at a time.
row_count = click.IntRange(1, 1_000_000)


def span(text: str | timedelta) -> timedelta:
    """A span of time: 90s, 15m, 36h, 30d, 2w."""
    if isinstance(text, timedelta):
        return text
    try:
        return parse_span(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def json_value(source: str) -> Any:
    """A JSON value: the text itself, @ and the name of a file, or - for standard input."""
    try:
        return json.loads(_read(source))
    except OSError as error:
        message = f"cannot read {source[1:]}: {error.strerror}"
    except RecursionError:
        message = "it is nested too deeply to be read. Give it fewer levels"
    except ValueError as error:
        message = f'not JSON: {error}. Write it like \'{{"name": "Ada"}}\', @file.json or -'
    raise click.BadParameter(message)


def address(text: str) -> Address:
    """Where to listen: HOST:PORT, or :PORT for every address of the machine."""
    from pgflow.asgi.serving import Address

    try:
        return Address.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _read(source: str) -> str:
    if source == "-":
        return sys.stdin.read()
    return Path(source[1:]).read_text("utf-8") if source.startswith("@") else source
