"""What an endpoint is: a function from a checked request to an answer, listed with its types."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pgflow.web.models import Answer
from pgflow.web.playground import Playground
from pgflow.web.refusals import NotAllowed

A_co = TypeVar("A_co", bound=BaseModel, covariant=True)


@dataclass(frozen=True, slots=True)
class Call(Generic[A_co]):
    """A request: what is asked, with the places that its path names."""

    site: Playground
    asked: A_co
    path: dict[str, str]

    @property
    def slug(self) -> str:
        return self.path["slug"]

    @property
    def run_id(self) -> UUID:
        try:
            return UUID(self.path["run_id"])
        except ValueError:
            message = f"'{self.path['run_id']}' is no run_id, expected a uuid"
            raise ValueError(message) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A path of the API. What is posted changes something, unless it is `harmless`."""

    method: str
    path: str
    function: Callable[[Call[Any]], Awaitable[Answer]]
    takes: type[BaseModel]
    returns: type[Answer]
    status: int = 200
    harmless: bool = False

    @property
    def is_action(self) -> bool:
        return self.method == "POST" and not self.harmless

    def route(self, site: Playground) -> Route:
        async def answer(request: Request) -> Response:
            if self.is_action and not site.allow_actions:
                message = (
                    "this playground only reads. Start it with --allow-actions, "
                    "or use the command line"
                )
                raise NotAllowed(message)
            call = Call(site, await self._asked(request), request.path_params)
            found = await self.function(call)
            return Response(found.model_dump_json(), self.status, media_type="application/json")

        return Route(f"/api{self.path}", answer, methods=[self.method], name=self.function.__name__)

    async def _asked(self, request: Request) -> BaseModel:
        if self.method == "GET":
            return self.takes.model_validate(dict(request.query_params))
        return self.takes.model_validate(_parsed(await request.body()))


def get(path: str, takes: type[BaseModel], returns: type[Answer], **how: Any) -> Any:
    """A decorator: the function answers GET requests for a path."""
    return _endpoint("GET", path, takes, returns, how)


def post(path: str, takes: type[BaseModel], returns: type[Answer], **how: Any) -> Any:
    """A decorator: the function answers POST requests for a path."""
    return _endpoint("POST", path, takes, returns, how)


def _endpoint(
    method: str, path: str, takes: type[BaseModel], returns: type[Answer], how: dict[str, Any]
) -> Callable[[Callable[..., Awaitable[Answer]]], Endpoint]:
    def declare(function: Callable[..., Awaitable[Answer]]) -> Endpoint:
        return Endpoint(
            method=method, path=path, function=function, takes=takes, returns=returns, **how
        )

    return declare


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        message = f"the body is not JSON: {error}"
        raise ValueError(message) from None
