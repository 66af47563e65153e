"""Programs' way to their runs: start, find, steer, wait."""

from __future__ import annotations

from pgflow.client.client import AsyncClient, Client
from pgflow.client.events import RunEvent
from pgflow.client.runs import AsyncRun, Run

__all__ = ["AsyncClient", "AsyncRun", "Client", "Run", "RunEvent"]
