"""Checks that SQL and the driver stay in their rooms, and that no trace of a machine is anywhere.

python tools/check_rooms.py
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

Finder = Callable[[ast.AST], Iterator[tuple[int, str]]]

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "pgflow"
DRIVER = ("psycopg", "psycopg_pool")

STATEMENT = re.compile(
    r"""\s*(
    select\s | insert\s+into\s | update\s+\S+\s+set\s | delete\s+from\s | with\s+\w+\s+as\s
    | (listen|notify|call)\s+\w
    | (create|drop|alter)\s+(or\s+replace\s+)?(table|function|schema|view|index|role|database)\b
    )""",
    re.IGNORECASE | re.VERBOSE,
)

# What a lock file, a constraints file or a log copies from the machine where it was made.
PERSONAL = re.compile(
    r"""
    (?P<path>      (?<![\w.$}])/(home|Users|root)/[\w.-]+ )
    | (?P<index>   --(extra-)?index[-]url | --find[-]links )
    | (?P<package_registry> (https?|file)://[^\s"']+/simple\b )
    | (?P<npm_registry>     "resolved":\s*"https?://(?!registry\.npmjs\.org/)[^"]* )
    """,
    re.VERBOSE,
)


def sql_literals(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The string literals of a module that read like a statement, documentation left out."""
    prose = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in prose and STATEMENT.match(text):
                yield node.lineno, text.strip().splitlines()[0][:60]
            case _:
                pass


def driver_imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Where a module imports the driver."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                modules = [name.name for name in names]
            case ast.ImportFrom(module=str(module), level=0):
                modules = [module]
            case _:
                continue
        for module in modules:
            if module.partition(".")[0] in DRIVER:
                yield node.lineno, module


def misplaced(find: Finder, what: str, rooms: list[str]) -> Iterator[str]:
    """What is found outside the rooms that the settings name."""
    for file in sorted(PACKAGE.rglob("*.py")):
        if not file.relative_to(PACKAGE).as_posix().startswith(tuple(rooms)):
            for line, found in find(ast.parse(file.read_text())):
                yield f"{file.relative_to(ROOT)}:{line}: {what} outside its rooms: {found}"


def personal_traces(files: list[Path], root: Path = ROOT) -> Iterator[str]:
    """Paths of a home directory and addresses of package registries."""
    for file in files:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue
        for number, line in enumerate(lines, start=1):
            if found := PERSONAL.search(line):
                place = f"{file.relative_to(root)}:{number}"
                yield f"{place}: {found.lastgroup} of one machine: {found[0]}"


def project_files() -> list[Path]:
    """Every file that is, or is about to be, under version control."""
    # The directory may belong to somebody else, as in a container.
    git = ["git", "-c", f"safe.directory={ROOT}"]
    command = [*git, "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [ROOT / name for name in listed.split("\0") if name]


def main() -> int:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pgflow-house"]
    files = project_files()
    complaints = [
        *misplaced(sql_literals, "SQL", settings["sql-rooms"]),
        *misplaced(driver_imports, "the driver", settings["driver-rooms"]),
        *personal_traces(files),
    ]
    print("\n".join([*complaints, f"rooms: {len(files)} files, {len(complaints)} complaints"]))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
