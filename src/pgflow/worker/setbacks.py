"""What an error of the database means to a worker that wants to go on."""

from __future__ import annotations

from enum import Enum, auto

import psycopg

# SQLSTATE classes and codes. See appendix A of the PostgreSQL manual.
_CONNECTION = ("08", "57P", "25006", "0A000", "26000")
_PASSING = ("40", "53", "55", "57014")
_PAYLOAD = ("22", "54")
_DEPLOYMENT = ("42501", "42883", "3F")


class Setback(Enum):
    """LOST: open the connection again. PASSING: try the same again in a moment. PAYLOAD: a value
    that Postgres refuses. DEPLOYMENT: only an operator can help. UNKNOWN: everything else.

    A server that is read-only counts as LOST: after a failover the address leads to the new one. So
    does a prepared statement that fits no more: a new connection prepares it anew.
    """

    LOST = auto()
    PASSING = auto()
    PAYLOAD = auto()
    DEPLOYMENT = auto()
    UNKNOWN = auto()


def judge(error: psycopg.Error) -> Setback:
    state = error.sqlstate
    if state is None:
        lost = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        return Setback.LOST if lost else Setback.UNKNOWN
    for prefixes, setback in (
        (_PASSING, Setback.PASSING),
        (_CONNECTION, Setback.LOST),
        (_PAYLOAD, Setback.PAYLOAD),
        (_DEPLOYMENT, Setback.DEPLOYMENT),
    ):
        if state.startswith(prefixes):
            return setback
    return Setback.UNKNOWN


def reason(error: psycopg.Error) -> str:
    """The first line of what the server says, without context and without our own SQL."""
    text = error.diag.message_primary or str(error)
    return text.strip().splitlines()[0] if text.strip() else type(error).__name__
