"""A new project: files from templates, nothing overwritten."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template

from pgflow.errors import DeploymentError

_PROJECT = files("pgflow") / "templates" / "project"
_SUFFIX = ".template"
_DOTTED = {"gitignore": ".gitignore"}


def create_project(directory: Path) -> list[Path]:
    """Write the files of a new project, or none where one of them is there already."""
    name = _project_name(directory.resolve().name)
    texts = {directory / path: text for path, text in _templates(_PROJECT)}
    if taken := next((path for path in texts if path.exists()), None):
        message = f"{taken} is there already. Choose another directory: pgflow init my_project"
        raise DeploymentError(message)
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(Template(text).substitute(name=name), "utf-8")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        message = f"{directory} cannot be written: {reason}. Choose another directory"
        raise DeploymentError(message) from error
    return list(texts)


def _project_name(directory_name: str) -> str:
    """The name of the directory as Python's packaging takes it."""
    return re.sub(r"[^a-z0-9]+", "-", directory_name.lower()).strip("-") or "flows"


def _templates(directory: Traversable, inside: Path = Path()) -> Iterator[tuple[Path, str]]:
    for entry in sorted(directory.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _templates(entry, inside / entry.name)
        elif entry.name.endswith(_SUFFIX):
            name = entry.name.removesuffix(_SUFFIX)
            yield inside / _DOTTED.get(name, name), entry.read_text("utf-8")
