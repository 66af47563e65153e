from __future__ import annotations

import pytest

from pgflow.cron import schedule_of


@pytest.mark.parametrize(
    ("said", "schedule"),
    [
        ("1 second", "1 second"),
        ("5 seconds", "5 seconds"),
        ("59s", "59 seconds"),
        ("60 seconds", "* * * * *"),
        ("1 minute", "* * * * *"),
        ("15min", "*/15 * * * *"),
        ("60 minutes", "0 * * * *"),
        ("1 hour", "0 * * * *"),
        ("6 hours", "0 */6 * * *"),
        ("24h", "0 0 * * *"),
    ],
)
def test_a_span_becomes_a_schedule(said: str, schedule: str) -> None:
    assert schedule_of(said) == schedule


@pytest.mark.parametrize("said", ["", "0 seconds", "90 seconds", "7 minutes", "5 hours", "noon"])
def test_what_pg_cron_cannot_do_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match=f"'{said}' is nothing that pg_cron can do, expected"):
        schedule_of(said)
