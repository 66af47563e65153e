"""Whom a worker answers: who knows its secret; without a secret, programs of this machine."""

from __future__ import annotations

import ipaddress
import logging
import os
import secrets
from dataclasses import dataclass, field
from typing import Self

from starlette.requests import Request

from pgflow.environment import AUTH_SECRET_VARIABLE

logger = logging.getLogger("pgflow.asgi")

_HOW = f"Send it as: Authorization: Bearer <{AUTH_SECRET_VARIABLE}>"
# What a proxy or a browser adds. Either makes a request from elsewhere look like one from here.
_SIGNS_OF_OTHERS = ("forwarded", "x-forwarded-for", "x-real-ip", "origin", "sec-fetch-site")


@dataclass(frozen=True, slots=True)
class Guard:
    """Judges requests by what they show."""

    secret: str | None = field(repr=False)

    @classmethod
    def on_duty(cls, secret: str | None) -> Self:
        """A guard with this secret, else with that of the environment; says so if there is none."""
        guard = cls(secret or os.environ.get(AUTH_SECRET_VARIABLE) or None)
        if guard.secret is None:
            logger.warning(
                "no secret is set: the worker answers only programs of this machine. "
                "Set %s to let others in",
                AUTH_SECRET_VARIABLE,
            )
        return guard

    def complaint(self, request: Request) -> str | None:
        """Why not to answer this request; None to answer it."""
        if self.secret is None:
            return None if _is_from_here(request) else f"{_needs_secret(request)}. {_HOW}"
        return None if self._is_known(request) else f"the secret is missing or wrong. {_HOW}"

    def _is_known(self, request: Request) -> bool:
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        expected = (self.secret or "").encode()
        return scheme.lower() == "bearer" and secrets.compare_digest(shown.encode(), expected)


def _needs_secret(request: Request) -> str:
    client = request.client.host if request.client else "an unknown address"
    return f"a request from {client} needs a secret, and this worker has none"


def _is_from_here(request: Request) -> bool:
    if any(sign in request.headers for sign in _SIGNS_OF_OTHERS):
        return False
    try:
        return ipaddress.ip_address(request.client.host if request.client else "").is_loopback
    except ValueError:
        return False
