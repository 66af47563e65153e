"""Errors as answers: the status and the code for programs, our own sentence for people."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import MappingProxyType

import psycopg
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from pgflow.environment import redact
from pgflow.errors import (
    DatabaseUnavailable,
    DeploymentError,
    FlowConflict,
    FlowDefinitionError,
    FlowNotFound,
    PayloadError,
    PgflowError,
    RunConflict,
    RunNotFound,
)
from pgflow.web.models import Refusal, Trouble

logger = logging.getLogger("pgflow.web")


class NotAllowed(PgflowError):
    """The playground only reads here."""


class NothingHere(PgflowError):
    """What was asked for does not exist."""


# The first that fits counts.
_MEANINGS: Mapping[type[Exception], tuple[int, str]] = MappingProxyType(
    {
        NotAllowed: (403, "read_only"),
        NothingHere: (404, "not_found"),
        RunNotFound: (404, "not_found"),
        FlowNotFound: (404, "not_found"),
        RunConflict: (409, "conflict"),
        FlowConflict: (409, "conflict"),
        PayloadError: (422, "invalid_input"),
        FlowDefinitionError: (422, "invalid_input"),
        DeploymentError: (409, "conflict"),
        DatabaseUnavailable: (503, "unavailable"),
        ValueError: (400, "invalid_request"),
        psycopg.DataError: (400, "invalid_request"),
    }
)


def refused(status: int, code: str, message: str, differences: tuple[str, ...] = ()) -> Response:
    """The answer of a request that is not granted."""
    body = Refusal(error=Trouble(code=code, message=message, differences=differences))
    return Response(body.model_dump_json(), status, media_type="application/json")


def refusal_of(_: Request, error: Exception) -> Response:
    """The answer of a request that ended with an error."""
    for kind, (status, code) in _MEANINGS.items():
        if isinstance(error, kind):
            differences = error.differences if isinstance(error, FlowConflict) else ()
            return refused(status, code, _told(error), differences)
    logger.error("a request has failed", exc_info=error)
    message = f"{type(error).__name__}: {redact(str(error))}. The server's log says where"
    return refused(500, "internal", message)


def _told(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the body"
        return f"{place}: {first['msg'].lower()}"
    return redact(str(error))
