from __future__ import annotations

from contextlib import closing

import pytest

from pgflow.asgi.serving import Address
from pgflow.errors import DeploymentError


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        (":8080", "0.0.0.0", 8080),
        ("8080", "127.0.0.1", 8080),
        ("worker.internal:80", "worker.internal", 80),
        ("[::1]:8080", "::1", 8080),
    ],
)
def test_an_address_is_read_as_people_write_it(text: str, host: str, port: int) -> None:
    assert Address.parse(text) == Address(host, port)


@pytest.mark.parametrize("text", ["", ":", "host", "host:", ":-1", ":65536", ":٣"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected HOST:PORT, such as :8080"):
        Address.parse(text)


def test_a_version_6_address_is_written_with_brackets() -> None:
    assert str(Address("::1", 80)) == "[::1]:80"
    assert str(Address("127.0.0.1", 80)) == "127.0.0.1:80"


def test_an_address_is_taken_before_anybody_is_served_there() -> None:
    with closing(Address("127.0.0.1", 0).listen()) as first:
        port = first.getsockname()[1]

        with pytest.raises(DeploymentError, match="address already in use"):
            Address("127.0.0.1", port).listen()
