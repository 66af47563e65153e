"""Which files the flows are made of, and when they change."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path

from watchfiles import (
    PythonFilter,
    awatch,  # pyright: ignore[reportUnknownVariableType]  it mentions trio
)

# Editors write a file in several steps (milliseconds).
DEBOUNCE, STEP = 80, 20
_NOT_OURS = frozenset({"site-packages", "dist-packages"})


class UserModules:
    """The modules that came with the flows: what was loaded before this was made is not theirs."""

    def __init__(self, names: Iterable[str]) -> None:
        self._before = frozenset(sys.modules)
        self._named = frozenset(_directories_of(names))

    def directories(self) -> frozenset[Path]:
        """Where the flows and what they import lie, installed packages left out."""
        files = (Path(file) for _, file in self._files())
        return self._named | {file.parent for file in files if file.parent.is_dir()}

    def forget(self) -> None:
        """Let the next import read every file again, not only those that flows are named by."""
        for name, _ in tuple(self._files()):
            del sys.modules[name]

    def _files(self) -> Iterator[tuple[str, str]]:
        for name, module in tuple(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if file and name not in self._before and _is_ours(name, Path(file)):
                yield name, file


async def changes(directories: Callable[[], frozenset[Path]]) -> AsyncGenerator[None]:
    """Every change of a Python file in the directories, which are asked for anew each time."""
    while True:
        watched = directories()
        async for _ in awatch(
            *watched, watch_filter=PythonFilter(), debounce=DEBOUNCE, step=STEP, recursive=False
        ):
            yield
            if directories() != watched:
                break


def _is_ours(name: str, file: Path) -> bool:
    is_library = name.partition(".")[0] == "pgflow" or file.is_relative_to(sys.base_prefix)
    return not is_library and _NOT_OURS.isdisjoint(file.parts)


def _directories_of(names: Iterable[str]) -> Iterator[Path]:
    for name in names:
        place = name.partition(":")[0]
        if place.endswith(".py") or os.sep in place:
            yield Path(place).resolve().parent
        else:
            yield _package(place)


def _package(module: str) -> Path:
    """The directory of a module, as far as that can be known without importing it."""
    top = find_spec(module.partition(".")[0])
    places = list(top.submodule_search_locations or ()) if top else []
    return Path(places[0]).resolve() if places else Path.cwd()
