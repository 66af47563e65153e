"""The database that one test has for itself."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from pgflow import Client


class PgflowDatabase:
    """A fresh database with pgflow installed, gone after the test.

    Example:
        def test_order_is_taken(pgflow_database):
            run = pgflow_database.client.start(orders, {"id": 7})
            assert run.status == "started"
    """

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn

    @cached_property
    def client(self) -> Client:
        """A client of this database."""
        from pgflow import Client  # the client is paid for by those who ask for it

        return Client(self.dsn)

    def connect(self, **options: Any) -> psycopg.Connection:
        """A new connection, which the caller closes; the options are those of `psycopg.connect`."""
        return psycopg.connect(self.dsn, **options)

    def advance(self, seconds: float) -> None:
        """Moves time: what was due within so many seconds is due now.

        Retries, start delays, timeouts and leases fall due without sleeping. Workers that run
        already notice on their next look at the database.
        """
        with self.connect(autocommit=True) as connection:
            connection.execute("select pgflow_testing.advance(%s)", [seconds])

    def close(self) -> None:
        """Gives back what was opened on the way."""
        if "client" in self.__dict__:
            self.client.close()
