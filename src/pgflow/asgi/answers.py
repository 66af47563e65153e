"""What a worker answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pgflow.asgi.order import Order


class _Json(JSONResponse):
    """An answer that may repeat what was asked, and in that also a lone surrogate."""

    def render(self, content: Any) -> bytes:
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        return text.encode(errors="backslashreplace")


@dataclass(frozen=True, slots=True)
class Account:
    """What was ordered and what came of it. What is not known is None."""

    flow_slug: str | None = None
    batch_size: int | None = None
    max_concurrent: int | None = None
    worker_id: UUID | None = None
    processed: int = 0
    completed: int = 0
    failed: int = 0

    @classmethod
    def of(cls, order: Order) -> Account:
        return cls(order.flow_slug, order.batch_size, order.max_concurrent)

    @classmethod
    def guessed(cls, given: Mapping[str, Any]) -> Account:
        """What a bad order says, as far as it has the right type."""
        fields = {"flow_slug": str, "batch_size": int, "max_concurrent": int}
        fitting = {
            name: given[name] for name, kind in fields.items() if type(given.get(name)) is kind
        }
        return replace(cls(), **fitting)

    def completed_answer(self) -> Response:
        """The batch was worked on; single tasks of it may have failed."""
        return _Json({"status": "completed", **self._members()})

    def error_answer(self, status: int, error: str) -> Response:
        """The batch was not worked on, or not to its end."""
        return _Json({"status": "error", **self._members(), "error": error}, status)

    def _members(self) -> dict[str, Any]:
        members = asdict(self)
        members["worker_id"] = None if self.worker_id is None else str(self.worker_id)
        return members


def refused(status: int, error: str, headers: Mapping[str, str] | None = None) -> Response:
    """An answer that is about no batch."""
    return _Json({"status": "error", "error": error}, status, headers)


def unauthorized(complaint: str) -> Response:
    return refused(401, complaint, {"www-authenticate": "Bearer"})


async def http_error(_: Request, error: Exception) -> Response:
    """Paths and methods that nobody serves."""
    if isinstance(error, HTTPException):
        return refused(error.status_code, error.detail.lower(), error.headers)
    return refused(500, "the worker has failed. Look at its log")
