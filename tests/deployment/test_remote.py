"""Flows from the control plane of a worker that runs elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pgflow.definition.compile import compile_flow
from pgflow.deployment.remote import fetch_shape
from pgflow.errors import DeploymentError, FlowDefinitionError
from tests.deployment.flows import tuned
from tests.support.control_plane import control_plane

ANSWERS = {
    "/flows/my_flow": (200, {"flowSlug": "my_flow", "sql": compile_flow(tuned().shape())}),
    "/flows/swapped": (200, {"flowSlug": "swapped", "sql": compile_flow(tuned().shape())}),
    "/flows/evil": (200, {"flowSlug": "evil", "sql": ["DROP SCHEMA pgflow CASCADE;"]}),
    "/flows/odd": (200, {"flows": []}),
    "/flows/broken": (500, {}),
}


@pytest.fixture(scope="module")
def worker_url() -> Iterator[str]:
    with control_plane(ANSWERS) as url:
        yield url


def test_the_flow_of_a_worker_is_read(worker_url: str) -> None:
    assert fetch_shape(worker_url, "my_flow") == tuned().shape()
    assert fetch_shape(f"{worker_url}/", "my_flow") == tuned().shape()


@pytest.mark.parametrize(
    ("slug", "message"),
    [
        ("unknown", "the worker at {url} does not serve flow 'unknown'. Look at its flows"),
        ("swapped", "the worker at {url} answered with flow 'my_flow', expected 'swapped'"),
        (
            "evil",
            "this is no compiled flow: expected the statements that `pgflow compile` writes",
        ),
        ("odd", "{url} is no worker's control plane: its answer has no list `sql`"),
        ("broken", "the worker at {url} answered 500 Internal Server Error. Look at its log"),
    ],
)
def test_an_answer_that_is_no_flow_is_refused(worker_url: str, slug: str, message: str) -> None:
    with pytest.raises(DeploymentError) as caught:
        fetch_shape(worker_url, slug)

    assert str(caught.value) == message.format(url=worker_url)


def test_a_worker_that_does_not_answer_is_told() -> None:
    with control_plane({}) as worker_url:
        pass

    with pytest.raises(DeploymentError) as caught:
        fetch_shape(worker_url, "my_flow")

    assert "Connection refused. Start one with: pgflow worker --http" in str(caught.value)


def test_only_http_is_spoken() -> None:
    with pytest.raises(DeploymentError) as caught:
        fetch_shape("file:///etc", "passwd")

    assert str(caught.value) == "the worker's URL is 'file:///etc', expected http://host:port"


def test_a_slug_that_is_none_is_not_even_asked_for(worker_url: str) -> None:
    with pytest.raises(FlowDefinitionError, match=r"flow '\.\./admin': the slug is '\.\./admin'"):
        fetch_shape(worker_url, "../admin")
