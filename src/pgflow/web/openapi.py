"""The OpenAPI document, made of the endpoints and their models."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from pgflow.web.calls import Endpoint
from pgflow.web.models import Refusal

_REF = "#/components/schemas/{model}"


def document(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """The API, for programs."""
    known = list(endpoints)
    paths: dict[str, dict[str, Any]] = {}
    for each in known:
        paths.setdefault(f"/api{each.path}", {})[each.method.lower()] = _operation(each)
    return {
        "openapi": "3.1.0",
        "info": {"title": "pgflow playground", "version": version("pgflow-py")},
        "paths": paths,
        "components": {"schemas": _schemas(known)},
    }


def _schemas(endpoints: Iterable[Endpoint]) -> Mapping[str, Any]:
    answers = {each.returns for each in endpoints} | {Refusal}
    bodies = {each.takes for each in endpoints if each.method == "POST"}
    _, found = models_json_schema(
        [
            *((model, "serialization") for model in sorted(answers, key=_name)),
            *((model, "validation") for model in sorted(bodies, key=_name)),
        ],
        ref_template=_REF,
    )
    return found["$defs"]


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": endpoint.function.__name__,
        "summary": (endpoint.function.__doc__ or "").partition("\n")[0],
        "parameters": list(_parameters(endpoint)),
        "responses": {
            str(endpoint.status): {"description": "done", "content": _json(endpoint.returns)},
            "default": {"description": "refused", "content": _json(Refusal)},
        },
    }
    if endpoint.method == "POST":
        operation["requestBody"] = {"required": True, "content": _json(endpoint.takes)}
    return operation


def _parameters(endpoint: Endpoint) -> Iterable[dict[str, Any]]:
    for name in re.findall(r"{(\w+)}", endpoint.path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
    if endpoint.method == "GET":
        for name, field in endpoint.takes.model_fields.items():
            yield {
                "name": name,
                "in": "query",
                "required": field.is_required(),
                "schema": {"type": "string"},
            }


def _json(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REF.format(model=_name(model))}}}


def _name(model: type[BaseModel]) -> str:
    return model.__name__
