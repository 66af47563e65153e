"""Slugs, retry delays, queue names and the question whether this is a development database."""

from __future__ import annotations

from tests.support.engine import Engine

SLUGS = {
    "a": True,
    "greet_user": True,
    "Order_v2": True,
    "a1": True,
    "runs": True,
    "Run": True,
    "x" * 128: True,
    "x" * 129: False,
    "": False,
    "run": False,
    "1a": False,
    "_a": False,
    "a-b": False,
    "a b": False,
    "a.b": False,
    "a\n": False,
    "naïve": False,
    "a'; drop table pgflow.runs; --": False,
}

RETRY_DELAYS = {
    (5, 1): 5,
    (5, 2): 10,
    (5, 3): 20,
    (0.5, 1): 0,
    (0.5, 2): 1,
    (2.7, 1): 2,
    (2.7, 2): 5,
    (0, 40): 0,
    (1, 12): 2048,
    (1, 13): 3600,
    (5, 1_000): 3600,
    (5, 2_147_483_647): 3600,
    (0, 2_147_483_647): 0,
    (2_147_483_647, 1): 3600,
}

PLAIN_SLUGS = ("greet_user", "x" * 47, "a1")
FOLDED_SLUGS = ("Greet_User", "GREET_USER", "x" * 48, "x" * 49, "x" * 128, "x" * 127 + "y")
SUPABASE_SECRET = "super-secret-jwt-token-with-at-least-32-characters-long"


def test_a_slug_is_letters_digits_and_underscores(engine: Engine) -> None:
    verdicts = {
        slug: engine.value("select pgflow.is_valid_slug(slug => %(slug)s)", slug=slug)
        for slug in SLUGS
    }

    assert verdicts == SLUGS


def test_a_null_is_no_slug(engine: Engine) -> None:
    assert engine.value("select pgflow.is_valid_slug(null)") is False


def test_retry_delays_double_up_to_an_hour(engine: Engine) -> None:
    delays = {
        (base, attempts): engine.value(
            """select pgflow.calculate_retry_delay(
              base_delay => %(base)s::numeric, attempts_count => %(attempts)s)""",
            base=base,
            attempts=attempts,
        )
        for base, attempts in RETRY_DELAYS
    }

    assert delays == RETRY_DELAYS


def queue_name(engine: Engine, slug: str) -> str:
    return engine.value("select pgflow.queue_name(flow_slug => %(slug)s)", slug=slug)


def test_a_short_lower_case_slug_is_its_own_queue(engine: Engine) -> None:
    assert [queue_name(engine, slug) for slug in PLAIN_SLUGS] == list(PLAIN_SLUGS)


def test_other_slugs_get_a_lower_case_queue_of_their_own(engine: Engine) -> None:
    names = [queue_name(engine, slug) for slug in FOLDED_SLUGS]

    assert all(name == name.lower() and len(name) <= 47 for name in names)
    assert len({*names, *PLAIN_SLUGS}) == len(FOLDED_SLUGS) + len(PLAIN_SLUGS)


def test_every_slug_gets_a_working_queue(engine: Engine) -> None:
    for slug in (*PLAIN_SLUGS, *FOLDED_SLUGS):
        engine.flow(slug=slug)

    queues = {row["queue_name"] for row in engine.rows("select queue_name from pgmq.list_queues()")}

    assert queues >= {queue_name(engine, slug) for slug in (*PLAIN_SLUGS, *FOLDED_SLUGS)}


def test_a_database_is_local_when_it_has_the_development_secret(engine: Engine) -> None:
    engine.do(
        "select set_config('app.settings.jwt_secret', %(secret)s, false)", secret=SUPABASE_SECRET
    )

    assert engine.value("select pgflow.is_local()") is True


def test_a_database_with_another_secret_is_not_local(engine: Engine) -> None:
    engine.do("select set_config('app.settings.jwt_secret', 'another', false)")

    assert engine.value("select pgflow.is_local()") is False


def test_a_database_without_the_setting_is_not_local(engine: Engine) -> None:
    assert engine.value("select pgflow.is_local()") is False
