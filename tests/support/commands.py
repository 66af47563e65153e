"""The command line as a user types it, in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from click.testing import CliRunner

from pgflow.cli import pgflow

# Starts a run and gives its id.
Start: TypeAlias = Callable[[], UUID]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command printed, and how it ended."""

    output: str
    errors: str
    exit_code: int

    @property
    def json(self) -> Any:
        return json.loads(self.output)


class CommandLine:
    """Runs commands of `pgflow`."""

    def __call__(self, *arguments: str, input: str | None = None) -> Answer:
        """Runs a command that is expected to do its work."""
        answer = self.attempt(*arguments, input=input)
        assert answer.exit_code == 0, answer.errors
        return answer

    def attempt(self, *arguments: str, input: str | None = None) -> Answer:
        """Runs a command, however it may end."""
        result = CliRunner().invoke(pgflow, arguments, input=input, prog_name="pgflow")
        return Answer(result.stdout, result.stderr, result.exit_code)

    def refused(self, *arguments: str, exit_code: int = 1, input: str | None = None) -> str:
        """What a command says that is expected to fail."""
        answer = self.attempt(*arguments, input=input)
        assert answer.exit_code == exit_code, answer
        return answer.errors
