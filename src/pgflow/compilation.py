"""Flows into the database: what a worker does when it starts, and `pgflow deploy` when it is told.

Everything about one call happens in one transaction, under the lock of each flow's definition: of
many workers that start together one changes what is to be changed, the others find it done.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, LiteralString, TypeVar, cast

from pgflow import statements
from pgflow.client.connections import AsyncDatabase, fetch
from pgflow.client.failures import translated
from pgflow.config import Compilation, Config
from pgflow.environment import Environment
from pgflow.errors import FlowConflict, PgflowError, from_sqlstate
from pgflow.loading import name_of
from pgflow.policy import Action, Policy, change_of, refusal
from pgflow.shape import FlowShape, ShapeDiff

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from psycopg import AsyncConnection

    from pgflow.flow import Flow
    from pgflow.statements import Statement

logger = logging.getLogger("pgflow.compilation")
