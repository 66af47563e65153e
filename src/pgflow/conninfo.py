"""Database URLs as PostgreSQL's own library reads them."""

from __future__ import annotations

import psycopg
from psycopg.conninfo import conninfo_to_dict

from pgflow.environment import DatabaseUrl
from pgflow.errors import DatabaseUnavailable


def readable(url: DatabaseUrl) -> DatabaseUrl:
    """The URL itself; raises `DatabaseUnavailable` for one that says nothing."""
    try:
        conninfo_to_dict(url.value)
    except psycopg.ProgrammingError:
        # Neither the driver's words nor the URL: in what cannot be read anything may be a password.
        message = (
            f"the database URL ({url.source}) cannot be read. "
            "Expected postgresql://user:password@host:port/database"
        )
        raise DatabaseUnavailable(message) from None
    return url
