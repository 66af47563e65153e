"""The questions that one asks a database with pgflow in it, in plain SQL."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Any, LiteralString, cast
from uuid import UUID

from pgflow.statements import Statement

PLACE_OF_RUN_ID = "'...'"


@dataclass(frozen=True, slots=True)
class Question:
    """What one wants to know, and the query that tells."""

    title: str
    query: str

    def about(self, run_id: UUID) -> Question:
        """The same question about one run."""
        return Question(self.title, self.query.replace(PLACE_OF_RUN_ID, f"'{run_id}'"))

    def statement(self) -> Statement[dict[str, Any]]:
        # The text is ours, from the file beside this one; the driver cannot know that.
        return Statement(cast("LiteralString", self.query), dict)


def questions() -> list[Question]:
    """All of them, in the order of the file."""
    text = (files("pgflow.demo") / "monitoring.sql").read_text("utf-8")
    return [_question(part) for part in text.strip().split("\n\n")]


def _question(part: str) -> Question:
    title, _, query = part.partition("\n")
    return Question(title.removeprefix("-- "), query)
