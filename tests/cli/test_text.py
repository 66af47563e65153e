"""How values are read and written on the command line."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import click
import pytest

from pgflow.cli.output import print_json
from pgflow.cli.tables import table
from pgflow.durations import duration, parse_span


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0.0 ms"),
        (0.00321, "3.2 ms"),
        (0.25, "250 ms"),
        (1.04, "1.0 s"),
        (0.09999, "100 ms"),
        (0.9999, "1.0 s"),
        (59.96, "1 min 0 s"),
        (75, "1 min 15 s"),
        (119.7, "1 min 59 s"),
        (3599.7, "59 min 59 s"),
        (7260, "2 h 1 min"),
        (100_000, "1 d 3 h"),
    ],
)
def test_a_duration_has_the_units_that_matter(seconds: float, text: str) -> None:
    assert duration(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("90s", timedelta(seconds=90)),
        ("1.5m", timedelta(seconds=90)),
        ("5min", timedelta(minutes=5)),
        ("36h", timedelta(hours=36)),
        (" 30 d ", timedelta(days=30)),
        ("2w", timedelta(days=14)),
    ],
)
def test_a_span_is_a_number_and_a_unit(text: str, span: timedelta) -> None:
    assert parse_span(text) == span


@pytest.mark.parametrize("text", ["", "30", "d", "-1d", "1y", "1d2h"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no span of time, expected one like 90s, 15m, 36h"):
        parse_span(text)


@pytest.mark.parametrize("text", ["999999999999d", f"{'9' * 400}s", "24856d"])
def test_a_span_has_an_end(text: str) -> None:
    with pytest.raises(ValueError, match=r"is too long a span of time, expected at most 24855d"):
        parse_span(text)


def test_a_table_aligns_numbers_to_the_right_and_cuts_what_is_too_long() -> None:
    rows = [
        {"flow": "orders", "runs": 3, "error": None, "deps": ["a", "b"]},
        {"flow": "invoices", "runs": 12, "error": "x" * 30, "deps": []},
    ]

    assert click.unstyle(table(rows, widest=10)).splitlines() == [
        "flow      runs  error       deps",
        "orders       3  -           a, b",
        "invoices    12  xxxxxxxxx…  -",
    ]


def test_a_cell_is_one_line() -> None:
    assert table([{"error": "a\n  b"}]).splitlines()[1] == "a b"


def test_a_cell_shows_what_a_terminal_would_obey() -> None:
    assert table([{"error": "\x1b[31mred\u202e"}]).splitlines()[1] == r"\x1b[31mred\u202e"


def test_json_has_times_as_text_and_spans_as_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    print_json(
        {
            "at": datetime(2026, 7, 1, tzinfo=UTC),
            "took": timedelta(seconds=1.5),
            "id": UUID(int=1),
        }
    )

    assert json.loads(capsys.readouterr().out) == {
        "at": "2026-07-01T00:00:00+00:00",
        "took": 1.5,
        "id": "00000000-0000-0000-0000-000000000001",
    }
