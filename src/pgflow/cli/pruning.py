"""Old data goes in short transactions, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple
from datetime import timedelta
from typing import TYPE_CHECKING

from pgflow import operations
from pgflow.cli.commands import fetch
from pgflow.operations import PrunedRow

if TYPE_CHECKING:
    from pgflow.environment import DatabaseUrl

NOTHING = PrunedRow(0, 0, 0, 0, 0)


def batches(database: DatabaseUrl, older_than: timedelta, *, size: int) -> Iterator[PrunedRow]:
    """What each transaction has removed, until nothing is left to remove."""
    while True:
        [removed] = fetch(database, operations.prune(older_than, max_runs=size))
        yield removed
        if removed.runs < size:
            return


def added(total: PrunedRow, removed: PrunedRow) -> PrunedRow:
    return PrunedRow(*map(sum, zip(astuple(total), astuple(removed), strict=True)))
