"""What a terminal shows: texts that others wrote, and the lines of a log."""

from __future__ import annotations

import logging
import re

# Control characters but tab and newline, and the marks that turn the direction of writing.
_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    r"""A text that others wrote, with escapes for what a terminal would obey instead of show.

    >>> print(visible("red: \x1b[31m"))
    red: \x1b[31m
    """
    return _OBEYED.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class ConsoleFormatter(logging.Formatter):
    """Lines for people, each with the task that it is about."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  logging's name
        line = super().formatMessage(record)
        try:
            whose = "{flow_slug}.{step_slug}[{task_index}] {run_id}".format_map(vars(record))
        except KeyError:
            return line
        return f"{line}  {whose}"

    def format(self, record: logging.LogRecord) -> str:
        return visible(super().format(record))
