"""Database URLs as PostgreSQL's own library reads them."""

from __future__ import annotations

import re

import psycopg
from psycopg.conninfo import conninfo_to_dict

from pgflow.environment import DatabaseUrl
from pgflow.errors import DatabaseUnavailable

_UNKNOWN_PARAMETER = re.compile(r'invalid URI query parameter: "(\w+)"')


def readable(url: DatabaseUrl) -> DatabaseUrl:
    """The URL itself; raises `DatabaseUnavailable` for one that says nothing."""
    try:
        conninfo_to_dict(url.value)
    except psycopg.ProgrammingError as error:
        unknown = _UNKNOWN_PARAMETER.match(str(error))
        # Neither the driver's words nor the URL: in what cannot be read anything may be a password,
        # but not behind the question mark if no @ follows.
        if unknown and "@" not in url.value.partition("?")[2]:
            what = f"has a parameter '{unknown[1]}', which PostgreSQL does not know"
            cure = "Mend it, or leave it out"
        else:
            what, cure = "cannot be read", "Expected postgresql://user:password@host:port/database"
        message = f"the database URL ({url.source}) {what}. {cure}"
        raise DatabaseUnavailable(message) from None
    return url
