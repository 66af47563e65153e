from __future__ import annotations

import pytest

from pgflow.environment import find_database_url, redact
from pgflow.errors import DatabaseUnavailable, DatabaseUrlMissing

VARIABLES = {
    "PGFLOW_DATABASE_URL": "postgresql:///first",
    "EDGE_WORKER_DB_URL": "postgresql:///second",
    "DATABASE_URL": "postgresql:///third",
}


def running() -> str:
    return "postgresql:///embedded"


def test_an_explicit_url_beats_every_variable() -> None:
    found = find_database_url("postgresql:///named", variables=VARIABLES, embedded=running)

    assert (found.value, found.source) == ("postgresql:///named", "given explicitly")


@pytest.mark.parametrize("empty", ["", " \n"])
def test_an_empty_explicit_url_does_not_lead_to_another_database(empty: str) -> None:
    with pytest.raises(DatabaseUnavailable) as caught:
        find_database_url(empty, variables=VARIABLES, embedded=running)

    assert not isinstance(caught.value, DatabaseUrlMissing)
    assert str(caught.value) == (
        "the database URL is empty, expected postgresql://user:password@host:port/database. "
        "Leave it out to use the database that the environment names"
    )


@pytest.mark.parametrize("position", range(3))
def test_variables_are_asked_in_order(position: int) -> None:
    left = dict(list(VARIABLES.items())[position:])

    found = find_database_url(variables=left, embedded=running)

    assert (found.source, found.value) == next(iter(left.items()))


def test_an_empty_variable_is_passed_over() -> None:
    variables = {**VARIABLES, "PGFLOW_DATABASE_URL": ""}

    assert find_database_url(variables=variables).source == "EDGE_WORKER_DB_URL"


def test_the_embedded_database_comes_last() -> None:
    found = find_database_url(variables={}, embedded=running)

    assert (found.value, found.source) == (running(), "the project's embedded database")


def test_a_missing_url_names_every_place_that_was_looked_at() -> None:
    with pytest.raises(DatabaseUrlMissing) as caught:
        find_database_url(variables={})

    assert str(caught.value) == (
        "no database is named: none of PGFLOW_DATABASE_URL, EDGE_WORKER_DB_URL, DATABASE_URL is "
        "set, and the project's embedded database does not run. Name one with --database-url or a "
        "variable, or start the embedded one with: pgflow db start"
    )


@pytest.mark.parametrize(
    "url", ["postgresql+psycopg://u@h/shop", " postgresql+asyncpg://u@h/shop\n"]
)
def test_the_driver_that_sqlalchemy_wants_is_taken_off(url: str) -> None:
    assert find_database_url(variables={"DATABASE_URL": url}).value == "postgresql://u@h/shop"


def test_a_key_value_string_is_left_as_it_is() -> None:
    text = "host=h password='a://b' dbname=shop"

    assert find_database_url(text, variables={}).value == text


def test_the_url_of_another_database_is_refused() -> None:
    with pytest.raises(DatabaseUnavailable) as caught:
        find_database_url(variables={"DATABASE_URL": "mysql://u:secret@h/shop"})

    assert str(caught.value) == "DATABASE_URL names a 'mysql' database, expected postgresql://"


def test_a_password_with_an_unescaped_at_is_refused_without_being_shown() -> None:
    with pytest.raises(DatabaseUnavailable) as caught:
        find_database_url(variables={"DATABASE_URL": "postgresql://app:se@cret@h/shop"})

    assert str(caught.value) == (
        "DATABASE_URL has more than one '@'. Write that of a password as %40"
    )


def test_a_found_url_shows_its_password_nowhere() -> None:
    found = find_database_url("postgresql://app:secret@h/shop", variables={})

    assert "secret" not in repr(found)
    assert str(found) == "postgresql://app:***@h/shop"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://app:secret@h/shop", "postgresql://app:***@h/shop"),
        ("postgresql://app:se@cr/et@h/shop", "postgresql://app:***@h/shop"),
        ("postgresql://:secret@h", "postgresql://:***@h"),
        ("postgresql://app@h:5432/shop", "postgresql://app@h:5432/shop"),
        (
            "postgresql://h/shop?user=app&password=secret&sslmode=require",
            "postgresql://h/shop?user=app&password=***&sslmode=require",
        ),
        ("host=h password=secret dbname=shop", "host=h password=*** dbname=shop"),
        ("host=h password = 'se cr\\'et' dbname=shop", "host=h password = *** dbname=shop"),
        ("PASSWORD=secret", "PASSWORD=***"),
        (
            "cannot connect to postgres://a:b@h, nor to postgres://c:d@i",
            "cannot connect to postgres://a:***@h, nor to postgres://c:***@i",
        ),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_passwords_are_redacted_in_any_text(text: str, shown: str) -> None:
    assert redact(text) == shown
