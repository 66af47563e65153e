"""Checks the SQL of the engine against the house's style; prints what it finds, one line each.

python tools/check_sql.py
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parent.parent
SQL = ROOT / "src" / "pgflow" / "sql"
LONGEST_BODY = 100

# What is not code: comments, strings, quoted identifiers, the places of format(). Dollar-quoted
# bodies are code.
NO_CODE = re.compile(
    r"""--[^\n]*|/\*.*?\*/|[eE]?'(?:[^']|'')*'|"[^"]*"|%(?:\d+\$)?[IL]""", re.DOTALL
)
CREATE_FUNCTION = re.compile(
    r"^create (?:or replace )?(?:function|procedure) (?P<name>[\w.]+)", re.MULTILINE
)
BODY = re.compile(r"(?P<tag>\$\w*\$)(?P<body>.*?)(?P=tag)", re.DOTALL)
PINNED = re.compile(r"\bset search_path (?:to|=) ''")


@dataclass(frozen=True, slots=True)
class Function:
    """One `create function` statement and what stands around it."""

    name: str
    line: int
    preceding_line: str
    text: str

    @property
    def is_pinned(self) -> bool:
        return bool(PINNED.search(self.text))

    @property
    def body_length(self) -> int:
        body = BODY.search(self.text)
        return len(body["body"].strip().splitlines()) if body else 0


def functions(text: str) -> Iterator[Function]:
    """The functions that a file creates."""
    created = list(CREATE_FUNCTION.finditer(text))
    ends = [*(later.start() for later in created[1:]), len(text)]
    for function, end in zip(created, ends, strict=False):
        start = function.start()
        before = text[:start].rstrip("\n").rpartition("\n")[2]
        line = text.count("\n", 0, start) + 1
        yield Function(function["name"], line, before, text[start:end])


def check_text(text: str) -> Iterator[tuple[int, str]]:
    """Complaints about a file as text."""
    code = NO_CODE.sub(lambda quiet: "\n" * quiet[0].count("\n"), text)
    for number, line in enumerate(code.splitlines(), start=1):
        if loud := re.search(r"\w*[A-Z]\w*", line):
            yield number, f"'{loud[0]}' is not in lower case"
    for number, line in enumerate(text.splitlines(), start=1):
        if "\t" in line:
            yield number, "a tab"
        if line != line.rstrip():
            yield number, "white space at the end of the line"


def check_function(function: Function, unpinned: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Complaints about one function."""
    name = function.name.partition(".")[2]
    if not name:
        yield function.line, f"{function.name} names no schema"
    if not function.is_pinned and name not in unpinned:
        yield function.line, f"{function.name} does not say: set search_path to ''"
    if function.is_pinned and name in unpinned:
        yield function.line, f"{function.name} is pinned, yet listed under `unpinned`"
    if not function.preceding_line.startswith("--"):
        yield function.line, f"{function.name} has no comment above it"
    if function.body_length > LONGEST_BODY:
        yield function.line, f"{function.name} has {function.body_length} lines: split it"


def check_place(file: Path, found: list[Function]) -> Iterator[tuple[int, str]]:
    """Complaints about a file in functions/: one function each, called like the file."""
    names = [function.name.partition(".")[2] for function in found]
    if names != [file.stem]:
        yield 1, f"expected the function {file.stem} alone, found: {', '.join(names) or 'none'}"


def check_file(file: Path, unpinned: frozenset[str]) -> list[str]:
    """What is wrong with one file."""
    text = file.read_text()
    found = list(functions(text))
    complaints = chain(
        check_text(text),
        *(check_function(function, unpinned) for function in found),
        check_place(file, found) if "functions" in file.parts else (),
    )
    return [f"{file}:{line}: {complaint}" for line, complaint in sorted(complaints)]


def declared_unpinned() -> frozenset[str]:
    """The functions without a search_path: so small that the planner shall inline them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return frozenset(settings["tool"]["pgflow-house"]["unpinned"])


def main() -> int:
    unpinned = declared_unpinned()
    files = sorted(SQL.rglob("*.sql"))
    complaints = [line for file in files for line in check_file(file, unpinned)]
    print("\n".join([*complaints, f"sql style: {len(files)} files, {len(complaints)} complaints"]))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
