"""The blocks of a Markdown page, and a page run as the program that it tells piece by piece.

Ours instead of Sybil: between two blocks a worker must start to serve the flows that the first one
defines, and that takes more configuration of Sybil than the thirty lines of an extractor.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import io
import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from pgflow import Flow, Worker

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PRINTED = re.compile(r"^ *print\(.*\)  # (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code, and where its first line is."""

    language: str
    text: str
    line: int

    @property
    def promised_output(self) -> list[str]:
        """What the comments behind its `print` calls say that it prints."""
        return PRINTED.findall(self.text)


def blocks(page: Path, language: str) -> list[Block]:
    text = page.read_text("utf-8")
    return [
        Block(found[1], found[2], line=text.count("\n", 0, found.start(2)) + 1)
        for found in FENCE.finditer(text)
        if found[1] == language
    ]


class Program:
    """A page as a program: one module, whose flows a worker serves from the next block on."""

    def __init__(self, page: Path, database_url: str, fixtures: Mapping[str, Any]) -> None:
        self._page = page
        self._database_url = database_url
        self._fixtures = fixtures
        self.module = ModuleType(f"page_{page.stem}")

    async def run(self, block: Block) -> list[str]:
        """Runs a block and the tests that it defines; the lines that it printed."""
        names = vars(self.module)
        known = set(names)
        async with AsyncExitStack() as stack:
            if flows := [value for value in names.values() if isinstance(value, Flow)]:
                await stack.enter_async_context(Worker(flows, database_url=self._database_url))
            printed = await asyncio.to_thread(self._execute, block)
        for name in names.keys() - known:
            if name.startswith("test_"):
                await asyncio.to_thread(self._test, names[name])
        return printed

    def _execute(self, block: Block) -> list[str]:
        # Empty lines in front, so that a traceback names the line of the page.
        source = "\n" * (block.line - 1) + block.text
        with contextlib.redirect_stdout(io.StringIO()) as output:
            exec(compile(source, self._page, "exec"), vars(self.module))
        return output.getvalue().splitlines()

    def _test(self, function: Any) -> None:
        function(*(self._fixtures[name] for name in inspect.signature(function).parameters))
