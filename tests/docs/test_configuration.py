"""docs/configuration.md names each setting and each variable, with its default."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pgflow
from pgflow.config import Config
from tests.docs.pages import ROOT, blocks

PAGE = ROOT / "docs" / "configuration.md"
VARIABLE = re.compile(r"(PGFLOW|EDGE_WORKER)_[A-Z_]+|DATABASE_URL|NO_COLOR")
# Between a supervisor and the worker processes that it starts.
INTERNAL = {"PGFLOW_SUPERVISED"}


def rows(heading: str) -> dict[str, str]:
    """The first two cells of each row of the first table below a heading."""
    below = PAGE.read_text("utf-8").partition(f"## {heading}\n")[2].partition("\n## ")[0]
    table = below.partition("|---")[2].partition("\n")[2].partition("\n\n")[0]
    cells = [line.strip("| ").split(" | ") for line in table.strip().splitlines()]
    return {row[0].strip("`"): row[1] for row in cells}


def variables_in(file: Path) -> Iterator[str]:
    """The strings of a module that are the name of a variable and nothing else."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        match node:
            case ast.Constant(value=str(text)) if VARIABLE.fullmatch(text):
                yield text
            case _:
                pass


def test_every_key_is_documented_with_its_default() -> None:
    shown = {key: plain(default.strip("`")) for key, default in rows("`[tool.pgflow]`").items()}

    assert shown == {field.name: plain_default(field.default) for field in fields(Config)}


def test_every_variable_is_documented() -> None:
    package = Path(pgflow.__file__).parent

    used = {name for file in package.rglob("*.py") for name in variables_in(file)}

    assert set(rows("Environment")) == used - INTERNAL


def test_every_variable_is_spelled_once() -> None:
    package = Path(pgflow.__file__).parent

    spelled = Counter(name for file in package.rglob("*.py") for name in variables_in(file))

    assert [name for name, times in spelled.items() if times > 1] == []


def test_the_example_is_valid(tmp_path: Path) -> None:
    (example,) = blocks(PAGE, "toml")
    (tmp_path / "pyproject.toml").write_text(example.text)

    config = Config.load(tmp_path, variables={})

    assert config.flows == ("shop.flows",)
    assert config.migrations == tmp_path / "db/migrations"


def plain(shown: str) -> Any:
    return None if shown == "none" else tomllib.loads(f"value = {shown}")["value"]


def plain_default(default: Any) -> Any:
    """A default as TOML would have it; none where nothing is set."""
    if isinstance(default, Path):
        return str(default)
    return None if default == () else default
