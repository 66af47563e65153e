"""What a worker says while its database is away."""

from __future__ import annotations

import pytest

from pgflow.worker.outage import Outage

REFUSED = ConnectionError("connection refused\n\tIs the server running on that host?")


def test_each_thing_is_said_once_whichever_connection_notices(
    caplog: pytest.LogCaptureFixture,
) -> None:
    outage = Outage()

    outage.lost("claims", "the server is shutting down")
    outage.goes_on(REFUSED)
    outage.lost("heartbeat", "server closed the connection")
    outage.goes_on(REFUSED)
    outage.goes_on(ConnectionError("the server is starting up"))
    outage.over("heartbeat")
    outage.over("claims")

    *before, end = caplog.messages
    assert before == [
        "connection lost: the server is shutting down",
        "cannot connect, trying on: connection refused; Is the server running on that host?",
        "cannot connect, trying on: the server is starting up",
    ]
    assert end.startswith("connected again, after ")


def test_the_next_outage_is_told_anew(caplog: pytest.LogCaptureFixture) -> None:
    outage = Outage()

    for _ in range(2):
        outage.lost("claims", "gone")
        outage.goes_on(REFUSED)
        outage.over("claims")

    assert len(caplog.messages) == 6


def test_no_password_is_told(caplog: pytest.LogCaptureFixture) -> None:
    outage = Outage()

    outage.lost("claims", "postgresql://app:s3cret@host is gone")
    outage.goes_on(ConnectionError("cannot reach postgresql://app:s3cret@host"))

    assert "s3cret" not in caplog.text
