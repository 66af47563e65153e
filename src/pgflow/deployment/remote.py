"""The flows of a worker that runs elsewhere, as its control plane tells them."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from pgflow.definition.rules import check_slug
from pgflow.definition.shape import FlowShape
from pgflow.deployment.decompile import decompile_flow
from pgflow.environment import AUTH_SECRET_VARIABLE
from pgflow.errors import DeploymentError

_PATIENCE = 10.0
_MOST_BYTES = 16_000_000


def fetch_shape(worker_url: str, slug: str) -> FlowShape:
    """The shape of a flow that the worker serves."""
    check_slug(f"flow {slug!r}", slug)
    shape = decompile_flow(_statements(_get(worker_url, slug), worker_url))
    if shape.slug != slug:
        message = f"the worker at {worker_url} answered with flow '{shape.slug}', expected '{slug}'"
        raise DeploymentError(message)
    return shape


def _get(worker_url: str, slug: str) -> bytes:
    if urlsplit(worker_url).scheme not in ("http", "https"):
        message = f"the worker's URL is '{worker_url}', expected http://host:port"
        raise DeploymentError(message)
    url = f"{worker_url.rstrip('/')}/flows/{slug}"
    try:
        # Only http and https get here, so no local file is opened.
        with urlopen(Request(url, headers=_who_asks()), timeout=_PATIENCE) as answer:  # noqa: S310
            return answer.read(_MOST_BYTES)
    except HTTPError as error:
        raise _refused(error, worker_url, slug) from error
    except (URLError, OSError) as error:
        reason = getattr(error, "reason", error)
        message = (
            f"no worker answers at {worker_url}: {reason}. Start one with: pgflow worker --http"
        )
        raise DeploymentError(message) from error


def _who_asks() -> dict[str, str]:
    secret = os.environ.get(AUTH_SECRET_VARIABLE)
    return {"Authorization": f"Bearer {secret}"} if secret else {}


def _refused(error: HTTPError, worker_url: str, slug: str) -> DeploymentError:
    with error:
        if error.code == HTTPStatus.NOT_FOUND:
            return DeploymentError(
                f"the worker at {worker_url} does not serve flow '{slug}'. Look at its flows"
            )
        if error.code == HTTPStatus.UNAUTHORIZED:
            return DeploymentError(
                f"the worker at {worker_url} wants its secret. Set {AUTH_SECRET_VARIABLE} to it"
            )
        return DeploymentError(
            f"the worker at {worker_url} answered {error.code} {error.reason}. Look at its log"
        )


def _statements(answer: bytes, worker_url: str) -> Sequence[str]:
    try:
        sql: Any = json.loads(answer)["sql"]
    except (ValueError, LookupError, TypeError):
        sql = None
    if not isinstance(sql, list):
        message = f"{worker_url} is no worker's control plane: its answer has no list `sql`"
        raise DeploymentError(message)
    return [str(statement) for statement in sql]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
