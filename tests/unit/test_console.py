"""How texts of others and log records look in a terminal."""

from __future__ import annotations

import logging

import pytest

from pgflow.console import ConsoleFormatter, visible

FORMATTER = ConsoleFormatter("%(levelname)s %(message)s")
WHOSE = {"flow_slug": "shop", "step_slug": "pay", "task_index": 2, "run_id": "0199d6a2"}


def record(message: str, **extra: object) -> logging.LogRecord:
    return logging.makeLogRecord({"levelname": "WARNING", "msg": message, **extra})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;owned\x07\x1b[31mred", r"\x1b]0;owned\x07\x1b[31mred"),
        ("\x9b2J\x7f", r"\x9b2J\x7f"),
        ("over\rwritten", r"over\rwritten"),
        ("pay\u202e0001\u2069", r"pay\u202e0001\u2069"),
        ("zwei\n\tZeilen, größer als 日本", "zwei\n\tZeilen, größer als 日本"),
    ],
)
def test_what_a_terminal_would_obey_is_made_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_line_about_a_task_says_which() -> None:
    assert FORMATTER.format(record("timed out", **WHOSE)) == (
        "WARNING timed out  shop.pay[2] 0199d6a2"
    )


def test_a_line_about_nothing_of_a_run_is_as_it_was() -> None:
    assert FORMATTER.format(record("started", flow_slug="shop")) == "WARNING started"


def test_the_traceback_follows_the_line() -> None:
    try:
        raise KeyError("tea\x1b[2J")
    except KeyError as error:
        told = record("failed", exc_info=(KeyError, error, error.__traceback__), **WHOSE)

    lines = FORMATTER.format(told).splitlines()

    assert lines[0] == "WARNING failed  shop.pay[2] 0199d6a2"
    assert lines[1] == "Traceback (most recent call last):"
    assert lines[-1] == r"KeyError: 'tea\x1b[2J'"


def test_an_error_that_paints_the_terminal_is_shown_as_text() -> None:
    assert FORMATTER.format(record("\x1b[2J")) == r"WARNING \x1b[2J"
