from __future__ import annotations

import pytest

from pgflow.environment import HOSTED_MARKERS, Environment, Stage, is_on_this_machine
from pgflow.errors import DeploymentError

REMOTE = "postgresql://app:secret@db.example.com/shop"


def test_a_bare_machine_is_local() -> None:
    environment = Environment.detect({})

    assert environment.is_local
    assert not environment.is_explicit


@pytest.mark.parametrize("marker", HOSTED_MARKERS)
def test_every_hosted_marker_means_production(marker: str) -> None:
    environment = Environment.detect({marker: "anything"})

    assert environment.is_production
    assert environment.reason == f"{marker} is set"


def test_a_marker_counts_even_when_it_is_empty() -> None:
    assert Environment.detect({"RENDER": ""}).is_production


@pytest.mark.parametrize("said", ["local", "LOCAL", " local "])
def test_pgflow_env_overrides_markers(said: str) -> None:
    environment = Environment.detect({"PGFLOW_ENV": said, "KUBERNETES_SERVICE_HOST": "10.0.0.1"})

    assert environment == Environment(Stage.LOCAL, "PGFLOW_ENV=local", is_explicit=True)


def test_pgflow_env_makes_a_bare_machine_production() -> None:
    assert Environment.detect({"PGFLOW_ENV": "production"}).is_production


def test_an_empty_pgflow_env_says_nothing() -> None:
    assert Environment.detect({"PGFLOW_ENV": "", "DYNO": "web.1"}).is_production


def test_an_unknown_pgflow_env_is_refused() -> None:
    with pytest.raises(DeploymentError) as caught:
        Environment.detect({"PGFLOW_ENV": "prod"})

    assert str(caught.value) == "PGFLOW_ENV is 'prod', expected 'local' or 'production'"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://localhost/shop",
        "postgresql://LOCALHOST./shop",
        "postgresql://shop.localhost/shop",
        "postgresql://127.0.0.1:5432/shop",
        "postgresql://127.1.2.3/shop",
        "postgresql://u:p@[::1]:5432/shop",
        "postgresql://localhost,127.0.0.1:5433/shop",
        "postgresql://db/shop",
        "postgres://postgres:postgres@postgres:5432/shop",
        "postgresql+psycopg://database/shop",
        "postgresql://host.docker.internal:54322/postgres",
        "postgresql://supabase_db_shop/postgres",
        "postgresql://u@/shop?host=/var/run/postgresql",
        "postgresql://u@/shop?host=%2Fvar%2Frun%2Fpostgresql",
        "postgresql://%2Ftmp%2Fsockets/shop",
        "postgresql:///shop",
        "postgresql://remote.example.com/shop?host=localhost",
        "postgresql://remote.example.com/shop?hostaddr=127.0.0.1",
        "host=localhost dbname=shop",
        "host = '/var/run/my sockets' dbname=shop",
        "dbname=shop",
        "",
    ],
)
def test_a_database_nearby_is_expected_in_a_local_environment(url: str) -> None:
    environment = Environment.detect({})

    assert is_on_this_machine(url, {})
    assert environment.may_destroy(url, {})
    assert environment.warning(url, {}) is None


@pytest.mark.parametrize(
    "url",
    [
        REMOTE,
        "postgresql://app:p@ss@db.example.com/shop",
        "postgresql://10.0.0.7/shop",
        "postgresql://localhost,db.example.com/shop",
        "postgresql://localhost/shop?host=db.example.com",
        "postgresql://localhost/shop?hostaddr=10.0.0.7",
        "postgresql://app@db.example.com?sslmode=require",
        "postgresql:///shop?service=live",
        "postgresql://localhost.example.com/shop",
        "host=db.example.com dbname=localhost",
        "host='db.example.com' user=localhost",
        "host=localhost hostaddr=10.0.0.7",
        "service=live",
    ],
)
def test_a_database_far_away_is_unexpected_in_a_local_environment(url: str) -> None:
    environment = Environment.detect({})

    assert not is_on_this_machine(url, {})
    assert not environment.may_destroy(url, {})
    assert environment.warning(url, {})


@pytest.mark.parametrize(
    "variables",
    [{"PGHOST": "db.example.com"}, {"PGHOSTADDR": "10.0.0.7"}, {"PGSERVICE": "live"}],
)
def test_the_variables_of_libpq_decide_what_the_url_leaves_open(variables: dict[str, str]) -> None:
    assert not is_on_this_machine("postgresql:///shop", variables)


def test_an_unexpected_database_is_named_without_its_password() -> None:
    warning = Environment.detect({}).warning(REMOTE, {})

    assert warning == (
        "the environment is local (no hosting platform was recognised), but the database is on "
        "db.example.com: nothing that destroys data is done. Set PGFLOW_ENV=production, or "
        "PGFLOW_ENV=local if its data may be destroyed"
    )


def test_saying_local_explicitly_allows_to_destroy_an_unexpected_database() -> None:
    environment = Environment.detect({"PGFLOW_ENV": "local"})

    assert environment.may_destroy(REMOTE, {})
    assert environment.warning(REMOTE, {}) == (
        "the database is on db.example.com, and PGFLOW_ENV=local allows to destroy its data"
    )


def test_production_destroys_nothing_anywhere() -> None:
    environment = Environment.detect({"PGFLOW_ENV": "production"})

    assert not environment.may_destroy("postgresql://localhost/shop", {})
    assert environment.warning("postgresql://localhost/shop", {}) is None
