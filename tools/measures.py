"""Measures the house and fails where a hard limit is passed; the aims are there to look at.

python tools/measures.py
"""

from __future__ import annotations

import ast
import re
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
THE_PLACE_TO_WAIT = "tests/support/eventually.py"
# Not sleep(0), which only lets others go first, nor a handler whose work takes time and says so.
SLEEP = re.compile(r"\b(?:time\.sleep|asyncio\.sleep|pg_sleep)\((?!0[,)])(?!.*# handler)")


@dataclass(frozen=True, slots=True)
class Piece:
    """Something that has a length."""

    place: str
    length: int


@dataclass(frozen=True, slots=True)
class Measure:
    """The lengths of one kind of piece, the length to aim at, and the one never to pass."""

    name: str
    pieces: tuple[Piece, ...]
    aim: str
    limit: int

    def __str__(self) -> str:
        lengths = sorted(piece.length for piece in self.pieces) or [0]
        median = statistics.median_low(lengths)
        high = lengths[int(0.95 * (len(lengths) - 1))]
        figures = f"{median:7} {high:5} {lengths[-1]:5} {len(self.pieces):6}"
        return f"{self.name:22}{figures}   aim: {self.aim}; limit {self.limit}"

    def excesses(self) -> Iterator[str]:
        for piece in self.pieces:
            if piece.length > self.limit:
                yield f"{piece.place}: {piece.length} lines, the limit is {self.limit}"


def python_files(*directories: str) -> list[Path]:
    return sorted(file for name in directories for file in (ROOT / name).rglob("*.py"))


def lines(file: Path) -> Piece:
    return Piece(str(file.relative_to(ROOT)), len(file.read_text().splitlines()))


def function_bodies(file: Path, root: Path = ROOT) -> Iterator[Piece]:
    """The functions of a module, each without its documentation."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            length = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            yield Piece(f"{file.relative_to(root)}:{node.lineno} {node.name}", length)


def sql_bodies() -> Iterator[Piece]:
    for file in sorted((ROOT / "src/pgflow/sql").rglob("*.sql")):
        for body in re.finditer(r"(\$\w*\$)(.*?)\1", file.read_text(), re.DOTALL):
            yield Piece(str(file.relative_to(ROOT)), len(body[2].strip().splitlines()))


def sleeps() -> list[str]:
    """Places in the tests that wait for time to pass."""
    return [
        f"{file.relative_to(ROOT)}:{number}: waits; use tests.support.eventually"
        for file in python_files("tests")
        if str(file.relative_to(ROOT)) != THE_PLACE_TO_WAIT
        for number, line in enumerate(file.read_text().splitlines(), start=1)
        if SLEEP.search(line)
    ]


def measures() -> tuple[Measure, ...]:
    package = python_files("src")
    tests = [file for file in python_files("tests") if file.name.startswith("test_")]
    bodies = tuple(piece for file in package for piece in function_bodies(file))
    return (
        Measure("python function", bodies, "median 4-8, 95 % under 39", 60),
        Measure("python module", tuple(map(lines, package)), "400", 500),
        Measure("sql function", tuple(sql_bodies()), "median 9-20", 100),
        Measure("test file", tuple(map(lines, tests)), "300", 350),
    )


def main() -> int:
    found = measures()
    print(f"{'lines of a':22}{'median':>7} {'95 %':>5} {'most':>5} {'number':>6}")
    print("\n".join(map(str, found)))
    complaints = [line for measure in found for line in measure.excesses()] + sleeps()
    print("\n".join([*complaints, f"measures: {len(complaints)} complaints"]))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
